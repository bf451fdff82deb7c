/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Protobuf wire reader: walks over the fields of one message without copying, allocating or
 * recursing. It knows no schema; plato/head.h reads the known messages through it, and the
 * dissector decodes with it so that every field has its true bytes.
 *
 *     plato_wire r;
 *     plato_field f;
 *     plato_wire_init(&r, span.p, span.n, 0);
 *     while ((rc = plato_wire_next(&r, &f)) > 0)
 *         use(&f);
 *     if (rc < 0)
 *         complain(rc, r.error_offset);
 */
#ifndef PLATO_WIRE_H
#define PLATO_WIRE_H

#include "plato/error.h"
#include "plato/export.h"
#include "plato/frame.h"

#include <stddef.h>
#include <stdint.h>

PLATO_BEGIN

#define PLATO_WIRE_MAX_FIELDS 4096u /* default for plato_wire_init() */

/* The wire types that exist outside groups. */
typedef enum plato_wire_type {
    PLATO_WIRE_VARINT = 0,
    PLATO_WIRE_FIXED64 = 1,
    PLATO_WIRE_BYTES = 2,
    PLATO_WIRE_FIXED32 = 5,
} plato_wire_type;

/* One field as it stands on the wire. Offsets are from the start of the message. */
typedef struct plato_field {
    uint32_t number; /* 1 .. 536,870,911 */
    plato_wire_type wire_type;
    uint64_t value;      /* varint, fixed64, fixed32 */
    plato_span bytes;    /* PLATO_WIRE_BYTES: the content, borrowed from the message */
    size_t offset;       /* of the tag */
    size_t value_offset; /* of the value; for PLATO_WIRE_BYTES of the content, after its length */
    size_t end;          /* one past the field's last byte */
} plato_field;

/* The walk. The caller owns it; its members are for reading. */
typedef struct plato_wire {
    const uint8_t *start;
    size_t length;
    size_t pos;
    uint32_t fields_left;
    plato_err error;     /* PLATO_OK until plato_wire_next() fails, then that error */
    size_t error_offset; /* offset of the tag or value at fault */
} plato_wire;

/*
 * Begins at the first of `n` bytes at `p`, which must stay as they are during the walk. At most
 * `max_fields` fields are returned, 0 meaning PLATO_WIRE_MAX_FIELDS.
 */
PLATO_API void plato_wire_init(plato_wire *reader, const uint8_t *p, size_t n, uint32_t max_fields);

/*
 * The next field. 1 = `*field` is set; 0 = the message ended exactly after the last field; or an
 * error, which every further call returns again: PLATO_ERR_WIRE_VARINT, PLATO_ERR_WIRE_TYPE,
 * PLATO_ERR_WIRE_FIELD_NUMBER, PLATO_ERR_WIRE_TRUNCATED, PLATO_ERR_WIRE_FIELDS. O(1).
 */
PLATO_API int plato_wire_next(plato_wire *reader, plato_field *field);

/*
 * One varint at the start of `n` bytes at `p`, as in packed repeated fields. Returns its length in
 * bytes (1..10), or PLATO_ERR_WIRE_VARINT or PLATO_ERR_WIRE_TRUNCATED.
 */
PLATO_API int plato_varint_read(const uint8_t *p, size_t n, uint64_t *value);

/* Bytes that a varint of `value` takes: 1..10. */
PLATO_API size_t plato_varint_size(uint64_t value);

/* Writes a varint and returns its length; `p` must hold plato_varint_size(value) bytes. */
PLATO_API size_t plato_varint_write(uint64_t value, uint8_t *p);

PLATO_END

#endif
