/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heads of the length-prefixed variant: the same structs, from other places. */
#include "plato/head.h"

#include "bytes_of.h"
#include "plato/schema/msgcmd.pb-c.h"
#include "random.h"
#include "run_tests.h"

#include <stdlib.h>
#include <string.h>

/* The frame that MsgCmd.Payload `message` makes, parsed. `wire` holds the bytes. */
static plato_frame frame_of(bytes *wire, uint32_t type, const ProtobufCMessage *message)
{
    uint8_t packed[600];
    plato_frame f;
    ck_assert_uint_le(protobuf_c_message_get_packed_size(message), sizeof packed);
    const size_t n = protobuf_c_message_pack(message, packed);
    bytes_add_msgcmd(wire, type, (plato_span){packed, n});
    ck_assert_int_eq(plato_frame_parse(PLATO_FRAMING_MSGCMD, wire->p, wire->n, NULL, &f), PLATO_OK);
    ck_assert_uint_eq(f.msg_type, type);
    return f;
}

static void assert_text(plato_span span, const char *text)
{
    ck_assert_uint_eq(span.n, strlen(text));
    ck_assert(span.n == 0 || memcmp(span.p, text, span.n) == 0);
}

/* An empty payload with type LOGIN has no frame at all, so the ids here are at least 1. */
START_TEST(login_and_reconn)
{
    rng r = {31};
    for (int round = 0; round < 300; round++) {
        Plato__Msgcmd__LoginMsgHead login_head = PLATO__MSGCMD__LOGIN_MSG_HEAD__INIT;
        Plato__Msgcmd__LoginMsg login = PLATO__MSGCMD__LOGIN_MSG__INIT;
        Plato__Msgcmd__ReConnMsgHead reconn_head = PLATO__MSGCMD__RE_CONN_MSG_HEAD__INIT;
        Plato__Msgcmd__ReConnMsg reconn = PLATO__MSGCMD__RE_CONN_MSG__INIT;
        bytes wire1 = {0}, wire2 = {0};
        plato_head h;
        plato_span body;
        login_head.deviceid = rng_number(&r);
        login.head = &login_head;
        login.loginmsgbody = (ProtobufCBinaryData){5, (uint8_t *)"login"};
        reconn_head.connid = rng_number(&r);
        reconn.head = &reconn_head;
        plato_frame f = frame_of(&wire1, PLATO_LOGIN, &login.base);
        ck_assert_int_eq(plato_head_read_frame(&f, &h, &body), PLATO_OK);
        ck_assert_uint_eq(h.login.device_id, login_head.deviceid);
        assert_text(body, "login");
        f = frame_of(&wire2, PLATO_RECONN, &reconn.base);
        ck_assert_int_eq(plato_head_read_frame(&f, &h, &body), PLATO_OK);
        ck_assert_uint_eq(h.reconn.conn_id, reconn_head.connid);
        assert_text(body, "");
        bytes_free(&wire1);
        bytes_free(&wire2);
    }
}
END_TEST

START_TEST(up_with_text)
{
    rng r = {32};
    for (int round = 0; round < 300; round++) {
        Plato__Msgcmd__UPMsgHead head = PLATO__MSGCMD__UPMSG_HEAD__INIT;
        Plato__Msgcmd__UPMsg up = PLATO__MSGCMD__UPMSG__INIT;
        bytes wire = {0};
        plato_head h;
        plato_span body;
        head.clientid = rng_number(&r);
        head.connid = rng_number(&r);
        head.sessionid = (char *)"room 7";
        up.head = &head;
        up.upmsgbody = (ProtobufCBinaryData){2, (uint8_t *)"{}"};
        const plato_frame f = frame_of(&wire, PLATO_UP, &up.base);
        ck_assert_int_eq(plato_head_read_frame(&f, &h, &body), PLATO_OK);
        ck_assert_uint_eq(h.up.client_id, head.clientid);
        ck_assert_uint_eq(h.up.conn_id, head.connid);
        ck_assert_uint_eq(h.up.session_id, 0);
        assert_text(h.up.session_name, "room 7");
        ck_assert_uint_eq(h.present & 8, 8);
        ck_assert_uint_eq(h.unknown_fields, 0);
        assert_text(body, "{}");
        bytes_free(&wire);
    }
}
END_TEST

