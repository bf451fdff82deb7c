/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors of the decoder: sticky, described in full, gone after a reset; the end of a stream. */
#include "plato/decoder.h"

#include "guard_page.h"
#include "run_tests.h"
#include "sample_streams.h"

#include <string.h>

typedef struct error_case {
    plato_framing framing;
    const char *hex;
    plato_err code;
    uint64_t frame_offset, offset, got, limit;
} error_case;

static const error_case error_cases[] = {
    /* header: the length at fault is the field at fault */
    {PLATO_FRAMING_HEADER, HEARTBEAT_HEX "0104 00000000 00010001 00000000",
     PLATO_ERR_VAR_HEAD_TOO_LONG, 14, 14 + 6, 65537, 65536},
    {PLATO_FRAMING_HEADER, "0104 01000001 00000000 00000000", PLATO_ERR_BODY_TOO_LONG, 0, 2,
     16777217, 16777216},
    {PLATO_FRAMING_HEADER, LOGIN_HEX "0104 ffffffff 00000000 00000000", PLATO_ERR_BODY_TOO_LONG, 17,
     17 + 2, 4294967295, 16777216},
    {PLATO_FRAMING_HEADER, HEARTBEAT_HEX "0101 00000000 00000000 1b33170a", PLATO_ERR_CRC, 14,
     14 + 10, 0x1b33170a, 0x1b33170b},
    {PLATO_FRAMING_MSGCMD, MSGCMD_LOGIN_HEX "00000000", PLATO_ERR_EMPTY_FRAME, 10, 10, 0, 1},
    {PLATO_FRAMING_MSGCMD, "01000001", PLATO_ERR_BODY_TOO_LONG, 0, 0, 16777217, 16777216},
    /* the variant's MsgCmd: offsets of the tag or value at fault */
    {PLATO_FRAMING_MSGCMD, MSGCMD_LOGIN_HEX "00000004 0801 1205", PLATO_ERR_WIRE_TRUNCATED, 10,
     10 + 4 + 3, 0, 0},
    {PLATO_FRAMING_MSGCMD, "00000003 0801 0b", PLATO_ERR_WIRE_TYPE, 0, 4 + 2, 0, 0},
    {PLATO_FRAMING_MSGCMD, "00000002 0001", PLATO_ERR_WIRE_FIELD_NUMBER, 0, 4, 0, 0},
    {PLATO_FRAMING_MSGCMD, "0000000b 08 ffffffffffffffffff02", PLATO_ERR_WIRE_VARINT, 0, 4 + 1, 0,
     0},
};

static void check_error(plato_decoder *d, const error_case *c)
{
    const plato_error *e = plato_decoder_error(d);
    ck_assert_int_eq(e->code, c->code);
    ck_assert_str_eq(e->name, plato_err_name(c->code));
    ck_assert_str_eq(e->text, plato_strerror(c->code));
    ck_assert_uint_eq(e->frame_offset, c->frame_offset);
    ck_assert_uint_eq(e->offset, c->offset);
    ck_assert_uint_eq(e->got, c->got);
    ck_assert_uint_eq(e->limit, c->limit);
    ck_assert_uint_eq(plato_decoder_hint(d), 0);
    ck_assert_uint_eq(plato_decoder_offset(d), c->frame_offset);
}

/* Whatever is called after an error, the error is what it says. */
static void check_sticky(plato_decoder *d, const error_case *c)
{
    plato_event event;
    bytes more = bytes_of_hex(HEARTBEAT_HEX);
    ck_assert_int_eq(plato_decoder_next(d, &event), c->code);
    plato_decoder_input(d, more.p, more.n);
    ck_assert_int_eq(plato_decoder_next(d, &event), c->code);
    ck_assert_int_eq(plato_decoder_feed(d, more.p, more.n), c->code);
    ck_assert_int_eq(plato_decoder_feed(d, NULL, 0), c->code);
    ck_assert_int_eq(plato_decoder_finish(d), c->code);
    check_error(d, c);
    bytes_free(&more);
}

static plato_decoder *new_decoder(plato_framing framing)
{
    plato_decoder_config config = sample_config(framing, PLATO_EVENT_FRAME);
    plato_decoder *d;
    ck_assert_int_eq(plato_decoder_new(&config, NULL, &d), PLATO_OK);
    ck_assert_int_eq(plato_decoder_error(d)->code, PLATO_OK);
    ck_assert_ptr_nonnull(plato_decoder_error(d)->name);
    ck_assert_ptr_nonnull(plato_decoder_error(d)->text);
    return d;
}

