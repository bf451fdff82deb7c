/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire reader is total, its fields tile the message, and protobuf-c reads the same numbers from
 * what both accept.
 */
#include "fuzz_input.h"

#include "plato/arena.h"
#include "plato/head.h"
#include "plato/schema/plato.pb-c.h"
#include "plato/wire.h"

#include <string.h>

static void check_field(const plato_field *f, const uint8_t *message, size_t expected_offset)
{
    REQUIRE(f->number > 0 && f->number <= 536870911);
    REQUIRE(f->offset == expected_offset);
    REQUIRE(f->offset < f->value_offset && f->value_offset <= f->end);
    if (f->wire_type == PLATO_WIRE_BYTES)
        REQUIRE(f->bytes.p == message + f->value_offset && f->bytes.n == f->end - f->value_offset);
    else
        REQUIRE(f->bytes.n == 0);
    if (f->wire_type == PLATO_WIRE_FIXED32)
        REQUIRE(f->end - f->value_offset == 4 && f->value <= UINT32_MAX);
    if (f->wire_type == PLATO_WIRE_FIXED64)
        REQUIRE(f->end - f->value_offset == 8);
    if (f->wire_type == PLATO_WIRE_VARINT)
        REQUIRE(f->end - f->value_offset >= plato_varint_size(f->value));
}

static int walk(const uint8_t *p, size_t n, uint32_t max_fields)
{
    plato_wire r;
    plato_field f;
    size_t at = 0;
    uint32_t count = 0;
    int rc;
    plato_wire_init(&r, p, n, max_fields);
    while ((rc = plato_wire_next(&r, &f)) > 0) {
        check_field(&f, p, at);
        at = f.end;
        count++;
    }
    REQUIRE(plato_wire_next(&r, &f) == rc);
    REQUIRE(count <= (max_fields != 0 ? max_fields : PLATO_WIRE_MAX_FIELDS));
    REQUIRE(rc < 0 || at == n);
    REQUIRE(rc == 0 || (r.error_offset >= at && r.error_offset <= n));
    return rc;
}

/* An ACK's head as protobuf-c unpacks it, from an arena that caps what the message can cost. */
static void compare_with_protobuf_c(const uint8_t *p, size_t n)
{
    plato_arena *arena;
    plato_head h;
    REQUIRE(plato_arena_new(65536, NULL, &arena) == PLATO_OK);
    const Plato__AckHead *m = plato__ack_head__unpack(plato_arena_allocator(arena), n, p);
    REQUIRE(plato_head_read(PLATO_ACK, p, n, &h) == PLATO_OK);
    if (m != NULL) {
        REQUIRE(m->code == h.ack.code && (uint32_t)m->type == h.ack.type);
        REQUIRE(m->conn_id == h.ack.conn_id && m->client_id == h.ack.client_id);
        REQUIRE(m->session_id == h.ack.session_id && m->msg_id == h.ack.msg_id);
        REQUIRE(h.ack.msg.n == 0 || memcmp(m->msg, h.ack.msg.p, h.ack.msg.n) == 0);
    }
    plato_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    const uint32_t max_fields = take_byte(&in);
    uint64_t value;
    (void)walk(in.p, in.n, max_fields);
    if (walk(in.p, in.n, 0) == 0)
        compare_with_protobuf_c(in.p, in.n);
    const int length = plato_varint_read(in.p, in.n, &value);
    REQUIRE(length < 0 || (length <= 10 && (size_t)length >= plato_varint_size(value)));
    return 0;
}
