/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames from bytes and back: the examples of the specification, and every case at its edges. */
#include "plato/frame.h"

#include "guard_page.h"
#include "random.h"
#include "run_tests.h"
#include "sample_streams.h"

#include <string.h>

static plato_span span_of(const char *text)
{
    return (plato_span){(const uint8_t *)text, strlen(text)};
}

static void assert_span(plato_span span, const void *p, size_t n)
{
    ck_assert_uint_eq(span.n, n);
    ck_assert(n == 0 || memcmp(span.p, p, n) == 0);
}

/* ---- the examples ---- */

typedef struct example {
    const char *hex;
    plato_framing framing;
    uint32_t msg_type;
    const char *var_head, *body; /* hexadecimal */
    uint32_t crc32;
} example;

static const example examples[] = {
    {HEARTBEAT_HEX, PLATO_FRAMING_HEADER, PLATO_HEARTBEAT, "", "", 0x1b33170b},
    {UP_HEX, PLATO_FRAMING_HEADER, PLATO_UP, "08011007182a", "6869", 0x155ed83d},
    {LOGIN_HEX, PLATO_FRAMING_HEADER, PLATO_LOGIN, "08e907", "", 0xdf9cbc57},
    {MSGCMD_LOGIN_HEX, PLATO_FRAMING_MSGCMD, PLATO_LOGIN, "", "0a02087b", 0},
    {MSGCMD_HEARTBEAT_HEX, PLATO_FRAMING_MSGCMD, PLATO_HEARTBEAT, "", "0a00", 0},
};

START_TEST(examples_are_read)
{
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const example *x = &examples[i];
        bytes wire = bytes_of_hex(x->hex), head = bytes_of_hex(x->var_head),
              body = bytes_of_hex(x->body);
        plato_frame f;
        bytes_add(&wire, "more", 4); /* bytes after the frame are not its own */
        ck_assert_int_eq(plato_frame_parse(x->framing, wire.p, wire.n, NULL, &f), PLATO_OK);
        ck_assert_int_eq(f.framing, x->framing);
        ck_assert_uint_eq(f.version, x->framing == PLATO_FRAMING_HEADER ? 1 : 0);
        ck_assert_uint_eq(f.msg_type, x->msg_type);
        ck_assert_uint_eq(f.crc32, x->crc32);
        ck_assert_uint_eq(f.var_head_len, head.n);
        assert_span(f.var_head, head.p, head.n);
        assert_span(f.body, body.p, body.n);
        ck_assert_uint_eq(plato_frame_total(&f), wire.n - 4);
        ck_assert(plato_frame_check_crc(&f, (plato_crc_kind){0}));
        bytes_free(&wire);
        bytes_free(&head);
        bytes_free(&body);
    }
}
END_TEST

START_TEST(examples_are_written)
{
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const example *x = &examples[i];
        bytes wire = bytes_of_hex(x->hex), head = bytes_of_hex(x->var_head),
              body = bytes_of_hex(x->body);
        const plato_frame f = {.framing = x->framing,
                               .version = PLATO_VERSION_ON_WIRE,
                               .msg_type = x->msg_type,
                               .msg_len = 99, /* ignored, like the CRC */
                               .crc32 = 99,
                               .var_head = {head.p, head.n},
                               .body = {body.p, body.n}};
        uint8_t out[64];
        size_t written = 0;
        ck_assert_int_eq(plato_frame_encode(&f, out, sizeof out, &written), PLATO_OK);
        assert_span((plato_span){out, written}, wire.p, wire.n);
        bytes_free(&wire);
        bytes_free(&head);
        bytes_free(&body);
    }
}
END_TEST

/* ---- lengths ---- */

typedef struct length_case {
    plato_framing framing;
    const char *hex;
    plato_limits limits;
    plato_err length, parse;
    uint64_t total;
} length_case;

#define USUAL                                                                                      \
    {                                                                                              \
        65536, 16777216                                                                            \
    }
#define NO_LIMITS                                                                                  \
    {                                                                                              \
        UINT32_MAX, UINT32_MAX                                                                     \
    }

