/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bounds the state, what happens there, and that nothing in a frame can do harm. */
#include "counting_allocator.h"
#include "generate.h"
#include "random.h"
#include "run_history.h"
#include "run_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW ((uint64_t)ANALYSIS_WINDOW)

/* ---- small helpers: one analysis, frames numbered as they come ---- */

static analysis_state *analysis;
static uint32_t last_number;

static void begin(const analysis_limits *limits)
{
    analysis = analysis_new_with_limits(NULL, NULL, limits);
    last_number = 0;
}

static void end(void)
{
    analysis_free(analysis);
}

static const analysis_record *feed(const char *format, uint64_t id)
{
    char line[LINE_MAX_LEN];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(line, sizeof line, format, (unsigned long long)id);
#pragma GCC diagnostic pop
    const event e = event_parse(line);
    return feed_event(analysis, &e, ++last_number, NULL);
}

static void check_said(const analysis_record *record, const char *said)
{
    char text[OUTCOME_MAX];
    outcome_of(analysis, record, text);
    ck_assert_str_eq(text, said);
}

/* ---- the bounds ---- */

START_TEST(repeats_are_recognised_over_the_last_ids)
{
    begin(NULL);
    for (uint64_t id = 1; id <= WINDOW + 10; id++) {
        (void)feed("0 c1 up 42/%llu a", id);
        (void)feed("0 c1 ack up 42/%llu msg=1", id);
    }
    check_said(feed("0 c1 up 42/%llu a", 11), "dup=21 in=22");
    check_said(feed("0 c1 up 42/%llu b", 11), "conflict");
    check_said(feed("0 c1 up 42/%llu a", 10), "unacked"); /* forgotten: neither verdict */
    check_said(feed("0 c1 up 42/%llu a", 10), "dup=2071");
    end();
}
END_TEST

START_TEST(what_is_answered_is_released)
{
    begin(NULL);
    for (uint64_t id = 1; id <= 20000; id++) {
        (void)feed("0 c1 up 42/%llu a", id);
        (void)feed("0 c1 push 43/%llu a", id);
        if (id % 5000 == 0)
            (void)feed("0 c1 ack push 43/%llu", id);
        (void)feed("0 c1 ack up 42/%llu msg=7", id);
        (void)feed("0 c1 sync %llu", id);
        (void)feed("0 c1 ack sync %llu", id);
    }
    ck_assert_uint_le(g_hash_table_size(analysis->windows.entries), 2 * WINDOW);
    ck_assert_uint_le(g_hash_table_size(analysis->messages), 2 * WINDOW);
    ck_assert_uint_eq(g_hash_table_size(analysis->syncs), 0);
    end();
}
END_TEST

START_TEST(an_open_request_waits_beyond_the_window)
{
    begin(NULL);
    const analysis_record *up = feed("0 c1 up 42/%llu a", 1);
    for (uint64_t id = 2; id <= 3 * WINDOW; id++) {
        (void)feed("0 c1 up 42/%llu a", id);
        (void)feed("0 c1 ack up 42/%llu msg=1", id);
    }
    check_said(feed("0 c1 up 42/%llu a", 1), "dup=1");
    check_said(feed("5 c1 ack up 42/%llu msg=1", 1), "to=1 rt=5");
    check_said(up, "in=6145");
    check_said(feed("0 c1 ack up 42/%llu msg=1", 1), "-"); /* released */
    end();
}
END_TEST

START_TEST(an_ack_covers_pushes_beyond_the_window)
{
    begin(NULL);
    const analysis_record *first = feed("0 c1 push 42/%llu a", 1);
    for (uint64_t id = 2; id <= 3 * WINDOW; id++)
        (void)feed("0 c1 push 42/%llu a", id);
    (void)feed("0 c1 ack push 42/%llu", 3 * WINDOW);
    check_said(first, "in=3073");
    ck_assert_uint_le(g_hash_table_size(analysis->windows.entries), WINDOW);
    end();
}
END_TEST

/* Two recent and two older ones are remembered: the first is given up, and stays unacked. */
START_TEST(beyond_the_bound_the_oldest_open_request_is_given_up)
{
    static const analysis_limits limits = {.window = 2, .max_open = 2, .holes = 8};
    static const row rows[] = {{"0 c1 push 42/1 a", "unacked"}, {"0 c1 push 42/2 a", "in=6"},
                               {"0 c1 push 42/3 a", "in=6"},    {"0 c1 push 42/4 a", "in=6"},
                               {"0 c1 push 42/5 a", "in=6"},    {"0 c1 ack push 42/5", "to=5 rt=0"},
                               {"0 c1 ack push 42/1", "-"},     {"0 c1 push 42/1 a", "-"}};
    check_rows(rows, sizeof rows / sizeof rows[0], NULL, &limits);
}
END_TEST

