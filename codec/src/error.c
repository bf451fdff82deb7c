/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/error.h"

#include <inttypes.h>
#include <stdio.h>

/* What `got` and `limit` of an error are, and whether it has a place. */
typedef enum error_facts { NOTHING, PLACE_ONLY, COUNTS, CRCS } error_facts;

typedef struct error_row {
    plato_err code;
    error_facts facts;
    const char *name;
    const char *text;
} error_row;

#define ROW(code, facts, text)                                                                     \
    {                                                                                              \
        code, facts, #code, text                                                                   \
    }

static const error_row rows[] = {
    ROW(PLATO_OK, NOTHING, "no error"),
    ROW(PLATO_NEED_MORE, NOTHING, "more bytes are needed"),
    ROW(PLATO_ERR_ARGUMENT, PLACE_ONLY, "wrong argument"),
    ROW(PLATO_ERR_BUFFER_TOO_SMALL, PLACE_ONLY, "buffer too small"),
    ROW(PLATO_ERR_VAR_HEAD_TOO_LONG, COUNTS, "variable header over the limit"),
    ROW(PLATO_ERR_BODY_TOO_LONG, COUNTS, "body over the limit"),
    ROW(PLATO_ERR_CRC, CRCS, "wrong CRC"),
    ROW(PLATO_ERR_EMPTY_FRAME, PLACE_ONLY, "frame of length 0"),
    ROW(PLATO_ERR_TRUNCATED, COUNTS, "the stream ends inside a frame"),
    ROW(PLATO_ERR_WIRE_VARINT, PLACE_ONLY, "protobuf varint too long"),
    ROW(PLATO_ERR_WIRE_TYPE, PLACE_ONLY, "protobuf wire type unknown or a group"),
    ROW(PLATO_ERR_WIRE_FIELD_NUMBER, PLACE_ONLY, "protobuf field number 0"),
    ROW(PLATO_ERR_WIRE_TRUNCATED, PLACE_ONLY, "protobuf field reaches past the end of its message"),
    ROW(PLATO_ERR_WIRE_FIELDS, PLACE_ONLY, "too many protobuf fields"),
    ROW(PLATO_ERR_TEXT_BYTE, PLACE_ONLY, "byte that is not visible ASCII"),
    ROW(PLATO_ERR_TEXT_ESCAPE, PLACE_ONLY, "bad escape"),
    ROW(PLATO_ERR_TEXT_LINE_END, PLACE_ONLY, "bare CR or LF"),
    ROW(PLATO_ERR_TEXT_NO_SLASH, PLACE_ONLY, "line without a slash"),
    ROW(PLATO_ERR_TEXT_EMPTY_TYPE, PLACE_ONLY, "line without a type"),
    ROW(PLATO_ERR_TYPE_TOO_LONG, COUNTS, "command type over the limit"),
    ROW(PLATO_ERR_PARAMS_TOO_LONG, COUNTS, "command parameters over the limit"),
    ROW(PLATO_ERR_MAGIC, PLACE_ONLY, "no magic at the start of the command"),
    ROW(PLATO_ERR_NO_MEMORY, COUNTS, "out of memory"),
};

static const error_row unknown = {PLATO_OK, PLACE_ONLY, "PLATO_ERR_UNKNOWN", "unknown error"};

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
    const error_facts facts = find(error->code)->facts;
    char values[64] = "", place[80] = "";
    if (cap == 0)
        return buf;
    if (facts == COUNTS)
        (void)snprintf(values, sizeof values, ": %" PRIu64 ", limit %" PRIu64, error->got,
                       error->limit);
    if (facts == CRCS)
        (void)snprintf(values, sizeof values, ": %08" PRIx64 ", computed %08" PRIx64, error->got,
                       error->limit);
    if (facts != NOTHING)
        (void)snprintf(place, sizeof place, " (frame at %" PRIu64 ", field at %" PRIu64 ")",
                       error->frame_offset, error->offset);
    (void)snprintf(buf, cap, "%s%s%s", error->text, values, place);
    return buf;
}
