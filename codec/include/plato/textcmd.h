/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text command protocol: lines of one direction of one connection (docs/commands.md).
 *
 *     line = TYPE "/" params CRLF        TYPE: 1..32 bytes, params: 0..2048 bytes, as sent
 *
 * Only visible ASCII is sent. A `%` begins an escape of two hexadecimal digits; controls, space,
 * `%`, bytes over 0x7e and what RFC 3986 reserves are sent that way. A reader takes a reserved
 * character also as it is: the first `/` ends TYPE, a later one means nothing. TYPE is compared as
 * it was sent.
 *
 * Pure functions for a line that is there, and a decoder for lines that come in pieces. Both call
 * the same scanner, which looks at each byte once, however the lines were cut.
 */
#ifndef PLATO_TEXTCMD_H
#define PLATO_TEXTCMD_H

#include "plato/allocator.h"
#include "plato/command.h"
#include "plato/decoder.h"
#include "plato/error.h"
#include "plato/export.h"
#include "plato/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

PLATO_BEGIN

#define PLATO_TEXTCMD_TYPE_MAX 32
/* Bytes of the longest line, CRLF included. */
#define PLATO_TEXTCMD_LINE_MAX (PLATO_TEXTCMD_TYPE_MAX + 1 + PLATO_COMMAND_PARAMS_MAX + 2)

/* One line. The spans borrow. */
typedef struct plato_textcmd {
    plato_span type;   /* "ECHO" */
    plato_span params; /* as sent, with its escapes */
} plato_textcmd;

/* What a line may have, in bytes. NULL means PLATO_TEXTCMD_LIMITS_DEFAULT. */
typedef struct plato_textcmd_limits {
    uint32_t max_type_len;   /* default 32 */
    uint32_t max_params_len; /* default 2048, as sent */
} plato_textcmd_limits;

#define PLATO_TEXTCMD_LIMITS_DEFAULT                                                               \
    {                                                                                              \
        PLATO_TEXTCMD_TYPE_MAX, PLATO_COMMAND_PARAMS_MAX                                           \
    }

/*
 * Reads the line that begins at p[0]. PLATO_OK: `*command` is set, and `*used` is the number of its
 * bytes, CRLF included. PLATO_NEED_MORE: all `n` bytes can be the start of a line. Else one of
 *
 *     PLATO_ERR_TEXT_BYTE        a byte that is not visible; `got` is the byte
 *     PLATO_ERR_TEXT_ESCAPE      a `%` that two hexadecimal digits do not follow
 *     PLATO_ERR_TEXT_LINE_END    a CR without LF, or an LF without CR
 *     PLATO_ERR_TEXT_NO_SLASH    the line ends without a `/`; the place is that of its CR
 *     PLATO_ERR_TEXT_EMPTY_TYPE  the line begins with `/`
 *     PLATO_ERR_TYPE_TOO_LONG, PLATO_ERR_PARAMS_TOO_LONG   the place is the first byte too many
 *
 * with `*used` at the byte at fault, and described in full by `*error` (offsets from p[0]) if that
 * is not NULL.
 */
PLATO_API plato_err plato_textcmd_parse(const uint8_t *p, size_t n,
                                        const plato_textcmd_limits *limits, plato_textcmd *command,
                                        size_t *used, plato_error *error);

/* Whether a byte needs no escape: letters, digits, `-`, `.`, `_` and `~`. */
PLATO_API bool plato_textcmd_is_unreserved(uint8_t byte);

/*
 * Whether `text` is a decimal integer of any size: digits, after an optional `-`. ECHO takes
 * nothing else. O(n).
 */
PLATO_API bool plato_textcmd_is_integer(plato_span text);

/*
 * Undoes the escapes of `n` bytes at `p` into `out`, which holds `n` bytes and may be `p`
 * itself. Returns the number of bytes, which is at most `n`, or PLATO_ERR_TEXT_ESCAPE; spans of a
 * line that was read have no bad escape.
 */
PLATO_API ptrdiff_t plato_textcmd_unescape(const uint8_t *p, size_t n, uint8_t *out);