/* Holes 2-2, 4-4 and 6-6, of which two are kept: what fills the lowest gets no verdict. */
START_TEST(beyond_the_bound_the_lowest_hole_is_forgotten)
{
    static const analysis_limits limits = {.window = 100, .max_open = 100, .holes = 2};
    static const row rows[] = {{"0 c1 up 42/1 a", "unacked"},
                               {"0 c1 up 42/3 a", "gap=2-2 unacked"},
                               {"0 c1 up 42/5 a", "gap=4-4 unacked"},
                               {"0 c1 up 42/7 a", "gap=6-6 unacked"},
                               {"0 c1 up 42/2 a", "unacked"},
                               {"0 c1 up 42/4 a", "late-id fills=3 unacked"},
                               {"0 c1 up 42/6 a", "late-id fills=4 unacked"},
                               {"0 c1 up 42/20 a", "gap=8-19 unacked"},
                               {"0 c1 up 42/10 a", "late-id fills=8 unacked"},
                               {"0 c1 up 42/15 a", "late-id fills=8 unacked"},
                               {"0 c1 up 42/8 a", "unacked"},
                               {"0 c1 up 42/11 a", "late-id fills=8 unacked"},
                               {"0 c1 up 42/1 a", "dup=1"}};
    check_rows(rows, sizeof rows / sizeof rows[0], NULL, &limits);
}
END_TEST

START_TEST(holes_are_bounded)
{
    begin(NULL);
    for (uint64_t id = 1; id <= 5 * WINDOW; id++)
        (void)feed("0 c1 up 42/%llu a", 2 * id);
    check_said(feed("0 c1 up 42/%llu a", 8 * WINDOW + 1), "late-id fills=4097 unacked");
    check_said(feed("0 c1 up 42/%llu a", 8 * WINDOW - 1), "unacked");
    end();
}
END_TEST

/* ClientID 1 is used again by another session, which makes it one of the last two. */
START_TEST(a_client_id_of_the_variant_that_is_used_again_counts_as_new)
{
    static const analysis_limits limits = {.window = 2, .max_open = 2, .holes = 8};
    static const row rows[] = {{"0 m1 up roomA/1 a", "in=2"},    {"0 m1 ack up 0/1", "to=1 rt=0"},
                               {"0 m1 up roomA/2 a", "in=4"},    {"0 m1 ack up 0/2", "to=3 rt=0"},
                               {"0 m1 up roomB/1 a", "in=8"},    {"0 m1 up roomA/3 a", "in=7"},
                               {"0 m1 ack up 0/3", "to=6 rt=0"}, {"0 m1 ack up 0/1", "to=5 rt=0"},
                               {"0 m1 ack up 0/1", "to=5 rt=0"}};
    check_rows(rows, sizeof rows / sizeof rows[0], NULL, &limits);
}
END_TEST

START_TEST(messages_of_a_session_are_bounded)
{
    static const analysis_limits limits = {.window = 2, .max_open = 2, .holes = 8};
    static const row rows[] = {{"0 c1 up 42/1 a", "in=2"},
                               {"0 c1 ack up 42/1 msg=1", "to=1 rt=0"},
                               {"0 c1 up 42/2 a", "in=4 for=7"},
                               {"0 c1 ack up 42/2 msg=2", "to=3 rt=0"},
                               {"0 c1 up 42/3 a", "in=6"},
                               {"0 c1 ack up 42/3 msg=3", "to=5 rt=0"},
                               {"0 c2 push 42/2 a", "of=3 dt=0 unacked"},
                               {"0 c3 push 42/1 a", "unacked"}};
    check_rows(rows, sizeof rows / sizeof rows[0], NULL, &limits);
}
END_TEST

START_TEST(acks_without_a_request_are_bounded)
{
    static const analysis_limits limits = {
        .window = 100, .max_open = 100, .holes = 8, .early_acks = 2};
    static const row rows[] = {{"0 c1 ack up 42/1 msg=1", "-"},  {"0 c1 ack up 42/2 msg=2", "-"},
                               {"0 c1 ack push 42/9", "-"},      {"0 c1 ack up 42/2 msg=2", "-"},
                               {"0 c1 ack push 42/10", "-"},     {"0 c1 up 42/1 a", "unacked"},
                               {"0 c1 push 42/10 a", "gap=3-9"}, {"0 c1 up 42/2 a", "-"}};
    check_rows(rows, sizeof rows / sizeof rows[0], NULL, &limits);
}
END_TEST