START_TEST(acks)
{
    rng r = {33};
    for (int round = 0; round < 300; round++) {
        Plato__Msgcmd__ACKMsg m = PLATO__MSGCMD__ACKMSG__INIT;
        bytes wire = {0};
        plato_head h;
        plato_span body;
        m.code = (uint32_t)rng_number(&r);
        m.msg = (char *)"ok";
        m.type = (Plato__Msgcmd__CmdType)rng_below(&r, 6);
        m.connid = rng_number(&r);
        m.clientid = rng_number(&r);
        m.sessionid = rng_number(&r);
        m.msgid = rng_number(&r);
        const plato_frame f = frame_of(&wire, PLATO_ACK, &m.base);
        ck_assert_int_eq(plato_head_read_frame(&f, &h, &body), PLATO_OK);
        ck_assert_uint_eq(h.ack.code, m.code);
        assert_text(h.ack.msg, "ok");
        ck_assert_uint_eq(h.ack.type, m.type);
        ck_assert_uint_eq(h.ack.conn_id, m.connid);
        ck_assert_uint_eq(h.ack.client_id, m.clientid);
        ck_assert_uint_eq(h.ack.session_id, m.sessionid);
        ck_assert_uint_eq(h.ack.msg_id, m.msgid);
        assert_text(body, "");
        bytes_free(&wire);
    }
}
END_TEST

/* Payloads byte by byte, for what the schema of today does not pack. */
typedef struct payload_case {
    uint32_t type;
    const char *payload;
    plato_err err;
    uint64_t first, session_id;
    const char *session_name, *body;
    uint32_t unknown;
} payload_case;

static const payload_case payload_cases[] = {
    /* UP: { Head = 1, body = 2 }; the session as number, as text, not at all */
    {PLATO_UP, "0a06 080110071809 1202 6869", PLATO_OK, 1, 9, "", "hi", 0},
    {PLATO_UP, "0a08 0801 1007 1a026162 1202 6869", PLATO_OK, 1, 0, "ab", "hi", 0},
    {PLATO_UP, "0a04 08011007", PLATO_OK, 1, 0, "", "", 0},
    {PLATO_UP, "1202 6869", PLATO_OK, 0, 0, "", "hi", 0},
    {PLATO_UP, "0a06 0801 2202 7a7a", PLATO_OK, 1, 0, "", "", 1},
    {PLATO_UP, "0a02 0801 0a02 0802", PLATO_OK, 2, 0, "", "", 0},
    {PLATO_UP, "0801 1002", PLATO_OK, 0, 0, "", "", 0}, /* wrong wire types: neither */
    {PLATO_UP, "0a05 0801", PLATO_ERR_WIRE_TRUNCATED, 0, 0, "", "", 0},
    {PLATO_UP, "0a02 080b", PLATO_OK, 11, 0, "", "", 0},
    {PLATO_UP, "0a01 0b", PLATO_ERR_WIRE_TYPE, 0, 0, "", "", 0},
    {PLATO_UP, "", PLATO_OK, 0, 0, "", "", 0},
    /* PUSH: content in field 3, in older builds in field 2 */
    {PLATO_PUSH, "0805 1006 1a026869", PLATO_OK, 5, 6, "", "hi", 0},
    {PLATO_PUSH, "0805 12026869", PLATO_OK, 5, 0, "", "hi", 0},
    {PLATO_PUSH, "1a026869", PLATO_OK, 0, 0, "", "hi", 0},
    {PLATO_PUSH, "0805 2001", PLATO_OK, 5, 0, "", "", 1},
    {PLATO_PUSH, "1a05 6869", PLATO_ERR_WIRE_TRUNCATED, 0, 0, "", "", 0},
    {PLATO_HEARTBEAT, "0a00", PLATO_OK, 0, 0, "", "", 0},
};

START_TEST(payloads)
{
    for (size_t i = 0; i < sizeof payload_cases / sizeof payload_cases[0]; i++) {
        const payload_case *c = &payload_cases[i];
        bytes payload = bytes_of_hex(c->payload);
        const plato_frame f = {
            .framing = PLATO_FRAMING_MSGCMD, .msg_type = c->type, .body = {payload.p, payload.n}};
        plato_head h;
        plato_span body;
        ck_assert_msg(plato_head_read_frame(&f, &h, &body) == c->err, "%s", c->payload);
        ck_assert_uint_eq(h.msg_type, c->type);
        if (c->err == PLATO_OK) {
            const bool up = c->type == PLATO_UP;
            assert_text(body, c->body);
            ck_assert_msg(h.unknown_fields == c->unknown, "%s: %u unknown", c->payload,
                          h.unknown_fields);
            ck_assert_uint_eq(up ? h.up.client_id : h.push.msg_id, c->first);
            ck_assert_uint_eq(up ? h.up.session_id : h.push.session_id, c->session_id);
            if (up)
                assert_text(h.up.session_name, c->session_name);
        }
        bytes_free(&payload);
    }
}
END_TEST

