/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/wire.h"

#include "bytes.h"

/* A tag is number << 3 | wire type; numbers have 29 bits. */
#define TAG_MAX_BYTES 5
#define VARINT_MAX_BYTES 10

int plato_varint_read(const uint8_t *p, size_t n, uint64_t *value)
{
    uint64_t v = 0;
    const size_t whole = n < VARINT_MAX_BYTES ? n : VARINT_MAX_BYTES - 1;
    for (size_t i = 0; i < whole; i++) {
        v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
        if (p[i] < 0x80) {
            *value = v;
            return (int)i + 1;
        }
    }
    if (n < VARINT_MAX_BYTES)
        return PLATO_ERR_WIRE_TRUNCATED;
    /* the tenth byte holds bit 63 and nothing else */
    if (p[VARINT_MAX_BYTES - 1] > 1)
        return PLATO_ERR_WIRE_VARINT;
    *value = v | (uint64_t)p[VARINT_MAX_BYTES - 1] << 63;
    return VARINT_MAX_BYTES;
}

size_t plato_varint_size(uint64_t value)
{
    size_t n = 1;
    for (; value >= 0x80; value >>= 7)
        n++;
    return n;
}

size_t plato_varint_write(uint64_t value, uint8_t *p)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        p[n++] = (uint8_t)(value | 0x80);
    p[n++] = (uint8_t)value;
    return n;
}

void plato_wire_init(plato_wire *reader, const uint8_t *p, size_t n, uint32_t max_fields)
{
    reader->start = p;
    reader->length = n;
    reader->pos = 0;
    reader->fields_left = max_fields != 0 ? max_fields : PLATO_WIRE_MAX_FIELDS;
    reader->error = PLATO_OK;
    reader->error_offset = 0;
}

static int fail(plato_wire *reader, int error, size_t offset)
{
    reader->error = (plato_err)error;
    reader->error_offset = offset;
    return error;
}

static int read_tag(plato_wire *reader, plato_field *field)
{
    uint64_t tag;
    const uint8_t *p = reader->start + reader->pos;
    int n = 1;
    if (*p < 0x80) /* numbers up to 15, which are nearly all */
        tag = *p;
    else
        n = plato_varint_read(p, reader->length - reader->pos, &tag);
    if (n < 0)
        return fail(reader, n, reader->pos);
    if (n > TAG_MAX_BYTES || tag > UINT32_MAX)
        return fail(reader, PLATO_ERR_WIRE_VARINT, reader->pos);
    field->number = (uint32_t)tag >> 3;
    field->wire_type = (plato_wire_type)(tag & 7);
    if (field->number == 0)
        return fail(reader, PLATO_ERR_WIRE_FIELD_NUMBER, reader->pos);
    return n;
}

/* Reads the value at `at` and returns where it ends, or an error. */
static int read_value(plato_wire *reader, plato_field *field, size_t at)
{
    const uint8_t *p = reader->start + at;
    const size_t left = reader->length - at;
    int n;
    field->value_offset = at;
    switch (field->wire_type) {
    case PLATO_WIRE_VARINT:
        n = plato_varint_read(p, left, &field->value);
        if (n < 0)
            return fail(reader, n, at);
        field->end = at + (size_t)n;
        return 1;
    case PLATO_WIRE_BYTES:
        n = plato_varint_read(p, left, &field->value);
        if (n < 0)
            return fail(reader, n, at);
        if (field->value > left - (size_t)n)
            return fail(reader, PLATO_ERR_WIRE_TRUNCATED, at);
        field->value_offset = at + (size_t)n;
        field->bytes = (plato_span){p + n, (size_t)field->value};
        field->end = field->value_offset + field->bytes.n;
        return 1;
    case PLATO_WIRE_FIXED64:
        if (left < 8)
            return fail(reader, PLATO_ERR_WIRE_TRUNCATED, at);
        field->value = get_le64(p);
        field->end = at + 8;
        return 1;
    case PLATO_WIRE_FIXED32:
        if (left < 4)
            return fail(reader, PLATO_ERR_WIRE_TRUNCATED, at);
        field->value = get_le32(p);
        field->end = at + 4;
        return 1;
    default:
        return fail(reader, PLATO_ERR_WIRE_TYPE, field->offset);
    }
}

int plato_wire_next(plato_wire *reader, plato_field *field)
{
    if (reader->error != PLATO_OK)
        return reader->error;
    if (reader->pos == reader->length)
        return 0;
    if (reader->fields_left == 0)
        return fail(reader, PLATO_ERR_WIRE_FIELDS, reader->pos);
    reader->fields_left--;
    field->offset = reader->pos;
    field->value = 0;
    field->bytes = (plato_span){NULL, 0};
    int n = read_tag(reader, field);
    if (n < 0)
        return n;
    int rc = read_value(reader, field, reader->pos + (size_t)n);
    if (rc > 0)
        reader->pos = field->end;
    return rc;
}