/* Eight contents of one id are distinguished; a ninth is a conflict like the others. */
START_TEST(contents_of_an_id_are_bounded)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "in=10"}, {"0 c1 up 42/1 b", "conflict"},
               {"0 c1 up 42/1 c", "conflict"}, {"0 c1 up 42/1 d", "conflict"},
               {"0 c1 up 42/1 e", "conflict"}, {"0 c1 up 42/1 f", "conflict"},
               {"0 c1 up 42/1 g", "conflict"}, {"0 c1 up 42/1 h", "conflict for=11"},
               {"0 c1 up 42/1 i", "conflict"}, {"0 c1 ack up 42/1 msg=5", "to=1 rt=0"},
               {"0 c2 push 42/5 h", "of=8 dt=0 unacked"}, {"0 c3 push 42/5 i", "unacked"});
}
END_TEST

START_TEST(session_names_are_compared_over_their_first_bytes)
{
    uint8_t name[600];
    plato_head head = {.msg_type = PLATO_UP, .up = {.client_id = 1, .session_name = {name, 256}}};
    analysis_observation o = {
        .number = 1, .connection = 1, .framing = PLATO_FRAMING_MSGCMD, .head = &head};
    memset(name, 'x', sizeof name);
    begin(NULL);
    (void)analysis_frame(analysis, &o);
    o.number = 2;
    head.up.session_name.n = sizeof name;
    check_said(analysis_frame(analysis, &o), "dup=1");
    o.number = 3;
    head.up.session_name.n = 255;
    check_said(analysis_frame(analysis, &o), "unacked");
    end();
}
END_TEST

/* ---- frames that had to wait: they come after frames of later packets ---- */

static const analysis_record *feed_up(uint32_t packet, uint64_t client_id)
{
    const plato_head head = {.msg_type = PLATO_UP, .up = {.client_id = client_id, .session_id = 4}};
    const analysis_observation o = {.number = packet,
                                    .connection = 1,
                                    .framing = PLATO_FRAMING_MSGCMD,
                                    .time_ns = (int64_t)packet * 1000000000,
                                    .head = &head};
    return analysis_frame(analysis, &o);
}

static const analysis_record *feed_ack(uint32_t packet, uint64_t client_id)
{
    const plato_head head = {.msg_type = PLATO_ACK,
                             .ack = {.type = PLATO_UP, .client_id = client_id}};
    const analysis_observation o = {.number = packet,
                                    .connection = 1,
                                    .direction = ANALYSIS_DOWNSTREAM,
                                    .framing = PLATO_FRAMING_MSGCMD,
                                    .time_ns = (int64_t)packet * 1000000000,
                                    .head = &head};
    return analysis_frame(analysis, &o);
}

START_TEST(a_frame_that_waited_leaves_later_losses_to_later_frames)
{
    begin(NULL);
    check_said(feed_up(1, 1), "unacked");
    (void)analysis_loss(analysis, 1, ANALYSIS_UPSTREAM, 5);
    check_said(feed_up(5, 5), "missing unacked");
    (void)analysis_loss(analysis, 1, ANALYSIS_UPSTREAM, 9);
    check_said(feed_up(7, 6), "missing unacked");
    check_said(feed_up(8, 8), "gap=7-7 unacked");
    end();
    begin(NULL);
    check_said(feed_up(1, 1), "unacked");
    check_said(feed_ack(9, 1), "to=1 rt=8000 slow");
    check_said(feed_up(9, 2), "unacked");
    (void)analysis_loss(analysis, 1, ANALYSIS_UPSTREAM, 10);
    check_said(feed_up(8, 3), "missing unacked");
    check_said(feed_up(10, 5), "unacked");
    check_said(feed_up(11, 7), "gap=6-6 unacked");
    end();
}
END_TEST

/* It is of an earlier packet than the ACK that was fed before it. */
START_TEST(a_request_that_waited_has_its_response)
{
    begin(NULL);
    const analysis_record *ack = feed_ack(7, 1);
    check_said(ack, "-");
    check_said(feed_up(5, 1), "in=7");
    const analysis_verdict v = analysis_get_verdict(analysis, ack);
    ck_assert_uint_eq(v.response_to, 5);
    ck_assert_int_eq(v.response_time_ns, 2000000000);
    ck_assert_uint_eq(v.flags, ANALYSIS_HAS_RESPONSE_TIME | ANALYSIS_SLOW_RESPONSE);
    ck_assert_uint_eq(v.later_flags, v.flags);
    ack = feed_ack(8, 2);
    check_said(feed_up(9, 2), "-");
    check_said(ack, "-");
    end();
}
END_TEST

/* ---- harm ---- */

/* Every frame that the verdict names has been fed. */
static void check_can_be_told(const analysis_record *record)
{
    char text[OUTCOME_MAX];
    outcome_of(analysis, record, text);
    ck_assert_uint_gt(strlen(text), 0);
}