/*
 * Types that the variant lacks, SYNC among them: nothing is known of their payload, not even that
 * it is protobuf. All of it is the body.
 */
START_TEST(payloads_of_unknown_types)
{
    static const uint32_t types[] = {PLATO_SYNC, 7, 255, UINT32_MAX};
    static const char *const contents[] = {"0a02 0801", "0a05 0801", "0b", "ffffffff", ""};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        for (size_t k = 0; k < sizeof contents / sizeof contents[0]; k++) {
            bytes payload = bytes_of_hex(contents[k]);
            const plato_frame f = {.framing = PLATO_FRAMING_MSGCMD,
                                   .msg_type = types[i],
                                   .body = {payload.p, payload.n}};
            plato_head h;
            plato_span body = {NULL, 99};
            memset(&h, 0xee, sizeof h);
            ck_assert_int_eq(plato_head_read_frame(&f, &h, &body), PLATO_OK);
            ck_assert_uint_eq(h.msg_type, types[i]);
            ck_assert_uint_eq(h.present, 0);
            ck_assert_uint_eq(h.unknown_fields, 0);
            ck_assert_uint_eq(h.error_offset, 0);
            ck_assert_ptr_eq(body.p, payload.p);
            ck_assert_uint_eq(body.n, payload.n);
            bytes_free(&payload);
        }
    }
}
END_TEST

/* Where an error is: counted from the payload's first byte, whoever found it. */
typedef struct place_case {
    uint32_t type;
    const char *payload;
    plato_err err;
    size_t offset;
    uint64_t first; /* the first id, which comes before the error */
} place_case;

static const place_case place_cases[] = {
    {PLATO_UP, "0a02 0801", PLATO_OK, 0, 1},
    /* in the payload's own structure */
    {PLATO_UP, "0a05 0801", PLATO_ERR_WIRE_TRUNCATED, 1, 0},
    {PLATO_UP, "0a02 0801 1209 6869", PLATO_ERR_WIRE_TRUNCATED, 5, 1},
    {PLATO_UP, "0a02 0801 0b", PLATO_ERR_WIRE_TYPE, 4, 1},
    {PLATO_PUSH, "0805 1a05 6869", PLATO_ERR_WIRE_TRUNCATED, 3, 5},
    {PLATO_PUSH, "0805 0006", PLATO_ERR_WIRE_FIELD_NUMBER, 2, 5},
    {PLATO_ACK, "1200 08", PLATO_ERR_WIRE_TRUNCATED, 3, 0},
    /* in the head that is nested in it, first and not first */
    {PLATO_UP, "0a01 0b", PLATO_ERR_WIRE_TYPE, 2, 0},
    {PLATO_UP, "0a03 0801 10", PLATO_ERR_WIRE_TRUNCATED, 5, 1},
    {PLATO_LOGIN, "1202 6869 0a01 08", PLATO_ERR_WIRE_TRUNCATED, 7, 0},
    {PLATO_RECONN, "0a8200 0000", PLATO_ERR_WIRE_FIELD_NUMBER, 3, 0},
    /* in both: the first one */
    {PLATO_UP, "0a01 0b 1209", PLATO_ERR_WIRE_TYPE, 2, 0},
};

START_TEST(places_of_errors)
{
    for (size_t i = 0; i < sizeof place_cases / sizeof place_cases[0]; i++) {
        const place_case *c = &place_cases[i];
        bytes payload = bytes_of_hex(c->payload);
        const plato_frame f = {
            .framing = PLATO_FRAMING_MSGCMD, .msg_type = c->type, .body = {payload.p, payload.n}};
        plato_head h;
        ck_assert_msg(plato_head_read_frame(&f, &h, NULL) == c->err, "%s", c->payload);
        ck_assert_msg(h.error_offset == c->offset, "%s: error at %zu", c->payload, h.error_offset);
        if (c->type == PLATO_UP)
            ck_assert_msg(h.up.client_id == c->first, "%s", c->payload);
        if (c->type == PLATO_PUSH)
            ck_assert_msg(h.push.msg_id == c->first, "%s", c->payload);
        bytes_free(&payload);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {login_and_reconn,          up_with_text,    acks, payloads,
                                  payloads_of_unknown_types, places_of_errors};
    return RUN_TESTS("head_msgcmd", tests);
}
