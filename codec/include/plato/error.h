/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors of libplato.
 *
 * Functions that can fail return a plato_err, or an int or ptrdiff_t in which a negative value is a
 * plato_err. The numbers are pinned: a code keeps its value for ever, new codes take unused ones.
 * Three ranges say who is at fault:
 *
 *     -1 ..  -99   the caller (a wrong argument, a buffer too small)
 *   -100 .. -199   the peer (bytes that are not Plato)
 *   -200 .. -299   resources (memory, a budget)
 */
#ifndef PLATO_ERROR_H
#define PLATO_ERROR_H

#include "plato/export.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

PLATO_BEGIN

typedef enum plato_err {
    PLATO_OK = 0,
    PLATO_NEED_MORE = 1, /* not an error: more bytes are needed for an answer */

    PLATO_ERR_ARGUMENT = -1,         /* a pointer is NULL or a value out of range */
    PLATO_ERR_BUFFER_TOO_SMALL = -2, /* the caller's buffer does not hold the result */

    PLATO_ERR_VAR_HEAD_TOO_LONG = -100, /* var_head_len over plato_limits.max_var_head_len */
    PLATO_ERR_BODY_TOO_LONG = -101,     /* msg_len over plato_limits.max_msg_len */
    PLATO_ERR_CRC = -102,               /* the CRC field differs from the computed CRC */
    PLATO_ERR_EMPTY_FRAME = -103,       /* length-prefixed variant: length 0 */
    PLATO_ERR_TRUNCATED = -104,         /* the stream ended inside a frame */
    PLATO_ERR_WIRE_VARINT =
        -110, /* protobuf: varint over 10 bytes or 64 bits, or a tag over 32 bits */
    PLATO_ERR_WIRE_TYPE = -111,         /* protobuf: wire type 3, 4, 6 or 7 */
    PLATO_ERR_WIRE_FIELD_NUMBER = -112, /* protobuf: field number 0 */
    PLATO_ERR_WIRE_TRUNCATED = -113,    /* protobuf: a value or a length reaches past the end */
    PLATO_ERR_WIRE_FIELDS = -114,       /* protobuf: more fields than allowed */

    PLATO_ERR_TEXT_BYTE = -120,       /* text command: a byte that is not visible ASCII */
    PLATO_ERR_TEXT_ESCAPE = -121,     /* text command: `%` without two hexadecimal digits */
    PLATO_ERR_TEXT_LINE_END = -122,   /* text command: CR without LF, or LF without CR */
    PLATO_ERR_TEXT_NO_SLASH = -123,   /* text command: no `/` in the line */
    PLATO_ERR_TEXT_EMPTY_TYPE = -124, /* text command: nothing before the `/` */
    PLATO_ERR_TYPE_TOO_LONG = -125,   /* text command: TYPE over the limit */
    PLATO_ERR_PARAMS_TOO_LONG = -126, /* text or binary command: parameters over the limit */
    PLATO_ERR_MAGIC = -127,           /* binary command: it does not begin with a magic */

    PLATO_ERR_NO_MEMORY = -200, /* the allocator returned NULL */
} plato_err;

/*
 * Where and why something failed. `name` and `text` are constant strings, never NULL, not to be
 * freed.
 */
typedef struct plato_error {
    plato_err code;
    const char *name;      /* "PLATO_ERR_CRC" */
    const char *text;      /* one line for people, lower case, no full stop */
    uint64_t frame_offset; /* stream offset of the frame's first byte */
    uint64_t offset;       /* stream offset of the field at fault */
    uint64_t got;          /* what the bytes say: a length in bytes, a CRC, a count */
    uint64_t limit;        /* what was allowed or expected, in the same unit */
} plato_error;

/* The code's own name, for logs and tests; "PLATO_ERR_UNKNOWN" for a number that is no code. */
PLATO_API const char *plato_err_name(int code);

/* One line for people; a fixed text for a number that is no code. Total over int. */
PLATO_API const char *plato_strerror(int code);

/*
 * Writes all of it ("body over the limit: 33554432, limit 16777216 (frame at 120, field at
 * 122)") with a terminating NUL, cut to `cap` bytes. `got` and `limit` are left out for codes that
 * have none, such as the PLATO_ERR_WIRE_ ones. Returns `buf`; with cap 0 nothing is written.
 */
PLATO_API const char *plato_error_format(const plato_error *error, char *buf, size_t cap);

PLATO_END

#endif
