/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire reader against protobuf-c. What protobuf-c packs must be read field by field, and both
 * must treat damaged messages alike, but for these differences, in which protobuf-c is the laxer:
 *
 *   - groups (wire types 3 and 4), and tags of more than 32 bits or longer than 5 bytes;
 *   - varints of over 64 bits: it drops what does not fit;
 *   - field number 0;
 *   - more than PLATO_WIRE_MAX_FIELDS fields;
 * and in which it is the stricter, because it knows the schema:
 *   - a known field whose wire type is not that of the schema;
 *   - inside packed repeated fields, which are bytes to the reader.
 *
 * So: what the reader accepts and protobuf-c refuses must have such a field; what the reader
 * refuses as truncated, protobuf-c must refuse as well.
 */
#include "plato/wire.h"

#include "bytes_of.h"
#include "plato/schema/plato.pb-c.h"
#include "random.h"
#include "run_tests.h"

#include <stdlib.h>
#include <string.h>

/* ---- packed by protobuf-c, read back ---- */

/* The next field, which must be `number` of `type`. */
static plato_field expect(plato_wire *r, uint32_t number, plato_wire_type type)
{
    plato_field f;
    ck_assert_int_eq(plato_wire_next(r, &f), 1);
    ck_assert_uint_eq(f.number, number);
    ck_assert_int_eq(f.wire_type, type);
    return f;
}

static void expect_varint(plato_wire *r, uint32_t number, uint64_t value)
{
    if (value != 0) /* proto3 leaves zeros out */
        ck_assert_uint_eq(expect(r, number, PLATO_WIRE_VARINT).value, value);
}

static void expect_bytes(plato_wire *r, uint32_t number, const void *p, size_t n)
{
    if (n == 0)
        return;
    const plato_field f = expect(r, number, PLATO_WIRE_BYTES);
    ck_assert_uint_eq(f.bytes.n, n);
    ck_assert_mem_eq(f.bytes.p, p, n);
}

static void expect_end(plato_wire *r)
{
    plato_field f;
    ck_assert_int_eq(plato_wire_next(r, &f), 0);
}

static void random_text(rng *r, char *text, size_t most)
{
    const size_t n = rng_below(r, most);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + rng_below(r, 26));
    text[n] = '\0';
}

static bytes pack(const ProtobufCMessage *message)
{
    bytes b = {0};
    uint8_t out[2000];
    ck_assert_uint_le(protobuf_c_message_get_packed_size(message), sizeof out);
    bytes_add(&b, out, protobuf_c_message_pack(message, out));
    return b;
}

START_TEST(ack_heads)
{
    rng r = {11};
    for (int round = 0; round < 2000; round++) {
        char text[200];
        Plato__AckHead m = PLATO__ACK_HEAD__INIT;
        plato_wire w;
        random_text(&r, text, sizeof text);
        m.code = (uint32_t)rng_number(&r);
        m.msg = text;
        m.type = (Plato__MsgType)rng_below(&r, 7);
        m.conn_id = rng_number(&r);
        m.client_id = rng_number(&r);
        m.session_id = rng_number(&r);
        m.msg_id = rng_number(&r);
        bytes packed = pack(&m.base);
        plato_wire_init(&w, packed.p, packed.n, 0);
        expect_varint(&w, 1, m.code);
        expect_bytes(&w, 2, text, strlen(text));
        expect_varint(&w, 3, (uint64_t)m.type);
        expect_varint(&w, 4, m.conn_id);
        expect_varint(&w, 5, m.client_id);
        expect_varint(&w, 6, m.session_id);
        expect_varint(&w, 7, m.msg_id);
        expect_end(&w);
        bytes_free(&packed);
    }
}
END_TEST

START_TEST(chat_messages)
{
    rng r = {12};
    for (int round = 0; round < 2000; round++) {
        uint8_t content[300];
        Plato__ChatMessage m = PLATO__CHAT_MESSAGE__INIT;
        plato_wire w;
        rng_fill(&r, content, sizeof content);
        m.sender_id = rng_number(&r);
        m.sent_at_us = rng_number(&r);
        m.content_type = (Plato__ContentType)rng_below(&r, 3);
        m.content.data = content;
        m.content.len = rng_below(&r, sizeof content);
        bytes packed = pack(&m.base);
        plato_wire_init(&w, packed.p, packed.n, 0);
        expect_varint(&w, 1, m.sender_id);
        if (m.sent_at_us != 0)
            ck_assert_uint_eq(expect(&w, 2, PLATO_WIRE_FIXED64).value, m.sent_at_us);
        expect_varint(&w, 3, (uint64_t)m.content_type);
        expect_bytes(&w, 4, content, m.content.len);
        expect_end(&w);
        bytes_free(&packed);
    }
}
END_TEST