static const length_case length_cases[] = {
    {PLATO_FRAMING_HEADER, "", USUAL, PLATO_NEED_MORE, PLATO_NEED_MORE, 14},
    {PLATO_FRAMING_HEADER, "0101 00000000 00000000 1b3317", USUAL, PLATO_NEED_MORE, PLATO_NEED_MORE,
     14},
    {PLATO_FRAMING_HEADER, HEARTBEAT_HEX, USUAL, PLATO_OK, PLATO_OK, 14},
    {PLATO_FRAMING_HEADER, "0104 00000002 00000006 155ed83d 08011007182a 68", USUAL, PLATO_OK,
     PLATO_NEED_MORE, 22},
    {PLATO_FRAMING_HEADER, "ffff 00000000 00000000 00000000", USUAL, PLATO_OK, PLATO_OK, 14},
    /* at a limit and one over it */
    {PLATO_FRAMING_HEADER, "0104 01000000 00010000 00000000", USUAL, PLATO_OK, PLATO_NEED_MORE,
     14 + 65536 + 16777216},
    {PLATO_FRAMING_HEADER, "0104 00000000 00010001 00000000", USUAL, PLATO_ERR_VAR_HEAD_TOO_LONG,
     PLATO_ERR_VAR_HEAD_TOO_LONG, 14 + 65537},
    {PLATO_FRAMING_HEADER, "0104 01000001 00000000 00000000", USUAL, PLATO_ERR_BODY_TOO_LONG,
     PLATO_ERR_BODY_TOO_LONG, 14 + 16777217},
    /* the sum of the largest lengths needs 64 bits */
    {PLATO_FRAMING_HEADER, "0104 ffffffff ffffffff 00000000", NO_LIMITS, PLATO_OK, PLATO_NEED_MORE,
     14 + 2 * 4294967295ull},
    {PLATO_FRAMING_HEADER, "0104 ffffffff ffffffff 00000000", USUAL, PLATO_ERR_VAR_HEAD_TOO_LONG,
     PLATO_ERR_VAR_HEAD_TOO_LONG, 14 + 2 * 4294967295ull},
    {PLATO_FRAMING_HEADER,
     "0104 00000001 00000001 00000000 0000",
     {0, 0},
     PLATO_ERR_VAR_HEAD_TOO_LONG,
     PLATO_ERR_VAR_HEAD_TOO_LONG,
     16},

    {PLATO_FRAMING_MSGCMD, "000000", USUAL, PLATO_NEED_MORE, PLATO_NEED_MORE, 4},
    {PLATO_FRAMING_MSGCMD, "00000000", USUAL, PLATO_ERR_EMPTY_FRAME, PLATO_ERR_EMPTY_FRAME, 4},
    {PLATO_FRAMING_MSGCMD, "00000002 08", USUAL, PLATO_OK, PLATO_NEED_MORE, 6},
    {PLATO_FRAMING_MSGCMD, "00000002 0801", USUAL, PLATO_OK, PLATO_OK, 6},
    {PLATO_FRAMING_MSGCMD, "01000000", USUAL, PLATO_OK, PLATO_NEED_MORE, 4 + 16777216},
    {PLATO_FRAMING_MSGCMD, "01000001", USUAL, PLATO_ERR_BODY_TOO_LONG, PLATO_ERR_BODY_TOO_LONG,
     4 + 16777217},
    {PLATO_FRAMING_MSGCMD, "ffffffff", NO_LIMITS, PLATO_OK, PLATO_NEED_MORE, 4 + 4294967295ull},
    /* a payload that is no MsgCmd */
    {PLATO_FRAMING_MSGCMD, "00000002 0001", USUAL, PLATO_OK, PLATO_ERR_WIRE_FIELD_NUMBER, 6},
    {PLATO_FRAMING_MSGCMD, "00000001 0b", USUAL, PLATO_OK, PLATO_ERR_WIRE_TYPE, 5},
    {PLATO_FRAMING_MSGCMD, "00000002 1201", USUAL, PLATO_OK, PLATO_ERR_WIRE_TRUNCATED, 6},
};

START_TEST(lengths)
{
    for (size_t i = 0; i < sizeof length_cases / sizeof length_cases[0]; i++) {
        const length_case *c = &length_cases[i];
        bytes wire = bytes_of_hex(c->hex);
        uint8_t *p = guarded_copy(wire.p, wire.n);
        plato_frame f;
        uint64_t total = 0;
        ck_assert_int_eq(plato_frame_length(c->framing, p, wire.n, &c->limits, &total), c->length);
        ck_assert_uint_eq(total, c->total);
        ck_assert_int_eq(plato_frame_parse_header(c->framing, p, wire.n, &c->limits, &f),
                         c->length);
        if (c->length != PLATO_NEED_MORE)
            ck_assert_uint_eq(plato_frame_total(&f), c->total);
        ck_assert_int_eq(plato_frame_parse(c->framing, p, wire.n, &c->limits, &f), c->parse);
        guarded_free(p, wire.n);
        bytes_free(&wire);
    }
}
END_TEST

