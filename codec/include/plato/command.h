/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the latency, text command and binary command protocols have in common (docs/commands.md):
 * ports, the longest parameters, the codes of an error reply.
 */
#ifndef PLATO_COMMAND_H
#define PLATO_COMMAND_H

#include "plato/error.h"
#include "plato/export.h"

#include <stdint.h>

PLATO_BEGIN

/* Default ports. The latency protocol's is for UDP and TCP, the others are for TCP. */
#define PLATO_LATENCY_PORT 8904
#define PLATO_TEXTCMD_PORT 8905
#define PLATO_BINCMD_PORT 8906
/* With TLS, over TCP alone; and what ALPN calls the protocols there. */
#define PLATO_LATENCY_TLS_PORT 8944
#define PLATO_TEXTCMD_TLS_PORT 8945
#define PLATO_BINCMD_TLS_PORT 8946
#define PLATO_LATENCY_ALPN "latency/1"
#define PLATO_TEXTCMD_ALPN "textcmd/1"
#define PLATO_BINCMD_ALPN "bincmd/1"

#define PLATO_COMMAND_PARAMS_MAX 2048 /* bytes on the wire, after escaping */

/* What an error reply says. */
typedef enum plato_command_code {
    PLATO_COMMAND_MALFORMED = 400,
    PLATO_COMMAND_UNKNOWN = 404, /* well-formed, but there is no such command */
    PLATO_COMMAND_TOO_LONG = 413,
    PLATO_COMMAND_TOO_FAST = 429,
    PLATO_COMMAND_OVERLOADED = 503,
} plato_command_code;

/* "no such command" for 404; NULL for a number that is no code. Constant, not to be freed. */
PLATO_API const char *plato_command_code_text(uint32_t code);

/* What to answer to bytes in which a decoder found `error`. */
PLATO_API plato_command_code plato_command_code_of(plato_err error);

PLATO_END

#endif
