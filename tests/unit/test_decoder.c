/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes out of the decoder does not depend on how the bytes were cut. */
#include "plato/decoder.h"

#include "random.h"
#include "run_tests.h"
#include "sample_streams.h"
#include "trace.h"

#include <stdio.h>
#include <string.h>

typedef struct cut_case {
    const char *name;
    plato_decoder_config config;
    bytes stream;
    bytes expected; /* the trace at once */
} cut_case;

static void check_plan(const cut_case *c, const char *how, const trace_plan *plan)
{
    bytes trace = trace_of(&c->config, c->stream.p, c->stream.n, plan);
    if (trace.n != c->expected.n || memcmp(trace.p, c->expected.p, trace.n) != 0) {
        char cuts[128] = "";
        for (size_t i = 0, at = 0; i < plan->cut_count && at < 100; i++)
            at += (size_t)snprintf(cuts + at, sizeof cuts - at, " %zu", plan->cuts[i]);
        ck_abort_msg("%s, %s (events %u, stream_body %d), cut at%s:\n%s\nat once:\n%s", c->name,
                     how, c->config.events, c->config.stream_body, cuts, (char *)trace.p,
                     (char *)c->expected.p);
    }
    bytes_free(&trace);
}

static void check_cuts(const cut_case *c, const size_t *cuts, size_t count)
{
    static const struct {
        const char *how;
        trace_plan plan;
    } ways[] = {
        {"pulled", {0}},
        {"pushed", {.push = true}},
        {"paused at every event", {.push = true, .pause = true}},
        {"paused, the rest cut shorter", {.push = true, .pause = true, .cut_rest = 7}},
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        trace_plan plan = ways[i].plan;
        plan.cuts = cuts;
        plan.cut_count = count;
        check_plan(c, ways[i].how, &plan);
    }
}

static cut_case begin_case(const sample *s, unsigned config)
{
    cut_case c = {s->name, sample_config(s->framing, config), bytes_of_hex(s->hex), {0}};
    c.expected = trace_of(&c.config, c.stream.p, c.stream.n, &(trace_plan){0});
    return c;
}

static void end_case(cut_case *c)
{
    bytes_free(&c->stream);
    bytes_free(&c->expected);
}

/* Calls `check` for every sample and configuration. */
static void for_all_cases(void (*check)(const cut_case *))
{
    for (size_t s = 0; s < sample_count; s++) {
        for (unsigned config = 0; config < SAMPLE_CONFIGS; config++) {
            cut_case c = begin_case(&samples[s], config);
            check(&c);
            end_case(&c);
        }
    }
}

static void check_whole(const cut_case *c)
{
    check_cuts(c, NULL, 0);
}

static void check_byte_by_byte(const cut_case *c)
{
    size_t cuts[128];
    for (size_t i = 0; i < c->stream.n; i++)
        cuts[i] = i + 1;
    ck_assert_uint_le(c->stream.n, 128);
    check_cuts(c, cuts, c->stream.n);
}

static void check_every_split(const cut_case *c)
{
    for (size_t cut = 1; cut < c->stream.n; cut++)
        check_cuts(c, &cut, 1);
}

START_TEST(all_forms_agree)
{
    for_all_cases(check_whole);
}
END_TEST

START_TEST(byte_by_byte)
{
    for_all_cases(check_byte_by_byte);
}
END_TEST

START_TEST(every_split_point)
{
    for_all_cases(check_every_split);
}
END_TEST

START_TEST(every_pair_of_splits)
{
    static const unsigned configs[] = {PLATO_EVENT_FRAME, PLATO_EVENT_ALL | 32,
                                       PLATO_EVENT_ALL | 16 | 32,
                                       PLATO_EVENT_BODY | PLATO_EVENT_FRAME | 16};
    for (size_t s = 0; s < sample_count; s++) {
        for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
            cut_case c = begin_case(&samples[s], configs[i]);
            for (size_t a = 1; a < c.stream.n && c.stream.n < 64; a++) {
                for (size_t b = a + 1; b < c.stream.n; b++) {
                    const size_t cuts[2] = {a, b};
                    check_plan(&c, "pulled", &(trace_plan){.cuts = cuts, .cut_count = 2});
                }
            }
            end_case(&c);
        }
    }
}
END_TEST