START_TEST(login_bodies)
{
    rng r = {13};
    for (int round = 0; round < 1000; round++) {
        char token[100], version[20];
        uint64_t ids[20], value;
        Plato__LoginBody m = PLATO__LOGIN_BODY__INIT;
        plato_wire w;
        random_text(&r, token, sizeof token);
        random_text(&r, version, sizeof version);
        m.token = token;
        m.client_version = version;
        m.session_ids = ids;
        m.n_session_ids = rng_below(&r, 20);
        for (size_t i = 0; i < m.n_session_ids; i++)
            ids[i] = rng_number(&r);
        bytes packed = pack(&m.base);
        plato_wire_init(&w, packed.p, packed.n, 0);
        expect_bytes(&w, 1, token, strlen(token));
        expect_bytes(&w, 2, version, strlen(version));
        if (m.n_session_ids > 0) {
            const plato_field f = expect(&w, 3, PLATO_WIRE_BYTES); /* packed */
            size_t at = 0;
            for (size_t i = 0; i < m.n_session_ids; i++) {
                const int n = plato_varint_read(f.bytes.p + at, f.bytes.n - at, &value);
                ck_assert_int_gt(n, 0);
                ck_assert_uint_eq(value, ids[i]);
                at += (size_t)n;
            }
            ck_assert_uint_eq(at, f.bytes.n);
        }
        expect_end(&w);
        bytes_free(&packed);
    }
}
END_TEST

/* ---- damaged: the same verdict ---- */

/* Whether protobuf-c, knowing the schema, may refuse what the reader accepts. */
static bool has_wrong_wire_type(const uint8_t *p, size_t n)
{
    static const plato_wire_type chat_types[] = {PLATO_WIRE_VARINT, PLATO_WIRE_FIXED64,
                                                 PLATO_WIRE_VARINT, PLATO_WIRE_BYTES};
    plato_wire w;
    plato_field f;
    plato_wire_init(&w, p, n, 0);
    while (plato_wire_next(&w, &f) > 0) {
        if (f.number <= 4 && f.wire_type != chat_types[f.number - 1])
            return true;
    }
    return false;
}

static int read_all(const uint8_t *p, size_t n)
{
    plato_wire w;
    plato_field f;
    int rc;
    plato_wire_init(&w, p, n, 0);
    while ((rc = plato_wire_next(&w, &f)) > 0)
        ;
    return rc;
}

typedef struct tally {
    unsigned both_accept, both_refuse;
} tally;

static void compare(const uint8_t *p, size_t n, tally *t)
{
    const int rc = read_all(p, n);
    Plato__ChatMessage *m = plato__chat_message__unpack(NULL, n, p);
    const bool accepted = m != NULL;
    if (m != NULL)
        plato__chat_message__free_unpacked(m, NULL);
    if (rc == 0)
        ck_assert(accepted || has_wrong_wire_type(p, n));
    if (rc == PLATO_ERR_WIRE_TRUNCATED)
        ck_assert(!accepted);
    t->both_accept += rc == 0 && accepted;
    t->both_refuse += rc != 0 && !accepted;
}

START_TEST(damaged_messages)
{
    rng r = {14};
    tally t = {0};
    uint8_t content[40];
    for (int round = 0; round < 30000; round++) {
        Plato__ChatMessage m = PLATO__CHAT_MESSAGE__INIT;
        m.sender_id = rng_number(&r);
        m.sent_at_us = rng_number(&r);
        m.content_type = (Plato__ContentType)rng_below(&r, 3);
        m.content.data = content;
        m.content.len = rng_below(&r, sizeof content);
        rng_fill(&r, content, sizeof content);
        bytes b = pack(&m.base);
        for (size_t damage = rng_below(&r, 3); damage > 0 && b.n > 0; damage--)
            b.p[rng_below(&r, b.n)] = (uint8_t)rng_next(&r);
        const size_t n = rng_below(&r, 4) == 0 && b.n > 0 ? rng_below(&r, b.n) : b.n;
        /* memory of its own, for sanitizers */
        uint8_t *copy = malloc(n + 1);
        ck_assert_ptr_nonnull(copy);
        if (n > 0)
            memcpy(copy, b.p, n);
        compare(copy, n, &t);
        free(copy);
        bytes_free(&b);
    }
    ck_assert_uint_gt(t.both_accept, 1000); /* else the comparison says nothing */
    ck_assert_uint_gt(t.both_refuse, 1000);
}
END_TEST

START_TEST(random_bytes)
{
    rng r = {15};
    tally t = {0};
    for (int round = 0; round < 50000; round++) {
        uint8_t p[24];
        rng_fill(&r, p, sizeof p);
        if (round % 2) /* small numbers make tags of the schema likely */
            for (size_t i = 0; i < sizeof p; i++)
                p[i] &= 0x3f;
        compare(p, rng_below(&r, sizeof p + 1), &t);
    }
    ck_assert_uint_gt(t.both_accept, 1000);
    ck_assert_uint_gt(t.both_refuse, 1000);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {ack_heads, chat_messages, login_bodies, damaged_messages,
                                  random_bytes};
    return RUN_TESTS("wire_model", tests);
}
