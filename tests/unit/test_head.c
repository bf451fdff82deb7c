/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heads of the fixed-header framing, both ways against protobuf-c. */
#include "plato/head.h"

#include "bytes_of.h"
#include "plato/schema/plato.pb-c.h"
#include "random.h"
#include "run_tests.h"

#include <stdlib.h>
#include <string.h>

static bytes pack(const ProtobufCMessage *message)
{
    bytes b = {0};
    uint8_t out[2000];
    ck_assert_uint_le(protobuf_c_message_get_packed_size(message), sizeof out);
    bytes_add(&b, out, protobuf_c_message_pack(message, out));
    return b;
}

/* Writes the head, which must give protobuf-c's bytes, and reads it back. */
static plato_head there_and_back(const plato_head *head, const ProtobufCMessage *message)
{
    uint8_t out[2000];
    size_t written = 0;
    plato_head back;
    bytes model = pack(message);
    ck_assert_uint_eq(plato_head_size(head), model.n);
    if (model.n > 0)
        ck_assert_int_eq(plato_head_write(head, out, model.n - 1, &written),
                         PLATO_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(plato_head_write(head, out, model.n, &written), PLATO_OK);
    ck_assert_uint_eq(written, model.n);
    ck_assert(model.n == 0 || memcmp(out, model.p, model.n) == 0);
    ck_assert_int_eq(plato_head_read(head->msg_type, out, written, &back), PLATO_OK);
    ck_assert_uint_eq(back.msg_type, head->msg_type);
    ck_assert_uint_eq(back.unknown_fields, 0);
    bytes_free(&model);
    return back;
}

START_TEST(one_id_heads)
{
    rng r = {21};
    for (int round = 0; round < 500; round++) {
        Plato__LoginHead login = PLATO__LOGIN_HEAD__INIT;
        Plato__ReconnHead reconn = PLATO__RECONN_HEAD__INIT;
        login.device_id = rng_number(&r);
        reconn.conn_id = rng_number(&r);
        const plato_head l = {.msg_type = PLATO_LOGIN, .login = {login.device_id}};
        const plato_head c = {.msg_type = PLATO_RECONN, .reconn = {reconn.conn_id}};
        ck_assert_uint_eq(there_and_back(&l, &login.base).login.device_id, login.device_id);
        ck_assert_uint_eq(there_and_back(&c, &reconn.base).reconn.conn_id, reconn.conn_id);
    }
}
END_TEST

START_TEST(up_push_and_sync)
{
    rng r = {22};
    for (int round = 0; round < 500; round++) {
        const uint64_t a = rng_number(&r), b = rng_number(&r), c = rng_number(&r);
        Plato__UpHead up = PLATO__UP_HEAD__INIT;
        Plato__PushHead push = PLATO__PUSH_HEAD__INIT;
        Plato__SyncHead sync = PLATO__SYNC_HEAD__INIT;
        up.client_id = push.msg_id = sync.session_id = a;
        up.conn_id = push.session_id = sync.from_msg_id = b;
        up.session_id = sync.to_msg_id = c;
        const plato_head u = {.msg_type = PLATO_UP, .up = {a, b, c, {NULL, 0}}};
        const plato_head p = {.msg_type = PLATO_PUSH, .push = {a, b}};
        const plato_head s = {.msg_type = PLATO_SYNC, .sync = {a, b, c}};
        const plato_head u2 = there_and_back(&u, &up.base);
        const plato_head p2 = there_and_back(&p, &push.base);
        const plato_head s2 = there_and_back(&s, &sync.base);
        ck_assert(u2.up.client_id == a && u2.up.conn_id == b && u2.up.session_id == c);
        ck_assert(p2.push.msg_id == a && p2.push.session_id == b);
        ck_assert(s2.sync.session_id == a && s2.sync.from_msg_id == b && s2.sync.to_msg_id == c);
        ck_assert_uint_eq(u2.present, (a ? 2u : 0) | (b ? 4u : 0) | (c ? 8u : 0));
    }
}
END_TEST

/* Texts around the sizes at which the writing of one changes. */
START_TEST(acks)
{
    static const size_t text_lengths[] = {0, 1, 20, 127, 128, 254, 255, 256, 257, 1000};
    rng r = {23};
    for (size_t round = 0; round < 1000; round++) {
        char text[1001];
        const size_t n = text_lengths[round % 10];
        Plato__AckHead m = PLATO__ACK_HEAD__INIT;
        memset(text, 'x', n);
        text[n] = '\0';
        m.code = (uint32_t)rng_number(&r);
        m.type = (Plato__MsgType)rng_below(&r, 7);
        m.msg = text;
        m.conn_id = rng_number(&r);
        m.client_id = rng_number(&r);
        m.session_id = rng_number(&r);
        m.msg_id = rng_number(&r);
        const plato_head h = {.msg_type = PLATO_ACK,
                              .ack = {m.code,
                                      m.type,
                                      {(const uint8_t *)text, n},
                                      m.conn_id,
                                      m.client_id,
                                      m.session_id,
                                      m.msg_id}};
        const plato_head back = there_and_back(&h, &m.base);
        ck_assert_uint_eq(back.ack.code, m.code);
        ck_assert_uint_eq(back.ack.type, m.type);
        ck_assert_uint_eq(back.ack.msg.n, n);
        ck_assert_uint_eq(back.ack.conn_id, m.conn_id);
        ck_assert_uint_eq(back.ack.client_id, m.client_id);
        ck_assert_uint_eq(back.ack.session_id, m.session_id);
        ck_assert_uint_eq(back.ack.msg_id, m.msg_id);
    }
}
END_TEST

/* A text with a NUL in it is written up to there; read, it is whole. */
START_TEST(text_with_a_nul)
{
    uint8_t out[32];
    size_t written = 0;
    plato_head back;
    const plato_head h = {.msg_type = PLATO_ACK, .ack.msg = {(const uint8_t *)"ab\0cd", 5}};
    ck_assert_uint_eq(plato_head_size(&h), 4);
    ck_assert_int_eq(plato_head_write(&h, out, sizeof out, &written), PLATO_OK);
    ck_assert_uint_eq(written, 4);
    ck_assert_mem_eq(out,
                     "\x12\x02"
                     "ab",
                     4);
    bytes wire = bytes_of_hex("1205 6162006364");
    ck_assert_int_eq(plato_head_read(PLATO_ACK, wire.p, wire.n, &back), PLATO_OK);
    ck_assert_uint_eq(back.ack.msg.n, 5);
    bytes_free(&wire);
}
END_TEST

START_TEST(empty_and_unknown_heads)
{
    uint8_t out[1];
    static const uint32_t types[] = {PLATO_HEARTBEAT, 7, 255, UINT32_MAX};
    for (size_t i = 0; i < 4; i++) {
        size_t written = 9;
        plato_head h = {.msg_type = types[i]};
        ck_assert_uint_eq(plato_head_size(&h), 0);
        ck_assert_int_eq(plato_head_write(&h, out, 0, &written), PLATO_OK);
        ck_assert_uint_eq(written, 0);
        ck_assert_int_eq(plato_head_read(types[i], (const uint8_t *)"\x08\x01\x10\x02", 4, &h),
                         PLATO_OK);
        ck_assert_uint_eq(h.unknown_fields, 2);
        ck_assert_uint_eq(h.present, 0);
    }
}
END_TEST

/* An ACK's enum keeps numbers of later versions. */
START_TEST(unknown_enum_values_survive)
{
    plato_head back;
    bytes wire = bytes_of_hex("08e707 18c801");
    ck_assert_int_eq(plato_head_read(PLATO_ACK, wire.p, wire.n, &back), PLATO_OK);
    ck_assert_uint_eq(back.ack.code, 999);
    ck_assert_uint_eq(back.ack.type, 200);
    bytes_free(&wire);
}
END_TEST

typedef struct read_case {
    uint32_t type;
    const char *hex;
    plato_err err;
    uint32_t present, unknown;
    uint64_t client_id; /* UP */
    size_t error_offset;
    bool proof;
} read_case;

static const read_case read_cases[] = {
    {PLATO_UP, "", PLATO_OK, 0, 0, 0, 0, false},
    {PLATO_UP, "0805", PLATO_OK, 2, 0, 5, 0, true},
    {PLATO_UP, "0800", PLATO_OK, 2, 0, 0, 0, true},
    {PLATO_UP, "0805 0806", PLATO_OK, 2, 0, 6, 0, true}, /* the last counts */
    {PLATO_UP, "0805 2001", PLATO_OK, 2, 1, 5, 0, false},
    {PLATO_UP, "2001 2a00 350000000039000000000000 0000", PLATO_OK, 0, 4, 0, 0, false},
    {PLATO_UP, "0a0105", PLATO_OK, 0, 1, 0, 0, false}, /* a known field of another wire type */
    {PLATO_UP, "0805 0a0107", PLATO_OK, 2, 1, 5, 0, false},
    {PLATO_UP, "1a026162", PLATO_OK, 0, 1, 0, 0, false}, /* text is the variant's session only */
    {PLATO_UP, "0805 10", PLATO_ERR_WIRE_TRUNCATED, 2, 0, 5, 3, false},
    {PLATO_UP, "0805 0b", PLATO_ERR_WIRE_TYPE, 2, 0, 5, 2, false},
    {PLATO_HEARTBEAT, "", PLATO_OK, 0, 0, 0, 0, false},
    {PLATO_ACK, "0800 1200 1800 2000 2800 3000 3800", PLATO_OK, 0xfe, 0, 0, 0, true},
    {PLATO_PUSH, "0801 1001 1801", PLATO_OK, 6, 1, 0, 0, false},
    {PLATO_SYNC, "0801 1001 1801", PLATO_OK, 14, 0, 0, 0, true},
    {7, "0801", PLATO_OK, 0, 1, 0, 0, false},
};

START_TEST(what_is_read)
{
    for (size_t i = 0; i < sizeof read_cases / sizeof read_cases[0]; i++) {
        const read_case *c = &read_cases[i];
        bytes wire = bytes_of_hex(c->hex);
        plato_head h;
        memset(&h, 0xee, sizeof h);
        ck_assert_int_eq(plato_head_read(c->type, wire.p, wire.n, &h), c->err);
        ck_assert_msg(h.present == c->present, "%s: present %x", c->hex, h.present);
        ck_assert_msg(h.unknown_fields == c->unknown, "%s: unknown %u", c->hex, h.unknown_fields);
        ck_assert_uint_eq(h.error_offset, c->error_offset);
        if (c->type == PLATO_UP)
            ck_assert_uint_eq(h.up.client_id, c->client_id);
        ck_assert_int_eq(plato_head_is_proof(c->type, wire.p, wire.n), c->proof);
        bytes_free(&wire);
    }
}
END_TEST

/* proto3: a uint32 keeps the low 32 bits of a longer varint, as protobuf-c does. */
START_TEST(long_varint_in_a_short_field)
{
    plato_head h;
    bytes wire = bytes_of_hex("0881808080 7000");
    wire.n--; /* 0x700000001 */
    Plato__AckHead *m = plato__ack_head__unpack(NULL, wire.n, wire.p);
    ck_assert_ptr_nonnull(m);
    ck_assert_int_eq(plato_head_read(PLATO_ACK, wire.p, wire.n, &h), PLATO_OK);
    ck_assert_uint_eq(h.ack.code, m->code);
    ck_assert_uint_eq(h.ack.code, 1);
    plato__ack_head__free_unpacked(m, NULL);
    bytes_free(&wire);
}
END_TEST

/* Through a frame: head and body where they are. */
START_TEST(head_of_a_frame)
{
    plato_frame f;
    plato_head h;
    plato_span body;
    bytes wire = bytes_of_hex("0104 00000002 00000006 155ed83d 08011007182a 6869");
    ck_assert_int_eq(plato_frame_parse(PLATO_FRAMING_HEADER, wire.p, wire.n, NULL, &f), PLATO_OK);
    ck_assert_int_eq(plato_head_read_frame(&f, &h, &body), PLATO_OK);
    ck_assert(h.up.client_id == 1 && h.up.conn_id == 7 && h.up.session_id == 42);
    ck_assert_uint_eq(body.n, 2);
    ck_assert_mem_eq(body.p, "hi", 2);
    ck_assert_int_eq(plato_head_read_frame(&f, &h, NULL), PLATO_OK);
    bytes_free(&wire);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_id_heads,
        up_push_and_sync,
        acks,
        text_with_a_nul,
        empty_and_unknown_heads,
        unknown_enum_values_survive,
        what_is_read,
        long_varint_in_a_short_field,
        head_of_a_frame,
    };
    return RUN_TESTS("head", tests);
}