START_TEST(limits_default)
{
    bytes at = bytes_of_hex("0104 01000000 00010000 00000000");
    uint64_t total;
    ck_assert_int_eq(plato_frame_length(PLATO_FRAMING_HEADER, at.p, at.n, NULL, &total), PLATO_OK);
    at.p[5] = 1;
    ck_assert_int_eq(plato_frame_length(PLATO_FRAMING_HEADER, at.p, at.n, NULL, &total),
                     PLATO_ERR_BODY_TOO_LONG);
    bytes_free(&at);
}
END_TEST

START_TEST(header_fields)
{
    bytes wire = bytes_of_hex("7fe3 00a0b0c0 00000102 89abcdef");
    plato_frame f;
    ck_assert_int_eq(plato_frame_parse_header(PLATO_FRAMING_HEADER, wire.p, wire.n, NULL, &f),
                     PLATO_OK);
    ck_assert_uint_eq(f.version, 0x7f);
    ck_assert_uint_eq(f.msg_type, 0xe3);
    ck_assert_uint_eq(f.msg_len, 0xa0b0c0);
    ck_assert_uint_eq(f.var_head_len, 0x102);
    ck_assert_uint_eq(f.crc32, 0x89abcdef);
    bytes_free(&wire);
}
END_TEST

/* ---- encoding ---- */

typedef struct encode_case {
    plato_frame frame;
    plato_err err;
    uint64_t size;
} encode_case;

/* Spans over 4 GiB: encoding refuses them before it looks at a byte. */
static const uint8_t one_byte[1];
#define HUGE_SPAN                                                                                  \
    {                                                                                              \
        one_byte, (size_t)UINT32_MAX + 1                                                           \
    }
#define LARGEST_SPAN                                                                               \
    {                                                                                              \
        one_byte, UINT32_MAX                                                                       \
    }

static const encode_case encode_cases[] = {
    {{.framing = PLATO_FRAMING_HEADER}, PLATO_OK, 14},
    {{.framing = PLATO_FRAMING_HEADER, .msg_type = 255}, PLATO_OK, 14},
    {{.framing = PLATO_FRAMING_HEADER, .msg_type = 256}, PLATO_ERR_ARGUMENT, 0},
    {{.framing = PLATO_FRAMING_HEADER, .body = HUGE_SPAN}, PLATO_ERR_ARGUMENT, 0},
    {{.framing = PLATO_FRAMING_HEADER, .var_head = HUGE_SPAN}, PLATO_ERR_ARGUMENT, 0},
    {{.framing = PLATO_FRAMING_HEADER, .var_head = LARGEST_SPAN, .body = LARGEST_SPAN},
     PLATO_OK,
     14 + 2 * (uint64_t)UINT32_MAX},
    {{.framing = (plato_framing)0}, PLATO_ERR_ARGUMENT, 0},
    {{.framing = (plato_framing)3}, PLATO_ERR_ARGUMENT, 0},
    /* the variant cannot say "type 0 and no payload": its length is never 0 */
    {{.framing = PLATO_FRAMING_MSGCMD}, PLATO_ERR_ARGUMENT, 0},
    {{.framing = PLATO_FRAMING_MSGCMD, .msg_type = 1}, PLATO_OK, 6},
    {{.framing = PLATO_FRAMING_MSGCMD, .msg_type = UINT32_MAX}, PLATO_OK, 4 + 1 + 5},
    {{.framing = PLATO_FRAMING_MSGCMD, .body = {one_byte, 1}}, PLATO_OK, 4 + 2 + 1},
    {{.framing = PLATO_FRAMING_MSGCMD, .msg_type = 1, .var_head = {one_byte, 1}},
     PLATO_ERR_ARGUMENT,
     0},
    /* tag and length count as well, and do not fit any more */
    {{.framing = PLATO_FRAMING_MSGCMD, .body = LARGEST_SPAN}, PLATO_ERR_ARGUMENT, 0},
    {{.framing = PLATO_FRAMING_MSGCMD, .body = {one_byte, UINT32_MAX - 6}},
     PLATO_OK,
     4 + (uint64_t)UINT32_MAX},
    {{.framing = PLATO_FRAMING_MSGCMD, .body = {one_byte, UINT32_MAX - 5}}, PLATO_ERR_ARGUMENT, 0},
};

START_TEST(encoded_sizes)
{
    for (size_t i = 0; i < sizeof encode_cases / sizeof encode_cases[0]; i++) {
        const encode_case *c = &encode_cases[i];
        uint8_t prefix[PLATO_PREFIX_MAX], out[4] = {0};
        plato_span pieces[3];
        size_t count, written;
        uint64_t size = 0;
        ck_assert_int_eq(plato_frame_encoded_size(&c->frame, &size), c->err);
        ck_assert_int_eq(plato_frame_encode(&c->frame, out, sizeof out, &written),
                         c->err != PLATO_OK ? c->err : PLATO_ERR_BUFFER_TOO_SMALL);
        if (c->err != PLATO_OK)
            ck_assert_int_eq(plato_frame_encode_gather(&c->frame, prefix, pieces, &count), c->err);
        else
            ck_assert_uint_eq(size, c->size);
    }
}
END_TEST

