/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/error.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct error_row {
    plato_err code;
    const char *name;
    const char *text;
} error_row;

#define ROW(code, text)                                                                            \
    {                                                                                              \
        code, #code, text                                                                          \
    }

static const error_row rows[] = {
    ROW(PLATO_OK, "no error"),
    ROW(PLATO_NEED_MORE, "more bytes are needed"),
    ROW(PLATO_ERR_ARGUMENT, "wrong argument"),
    ROW(PLATO_ERR_BUFFER_TOO_SMALL, "buffer too small"),
    ROW(PLATO_ERR_VAR_HEAD_TOO_LONG, "variable header over the limit"),
    ROW(PLATO_ERR_BODY_TOO_LONG, "body over the limit"),
    ROW(PLATO_ERR_CRC, "wrong CRC"),
    ROW(PLATO_ERR_EMPTY_FRAME, "frame of length 0"),
    ROW(PLATO_ERR_TRUNCATED, "the stream ends inside a frame"),
    ROW(PLATO_ERR_WIRE_VARINT, "protobuf varint too long"),
    ROW(PLATO_ERR_WIRE_TYPE, "protobuf wire type unknown or a group"),
    ROW(PLATO_ERR_WIRE_FIELD_NUMBER, "protobuf field number 0"),
    ROW(PLATO_ERR_WIRE_TRUNCATED, "protobuf field reaches past the end of its message"),
    ROW(PLATO_ERR_WIRE_FIELDS, "too many protobuf fields"),
    ROW(PLATO_ERR_NO_MEMORY, "out of memory"),
};

static const error_row unknown = {PLATO_OK, "PLATO_ERR_UNKNOWN", "unknown error"};

static const error_row *find(int code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((int)rows[i].code == code)
            return &rows[i];
    }
    return &unknown;
}

const char *plato_err_name(int code)
{
    return find(code)->name;
}

const char *plato_strerror(int code)
{
    return find(code)->text;
}

const char *plato_error_format(const plato_error *error, char *buf, size_t cap)
{
    int hex = error->code == PLATO_ERR_CRC;
    if (cap == 0)
        return buf;
    if (hex)
        (void)snprintf(buf, cap,
                       "%s: %08" PRIx64 ", computed %08" PRIx64 " (frame at %" PRIu64
                       ", field at %" PRIu64 ")",
                       error->text, error->got, error->limit, error->frame_offset, error->offset);
    else
        (void)snprintf(buf, cap,
                       "%s: %" PRIu64 ", limit %" PRIu64 " (frame at %" PRIu64 ", field at %" PRIu64
                       ")",
                       error->text, error->got, error->limit, error->frame_offset, error->offset);
    return buf;
}