/*
 * Writes the line of `type` and of `params`, which are the plain bytes: they are escaped here. The
 * spans must not overlap `buf`. PLATO_ERR_ARGUMENT if `type` is empty or has a byte that needs an
 * escape; PLATO_ERR_TYPE_TOO_LONG or PLATO_ERR_PARAMS_TOO_LONG (as sent) over the protocol's
 * limits; PLATO_ERR_BUFFER_TOO_SMALL, with nothing written. PLATO_TEXTCMD_LINE_MAX bytes hold every
 * line.
 */
PLATO_API plato_err plato_textcmd_encode(plato_span type, plato_span params, uint8_t *buf,
                                         size_t cap, size_t *written);

/*
 * Writes an error reply, `ERROR/<code>%20<reason>`. `reason` NULL: plato_command_code_text(). Cut
 * where it would be too long. PLATO_ERR_ARGUMENT if `code` is over 999; PLATO_ERR_BUFFER_TOO_SMALL.
 */
PLATO_API plato_err plato_textcmd_encode_error(uint32_t code, const char *reason, uint8_t *buf,
                                               size_t cap, size_t *written);

/*
 * Whether `command` is an error reply: TYPE is ERROR, and its parameters are a code of three
 * digits, alone or followed by an escaped space and a reason. `*reason` is as sent.
 */
PLATO_API bool plato_textcmd_read_error(const plato_textcmd *command, uint32_t *code,
                                        plato_span *reason);

/* ---- lines that come in pieces ---- */

typedef struct plato_textcmd_decoder plato_textcmd_decoder;

/* One line. The spans live until the next call of _input(), _next(), _feed(), _reset(), _free(). */
typedef struct plato_textcmd_event {
    uint64_t offset; /* stream offset of the line's first byte */
    uint64_t length; /* bytes of the line, CRLF included */
    plato_textcmd command;
} plato_textcmd_event;

/* Returns PLATO_CONTINUE or PLATO_PAUSE. */
typedef int (*plato_textcmd_handler)(void *user, const plato_textcmd_event *event);

typedef struct plato_textcmd_config {
    size_t size; /* of this struct, so that later versions may add members at its end */
    plato_textcmd_limits limits;
    plato_textcmd_handler handler; /* for plato_textcmd_decoder_feed() */
    void *user;
} plato_textcmd_config;

PLATO_API void plato_textcmd_config_init(plato_textcmd_config *config);

/*
 * The functions of plato/decoder.h, for lines: what they return, who owns what, and what a pause
 * is, stands there. A line that lies whole inside one piece is not copied; of any other, what has
 * arrived is. Errors are those of plato_textcmd_parse(), sticky.
 */
PLATO_API plato_err plato_textcmd_decoder_new(const plato_textcmd_config *config,
                                              const plato_allocator *allocator,
                                              plato_textcmd_decoder **decoder);
PLATO_API void plato_textcmd_decoder_free(plato_textcmd_decoder *decoder);
PLATO_API void plato_textcmd_decoder_input(plato_textcmd_decoder *decoder, const uint8_t *p,
                                           size_t n);
PLATO_API int plato_textcmd_decoder_next(plato_textcmd_decoder *decoder,
                                         plato_textcmd_event *event);
PLATO_API ptrdiff_t plato_textcmd_decoder_feed(plato_textcmd_decoder *decoder, const uint8_t *p,
                                               size_t n);
/* PLATO_ERR_TRUNCATED inside a line; `got` is how much of it came, `limit` what it needs at least.
 */
PLATO_API plato_err plato_textcmd_decoder_finish(plato_textcmd_decoder *decoder);
PLATO_API uint64_t plato_textcmd_decoder_offset(const plato_textcmd_decoder *decoder);
PLATO_API const plato_error *plato_textcmd_decoder_error(const plato_textcmd_decoder *decoder);
PLATO_API void plato_textcmd_decoder_reset(plato_textcmd_decoder *decoder, uint64_t offset);

PLATO_END

#endif