static void feed_anything(const analysis_limits *limits, uint64_t seed, uint32_t frames)
{
    static const int64_t times[] = {INT64_MIN, INT64_MAX, 0, -1, 1};
    rng r = {seed};
    begin(limits);
    for (uint32_t n = 1; n <= frames; n++) {
        const event e = generate_event(&r.state, true, PLATO_FRAMING_HEADER, 0);
        if (e.is_loss) {
            (void)analysis_loss(analysis, e.connection, e.direction, n);
            analysis_loss_filled(analysis, (uint32_t)rng_below(&r, n));
            continue;
        }
        const analysis_observation o = {.number = n,
                                        .connection = (uint32_t)rng_number(&r),
                                        .direction = e.direction,
                                        .framing = e.framing,
                                        .time_ns = times[rng_below(&r, 5)],
                                        .head = &e.head,
                                        .content_digest = rng_below(&r, 3)};
        const analysis_record *record = analysis_frame(analysis, &o);
        ck_assert_ptr_nonnull(record);
        check_can_be_told(record);
    }
    end();
}

START_TEST(anything_may_be_fed)
{
    feed_anything(NULL, 1, 100000);
}
END_TEST

START_TEST(anything_may_be_fed_at_the_bounds)
{
    static const analysis_limits tight = {
        .window = 3, .max_open = 2, .holes = 2, .losses = 2, .early_acks = 2};
    for (uint64_t seed = 1; seed <= 20; seed++)
        feed_anything(&tight, seed, 5000);
}
END_TEST

/* The same few ids again and again, with little room: entries come and go in every order. */
START_TEST(traffic_at_the_bounds)
{
    static const analysis_limits tight = {
        .window = 2, .max_open = 1, .holes = 2, .losses = 2, .early_acks = 2};
    static history h;
    static outcomes said;
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        const plato_framing framing = seed % 2 ? PLATO_FRAMING_HEADER : PLATO_FRAMING_MSGCMD;
        generate_traffic(&h, seed, framing);
        run_history(&h, &tight, said);
        generate_hostile(&h, seed, framing);
        run_history(&h, &tight, said);
    }
}
END_TEST

/* Without memory a frame gets no verdict, and nothing breaks. */
START_TEST(memory_may_run_out_at_any_call)
{
    static history h;
    for (size_t fail_at = 1; fail_at <= 6; fail_at++) {
        counting memory = {.fail_at = fail_at};
        const plato_allocator allocator = counting_allocator(&memory);
        size_t given = 0, fed = 0;
        analysis_state *a = analysis_new(NULL, &allocator);
        for (uint64_t seed = 1; seed <= 20; seed++) {
            generate_traffic(&h, seed, PLATO_FRAMING_HEADER);
            for (size_t i = 0; i < h.count; i++, fed++)
                given += feed_event(a, &h.events[i], (uint32_t)fed + 1, NULL) != NULL;
        }
        ck_assert_uint_lt(given, fed);
        analysis_free(a);
        ck_assert_uint_eq(memory.blocks, 0);
    }
    analysis_free(NULL);
}
END_TEST

START_TEST(verdicts_live_in_the_memory_that_was_given)
{
    counting memory = {0};
    const plato_allocator allocator = counting_allocator(&memory);
    const event e = event_parse("0 c1 heartbeat");
    analysis_state *a = analysis_new(NULL, &allocator);
    for (uint32_t n = 1; n <= 10000; n++)
        ck_assert_ptr_nonnull(feed_event(a, &e, n, NULL));
    ck_assert_uint_ge(memory.live, 10000 * 24);
    ck_assert_uint_le(memory.live, 10000 * 64);
    analysis_free(a);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        repeats_are_recognised_over_the_last_ids,
        what_is_answered_is_released,
        an_open_request_waits_beyond_the_window,
        an_ack_covers_pushes_beyond_the_window,
        beyond_the_bound_the_oldest_open_request_is_given_up,
        beyond_the_bound_the_lowest_hole_is_forgotten,
        holes_are_bounded,
        a_client_id_of_the_variant_that_is_used_again_counts_as_new,
        messages_of_a_session_are_bounded,
        acks_without_a_request_are_bounded,
        contents_of_an_id_are_bounded,
        session_names_are_compared_over_their_first_bytes,
        a_frame_that_waited_leaves_later_losses_to_later_frames,
        a_request_that_waited_has_its_response,
        anything_may_be_fed,
        anything_may_be_fed_at_the_bounds,
        traffic_at_the_bounds,
        memory_may_run_out_at_any_call,
        verdicts_live_in_the_memory_that_was_given,
    };
    return RUN_TESTS("analysis: bounds", tests);
}