START_TEST(errors_in_full)
{
    for (size_t i = 0; i < sizeof error_cases / sizeof error_cases[0]; i++) {
        const error_case *c = &error_cases[i];
        bytes stream = bytes_of_hex(c->hex);
        for (int byte_wise = 0; byte_wise < 2; byte_wise++) {
            plato_decoder *d = new_decoder(c->framing);
            ptrdiff_t rc = 0;
            const size_t piece = byte_wise ? 1 : stream.n;
            for (size_t at = 0; at < stream.n && rc >= 0; at += piece)
                rc = plato_decoder_feed(d, stream.p + at, piece);
            ck_assert_int_eq(rc, c->code);
            check_error(d, c);
            check_sticky(d, c);
            plato_decoder_free(d);
        }
        bytes_free(&stream);
    }
}
END_TEST

START_TEST(limits_are_the_callers)
{
    plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_FRAME);
    bytes up = bytes_of_hex(UP_HEX);
    static const struct {
        uint32_t head, body;
        int rc;
    } rows[] = {{6, 2, 1}, {5, 2, PLATO_ERR_VAR_HEAD_TOO_LONG}, {6, 1, PLATO_ERR_BODY_TOO_LONG}};
    for (size_t i = 0; i < 3; i++) {
        plato_decoder *d;
        plato_event event;
        config.limits = (plato_limits){rows[i].head, rows[i].body};
        ck_assert_int_eq(plato_decoder_new(&config, NULL, &d), PLATO_OK);
        plato_decoder_input(d, up.p, up.n);
        ck_assert_int_eq(plato_decoder_next(d, &event), rows[i].rc);
        plato_decoder_free(d);
    }
    bytes_free(&up);
}
END_TEST

START_TEST(reset_begins_anew)
{
    plato_decoder *d = new_decoder(PLATO_FRAMING_HEADER);
    plato_event event;
    bytes bad = bytes_of_hex("0104 01000001 00000000 00000000");
    bytes up = bytes_of_hex(UP_HEX);
    ck_assert_int_eq(plato_decoder_feed(d, bad.p, bad.n), PLATO_ERR_BODY_TOO_LONG);
    plato_decoder_reset(d, 1000);
    ck_assert_int_eq(plato_decoder_error(d)->code, PLATO_OK);
    ck_assert_uint_eq(plato_decoder_offset(d), 1000);
    ck_assert_int_eq(plato_decoder_finish(d), PLATO_OK);
    plato_decoder_input(d, up.p, up.n);
    ck_assert_int_eq(plato_decoder_next(d, &event), 1);
    ck_assert_uint_eq(event.offset, 1000);
    ck_assert_uint_eq(plato_decoder_offset(d), 1000 + 22);

    /* inside a frame, with part of it gathered */
    ck_assert_int_eq(plato_decoder_feed(d, up.p, 17), 17);
    plato_decoder_reset(d, 5);
    ck_assert_int_eq(plato_decoder_feed(d, up.p, up.n), (ptrdiff_t)up.n);
    ck_assert_int_eq(plato_decoder_error(d)->code, PLATO_OK);
    ck_assert_uint_eq(plato_decoder_offset(d), 5 + 22);
    /* and the offset carries into errors */
    ck_assert_int_eq(plato_decoder_feed(d, bad.p, bad.n), PLATO_ERR_BODY_TOO_LONG);
    ck_assert_uint_eq(plato_decoder_error(d)->offset, 5 + 22 + 2);
    plato_decoder_free(d);
    bytes_free(&bad);
    bytes_free(&up);
}
END_TEST

/* At every length of the example UP: how much came and how much was needed. */
START_TEST(finish_inside_a_frame)
{
    bytes up = bytes_of_hex(UP_HEX);
    for (size_t n = 0; n <= up.n; n++) {
        plato_decoder *d = new_decoder(PLATO_FRAMING_HEADER);
        ck_assert_int_eq(plato_decoder_feed(d, up.p, n), (ptrdiff_t)n);
        const plato_err expected = n == 0 || n == up.n ? PLATO_OK : PLATO_ERR_TRUNCATED;
        ck_assert_int_eq(plato_decoder_finish(d), expected);
        const plato_error *e = plato_decoder_error(d);
        ck_assert_int_eq(e->code, expected);
        if (expected != PLATO_OK) {
            ck_assert_uint_eq(e->got, n);
            ck_assert_uint_eq(e->limit, n < 14 ? 14 : 22);
            ck_assert_int_eq(plato_decoder_feed(d, up.p, 1), PLATO_ERR_TRUNCATED);
        }
        plato_decoder_free(d);
    }
    bytes_free(&up);
}
END_TEST

typedef struct pauser {
    plato_event_kind kind;
    bool paused;
} pauser;

static int pause_at(void *user, const plato_event *event)
{
    pauser *p = user;
    p->paused = event->kind == p->kind;
    return p->paused ? PLATO_PAUSE : PLATO_CONTINUE;
}

/* Paused inside a frame of which everything has come: it is not cut off, and is still handed out.
 */