/* A stream of frames with spans of random lengths, some damaged. */
static bytes random_stream(rng *r, plato_framing framing)
{
    static const size_t lengths[] = {0, 0, 1, 5, 40, 300, 3000};
    uint8_t noise[3000];
    bytes stream = {0};
    for (size_t i = rng_below(r, 8) + 1; i > 0; i--) {
        const plato_span head = {noise, lengths[rng_below(r, 6)]};
        const plato_span body = {noise, lengths[rng_below(r, 7)]};
        rng_fill(r, noise, sizeof noise);
        const size_t start = stream.n;
        if (framing == PLATO_FRAMING_HEADER)
            bytes_add_frame(&stream, 1, (uint8_t)rng_below(r, 8), head, body);
        else
            bytes_add_msgcmd(&stream, (uint32_t)rng_below(r, 8) + 1, body);
        if (rng_below(r, 10) == 0) /* after the lengths, so that the framing holds */
            stream.p[stream.n - 1 - rng_below(r, 4 < stream.n - start ? 4 : 1)] ^= 1;
    }
    return stream;
}

static size_t random_cuts(rng *r, size_t n, size_t *cuts, size_t most)
{
    size_t count = 0;
    for (size_t at = 0; at < n && count < most;) {
        at += 1 + rng_below(r, rng_below(r, 3) == 0 ? 1000 : 20);
        cuts[count++] = at;
    }
    return count;
}

START_TEST(random_streams_and_cuts)
{
    rng r = {20240101};
    for (int round = 0; round < 600; round++) {
        size_t cuts[200];
        const plato_framing framing = round % 4 ? PLATO_FRAMING_HEADER : PLATO_FRAMING_MSGCMD;
        cut_case c = {"random",
                      sample_config(framing, (unsigned)rng_below(&r, SAMPLE_CONFIGS)),
                      random_stream(&r, framing),
                      {0}};
        c.config.crc.coverage = (plato_crc_coverage)rng_below(&r, 4);
        c.config.crc.polynomial = (plato_crc_polynomial)rng_below(&r, 2);
        c.expected = trace_of(&c.config, c.stream.p, c.stream.n, &(trace_plan){0});
        for (int i = 0; i < 4; i++)
            check_cuts(&c, cuts, random_cuts(&r, c.stream.n, cuts, 200));
        end_case(&c);
    }
}
END_TEST

/* The text of the whole trace, once, from the specification: the equalities above hold for a
 * decoder that says nothing as well. */
START_TEST(trace_of_the_examples)
{
    static const char expected[] =
        "\nHEADER at 0 crc 0: version 1 length 0 head 3 crc df9cbc57 type 0"
        "\nVAR_HEAD at 0 crc 0: version 1 length 0 head 3 crc df9cbc57 type 0 var_head 08e907"
        "\nBODY at 0 of type 0 "
        "\nFRAME at 0 crc 1: version 1 length 0 head 3 crc df9cbc57 type 0 var_head 08e907 body "
        "\nHEADER at 17 crc 0: version 1 length 0 head 0 crc 1b33170b type 1"
        "\nVAR_HEAD at 17 crc 0: version 1 length 0 head 0 crc 1b33170b type 1 var_head "
        "\nBODY at 17 of type 1 "
        "\nFRAME at 17 crc 1: version 1 length 0 head 0 crc 1b33170b type 1 var_head  body "
        "\nHEADER at 31 crc 0: version 1 length 2 head 6 crc 155ed83d type 4"
        "\nVAR_HEAD at 31 crc 0: version 1 length 2 head 6 crc 155ed83d type 4 var_head "
        "08011007182a"
        "\nBODY at 31 of type 4 6869"
        "\nFRAME at 31 crc 1: version 1 length 2 head 6 crc 155ed83d type 4 var_head 08011007182a "
        "body 6869"
        "\nend PLATO_OK at frame 0 field 0 got 0 limit 0, next frame at 53\n";
    cut_case c = begin_case(&samples[0], PLATO_EVENT_ALL);
    ck_assert_str_eq((char *)c.expected.p, expected);
    end_case(&c);
}
END_TEST

START_TEST(bad_crc_is_handed_out_when_accepted)
{
    plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_FRAME | 32);
    bytes stream = bytes_of_hex(samples[1].hex);
    plato_decoder *d;
    plato_event e;
    ck_assert_int_eq(plato_decoder_new(&config, NULL, &d), PLATO_OK);
    plato_decoder_input(d, stream.p, stream.n);
    static const plato_crc_status expected[] = {PLATO_CRC_GOOD, PLATO_CRC_BAD, PLATO_CRC_GOOD};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(plato_decoder_next(d, &e), 1);
        ck_assert_int_eq(e.crc, expected[i]);
    }
    ck_assert_int_eq(plato_decoder_next(d, &e), 0);
    plato_decoder_free(d);
    bytes_free(&stream);
}
END_TEST