static plato_frame random_frame(rng *r, plato_framing framing, const uint8_t *noise, size_t n)
{
    plato_frame f = {.framing = framing, .version = (uint8_t)rng_next(r)};
    f.msg_type = framing == PLATO_FRAMING_HEADER ? (uint8_t)rng_next(r) : (uint32_t)rng_number(r);
    f.body = (plato_span){noise, rng_below(r, 3) == 0 ? 0 : rng_below(r, n)};
    if (framing == PLATO_FRAMING_HEADER)
        f.var_head = (plato_span){noise, rng_below(r, 3) == 0 ? 0 : rng_below(r, n)};
    else if (f.msg_type == 0 && f.body.n == 0)
        f.msg_type = 1;
    return f;
}

/* Size first, then whole, then gathered, then read back; against the frame built by hand. */
START_TEST(round_trips)
{
    rng r = {3};
    uint8_t noise[600], out[2000], prefix[PLATO_PREFIX_MAX];
    rng_fill(&r, noise, sizeof noise);
    for (int round = 0; round < 3000; round++) {
        const plato_framing framing = round % 2 ? PLATO_FRAMING_HEADER : PLATO_FRAMING_MSGCMD;
        const plato_frame f = random_frame(&r, framing, noise, sizeof noise);
        plato_frame back;
        plato_span pieces[3];
        uint64_t size;
        size_t written = 0, count = 0, complete_at = 0;
        bool untouched = true;
        bytes model = {0}, gathered = {0};
        if (framing == PLATO_FRAMING_HEADER)
            bytes_add_frame(&model, f.version, (uint8_t)f.msg_type, f.var_head, f.body);
        else
            bytes_add_msgcmd(&model, f.msg_type, f.body);
        ck_assert_int_eq(plato_frame_encoded_size(&f, &size), PLATO_OK);
        ck_assert_uint_eq(size, model.n);
        memset(out, 0xee, sizeof out);
        ck_assert_int_eq(plato_frame_encode(&f, out, (size_t)size - 1, &written),
                         PLATO_ERR_BUFFER_TOO_SMALL);
        for (size_t i = 0; i < sizeof out; i++)
            untouched = untouched && out[i] == 0xee;
        ck_assert(untouched);
        ck_assert_int_eq(plato_frame_encode(&f, out, (size_t)size, &written), PLATO_OK);
        assert_span((plato_span){out, written}, model.p, model.n);
        ck_assert_uint_eq(out[size], 0xee);

        ck_assert_int_eq(plato_frame_encode_gather(&f, prefix, pieces, &count), PLATO_OK);
        for (size_t i = 0; i < count; i++) {
            ck_assert_uint_gt(pieces[i].n, 0);
            bytes_add(&gathered, pieces[i].p, pieces[i].n);
        }
        assert_span((plato_span){gathered.p, gathered.n}, model.p, model.n);
        ck_assert(f.body.n == 0 || pieces[count - 1].p == f.body.p); /* not copied */

        ck_assert_int_eq(plato_frame_parse(framing, out, written, NULL, &back), PLATO_OK);
        ck_assert_uint_eq(back.msg_type, f.msg_type);
        assert_span(back.var_head, f.var_head.p, f.var_head.n);
        assert_span(back.body, f.body.p, f.body.n);
        while (plato_frame_parse(framing, out, complete_at, NULL, &back) == PLATO_NEED_MORE)
            complete_at++;
        ck_assert_uint_eq(complete_at, written);
        bytes_free(&model);
        bytes_free(&gathered);
    }
}
END_TEST

START_TEST(empty_spans_may_be_null)
{
    const plato_frame f = {.framing = PLATO_FRAMING_HEADER, .version = 1, .msg_type = 1};
    const plato_frame text = {
        .framing = PLATO_FRAMING_HEADER, .version = 1, .msg_type = 4, .body = span_of("x")};
    uint8_t out[32];
    size_t written;
    ck_assert_int_eq(plato_frame_encode(&f, out, sizeof out, &written), PLATO_OK);
    ck_assert_uint_eq(written, 14);
    ck_assert_int_eq(plato_frame_encode(&text, out, sizeof out, &written), PLATO_OK);
    ck_assert_uint_eq(written, 15);
    ck_assert_uint_eq(out[14], 'x');
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        examples_are_read, examples_are_written, lengths,     limits_default,
        header_fields,     encoded_sizes,        round_trips, empty_spans_may_be_null,
    };
    return RUN_TESTS("frame", tests);
}