static void finish_while_paused(const char *hex, plato_event_kind kind, size_t piece, bool whole)
{
    plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_ALL);
    bytes stream = bytes_of_hex(hex);
    pauser p = {kind, false};
    plato_decoder *d;
    size_t at = 0;
    config.handler = pause_at;
    config.user = &p;
    ck_assert_int_eq(plato_decoder_new(&config, NULL, &d), PLATO_OK);
    while (!p.paused) {
        const size_t left = stream.n - at;
        const ptrdiff_t used = plato_decoder_feed(d, stream.p + at, piece < left ? piece : left);
        ck_assert_int_gt(used, 0);
        at += (size_t)used;
    }
    ck_assert_int_eq(plato_decoder_finish(d), whole ? PLATO_OK : PLATO_ERR_TRUNCATED);
    if (whole) { /* what is left to say needs no further bytes */
        p.kind = PLATO_EVENT_FRAME;
        ck_assert_uint_eq(at, stream.n);
        ck_assert_int_eq(plato_decoder_feed(d, NULL, 0), 0);
        ck_assert(p.paused);
        ck_assert_uint_eq(plato_decoder_offset(d), stream.n);
        ck_assert_int_eq(plato_decoder_finish(d), PLATO_OK);
    }
    plato_decoder_free(d);
    bytes_free(&stream);
}

START_TEST(finish_in_a_pause)
{
    finish_while_paused(HEARTBEAT_HEX, PLATO_EVENT_HEADER, 100, true);
    finish_while_paused(HEARTBEAT_HEX, PLATO_EVENT_HEADER, 1, true);
    finish_while_paused(HEARTBEAT_HEX, PLATO_EVENT_VAR_HEAD, 100, true);
    finish_while_paused(HEARTBEAT_HEX, PLATO_EVENT_BODY, 100, true);
    finish_while_paused(UP_HEX, PLATO_EVENT_BODY, 1, true); /* gathered: the decoder has it all */
    finish_while_paused(UP_HEX, PLATO_EVENT_HEADER, 14, false);
    finish_while_paused(UP_HEX, PLATO_EVENT_HEADER, 100, false); /* the rest was not given again */
}
END_TEST

START_TEST(wrong_arguments)
{
    plato_decoder_config config;
    plato_decoder *d = NULL;
    plato_decoder_config_init(&config);
    config.framing = (plato_framing)3;
    ck_assert_int_eq(plato_decoder_new(&config, NULL, &d), PLATO_ERR_ARGUMENT);
    plato_decoder_config_init(&config);
    config.size = 0;
    ck_assert_int_eq(plato_decoder_new(&config, NULL, &d), PLATO_ERR_ARGUMENT);
    config.size = sizeof config + 1;
    ck_assert_int_eq(plato_decoder_new(&config, NULL, &d), PLATO_ERR_ARGUMENT);
    ck_assert_ptr_null(d);
    plato_decoder_free(NULL);
}
END_TEST

/* A caller that knows only the first members: the others are the defaults. */
START_TEST(config_of_an_older_caller)
{
    plato_decoder_config config;
    plato_decoder *d;
    memset(&config, 0xff, sizeof config);
    config.size = offsetof(plato_decoder_config, limits);
    config.framing = PLATO_FRAMING_HEADER;
    ck_assert_int_eq(plato_decoder_new(&config, NULL, &d), PLATO_OK);
    bytes bad = bytes_of_hex("0104 01000001 00000000 00000000");
    ck_assert_int_eq(plato_decoder_feed(d, bad.p, bad.n), PLATO_ERR_BODY_TOO_LONG);
    plato_decoder_free(d);
    bytes_free(&bad);
}
END_TEST

/* No byte after the input is read, wherever the input ends. */
START_TEST(no_read_behind_the_input)
{
    for (size_t s = 0; s < sample_count; s++) {
        bytes stream = bytes_of_hex(samples[s].hex);
        for (unsigned i = 0; i < SAMPLE_CONFIGS; i++) {
            plato_decoder_config config = sample_config(samples[s].framing, i);
            for (size_t n = 0; n <= stream.n; n++) {
                plato_decoder *d;
                uint8_t *copy = guarded_copy(stream.p, n);
                ck_assert_int_eq(plato_decoder_new(&config, NULL, &d), PLATO_OK);
                const ptrdiff_t used = plato_decoder_feed(d, copy, n);
                ck_assert(used == (ptrdiff_t)n || used == plato_decoder_error(d)->code);
                plato_decoder_free(d);
                guarded_free(copy, n);
            }
        }
        bytes_free(&stream);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        errors_in_full,
        limits_are_the_callers,
        reset_begins_anew,
        finish_inside_a_frame,
        finish_in_a_pause,
        wrong_arguments,
        config_of_an_older_caller,
        no_read_behind_the_input,
    };
    return RUN_TESTS("decoder_errors", tests);
}
