/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the latency, text command and binary command protocols have in common (docs/commands.md):
 * ports (plato/ports.h), the longest parameters, the codes of an error reply.
 */
#ifndef PLATO_COMMAND_H
#define PLATO_COMMAND_H

#include "plato/error.h"
#include "plato/export.h"
#include "plato/ports.h"

#include <stdint.h>

PLATO_BEGIN

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