/* Frames of each coverage and polynomial are good under their own kind only. */
START_TEST(crc_kinds)
{
    const plato_span head = {(const uint8_t *)"\x08\x05", 2};
    const plato_span body = {(const uint8_t *)"abc", 3};
    for (unsigned made = 0; made < 6; made++) {
        const plato_crc_kind kind = {made % 3, made / 3};
        bytes stream = {0};
        bytes_add_frame_kind(&stream, 1, PLATO_UP, head, body, kind);
        for (unsigned tried = 0; tried < 6; tried++) {
            plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_FRAME);
            plato_decoder *d;
            config.crc = (plato_crc_kind){tried % 3, tried / 3};
            ck_assert_int_eq(plato_decoder_new(&config, NULL, &d), PLATO_OK);
            const ptrdiff_t used = plato_decoder_feed(d, stream.p, stream.n);
            ck_assert_int_eq(used, made == tried ? (ptrdiff_t)stream.n : PLATO_ERR_CRC);
            plato_decoder_free(d);
        }
        bytes_free(&stream);
    }
}
END_TEST

/* ---- hint ---- */

static void check_by_hint(const cut_case *c)
{
    check_plan(c, "by hint", &(trace_plan){.by_hint = true});
}

START_TEST(reading_by_hint)
{
    for_all_cases(check_by_hint);
}
END_TEST

/* Fed byte by byte, no event or error comes before the hint said it could. */
static void check_hint_is_a_minimum(const cut_case *c)
{
    plato_decoder *d;
    plato_event event;
    int rc = 0;
    uint64_t not_before = 0;
    ck_assert_int_eq(plato_decoder_new(&c->config, NULL, &d), PLATO_OK);
    for (size_t at = 0; at < c->stream.n && rc == 0; at++) {
        const uint64_t hint = plato_decoder_hint(d);
        ck_assert_uint_ge(hint, 1);
        if (at + hint > not_before)
            not_before = at + hint;
        plato_decoder_input(d, c->stream.p + at, 1);
        rc = plato_decoder_next(d, &event);
        if (rc == 0)
            continue;
        ck_assert_msg(at + 1 >= not_before, "%s: event or error at %zu, hint said %zu (events %u)",
                      c->name, at + 1, (size_t)not_before, c->config.events);
        not_before = 0;
        while (rc > 0)
            rc = plato_decoder_next(d, &event);
    }
    ck_assert(rc >= 0 || plato_decoder_hint(d) == 0);
    plato_decoder_free(d);
}

START_TEST(hint_is_a_minimum)
{
    for_all_cases(check_hint_is_a_minimum);
}
END_TEST

/* One read for the header and one for the payload: the hint is as long as it may be. */
START_TEST(hint_takes_two_reads_per_frame)
{
    rng r = {5};
    for (int round = 0; round < 50; round++) {
        uint8_t noise[5000];
        plato_decoder *d;
        plato_event event;
        bytes stream = {0};
        size_t at = 0;
        rng_fill(&r, noise, sizeof noise);
        bytes_add_frame(&stream, 1, 4, (plato_span){noise, 1 + rng_below(&r, 100)},
                        (plato_span){noise, rng_below(&r, 4000)});
        ck_assert_int_eq(plato_decoder_new(NULL, NULL, &d), PLATO_OK);
        for (int reads = 1; reads <= 2; reads++) {
            const size_t n = (size_t)plato_decoder_hint(d);
            ck_assert_uint_le(at + n, stream.n);
            plato_decoder_input(d, stream.p + at, n);
            at += n;
            ck_assert_int_eq(plato_decoder_next(d, &event), reads == 2);
        }
        ck_assert_uint_eq(at, stream.n);
        plato_decoder_free(d);
        bytes_free(&stream);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        all_forms_agree,
        byte_by_byte,
        every_split_point,
        every_pair_of_splits,
        random_streams_and_cuts,
        trace_of_the_examples,
        bad_crc_is_handed_out_when_accepted,
        crc_kinds,
        reading_by_hint,
        hint_is_a_minimum,
        hint_takes_two_reads_per_frame,
    };
    return RUN_TESTS("decoder", tests);
}
