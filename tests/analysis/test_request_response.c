/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analysis/request_response.h"

#include "run_tests.h"

#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

static const analysis_rr_rules latency = {.timeout_ns = ANALYSIS_LATENCY_TIMEOUT_NS,
                                          .min_interval_ns = ANALYSIS_LATENCY_MIN_INTERVAL_NS,
                                          .one_at_a_time = true,
                                          .by_content = true};
static const analysis_rr_rules commands = {0};
static const analysis_rr_rules long_connection = {.max_idle_ns = ANALYSIS_LATENCY_MAX_IDLE_NS};

/* A story: '>' a request, '<' a reply, '!' an error reply; '?' from here on messages are missing.
 */
typedef struct step {
    char what;
    int64_t at_ms;
    uint64_t kind;
    uint64_t content;
    int peer; /* index of the other one, -1: none */
    unsigned flags;
} step;

static void check_story(const analysis_rr_rules *rules, bool is_echo, const step *steps,
                        size_t count)
{
    analysis_rr_message messages[16];
    analysis_rr_conversation x = {0};
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < count; i++) {
        analysis_rr_message *m = &messages[i];
        m->number = (uint32_t)i + 1;
        m->time_ns = steps[i].at_ms * MS;
        m->kind = steps[i].kind;
        m->content = steps[i].content;
        m->is_echo = is_echo;
        m->on_connection = rules->max_idle_ns != 0;
        m->is_error = steps[i].what == '!';
        if (steps[i].what == '?')
            x.incomplete = x.request_missing = true;
        else if (steps[i].what == '>')
            analysis_rr_request(&x, rules, m);
        else
            analysis_rr_reply(&x, rules, m);
    }
    for (size_t i = 0; i < count; i++) {
        const int peer = messages[i].peer == NULL ? -1 : (int)(messages[i].peer - messages);
        ck_assert_msg(peer == steps[i].peer, "step %zu has peer %d", i, peer);
        ck_assert_msg(messages[i].flags == steps[i].flags, "step %zu has flags %x", i,
                      messages[i].flags);
    }
}
#define CHECK_STORY(rules, is_echo, steps)                                                         \
    check_story(&(rules), is_echo, steps, sizeof(steps) / sizeof((steps)[0]))

START_TEST(as_it_should_be)
{
    static const step steps[] = {
        {'>', 0, 0, 1, 1, 0},    {'<', 5, 0, 1, 0, 0},     {'>', 1005, 0, 2, 3, 0},
        {'<', 5005, 0, 2, 2, 0}, {'>', 7000, 0, 3, -1, 0}, {'>', 11000, 0, 4, -1, 0},
    };
    CHECK_STORY(latency, true, steps);
}
END_TEST

START_TEST(against_the_rules)
{
    static const step steps[] = {
        {'<', 0, 0, 9, -1, ANALYSIS_RR_UNSOLICITED},
        {'>', 999, 0, 1, 5, ANALYSIS_RR_TOO_SOON},
        {'>', 2000, 0, 2, 3, ANALYSIS_RR_IN_FLIGHT},
        {'<', 2001, 0, 2, 2, 0}, /* overtakes: the content decides */
        {'>', 2500, 0, 3, -1, ANALYSIS_RR_IN_FLIGHT | ANALYSIS_RR_TOO_SOON},
        {'<', 5000, 0, 1, 1, ANALYSIS_RR_LATE},
        {'>', 9000, 0, 4, 7, 0},
        /* what nobody sent is a wrong answer to the oldest that is not given up, if there is one */
        {'<', 9001, 0, 77, 6, ANALYSIS_RR_MISMATCH},
        {'>', 20000, 0, 5, -1, 0},
        {'<', 30000, 0, 77, -1, ANALYSIS_RR_UNSOLICITED},
    };
    CHECK_STORY(latency, true, steps);
}
END_TEST

/* A reply ends nothing: it is the client who must send. */
START_TEST(silence)
{
    static const step steps[] = {
        {'>', 0, 0, 1, 2, 0},      {'>', 360000, 0, 2, 4, 0},
        {'<', 360500, 0, 1, 0, 0}, {'>', 720001, 0, 3, 5, ANALYSIS_RR_IDLE_TOO_LONG},
        {'<', 720002, 0, 2, 1, 0}, {'<', 720003, 0, 3, 3, 0},
    };
    CHECK_STORY(long_connection, true, steps);
    static const step hole[] = {
        {'>', 0, 0, 1, -1, 0},
        {'?', 0, 0, 0, -1, 0},
        {'>', 360001, 0, 2, -1, 0},
        {'>', 720002, 0, 3, -1, ANALYSIS_RR_IDLE_TOO_LONG},
    };
    CHECK_STORY(long_connection, true, hole);
    static const step datagrams[] = {{'>', 0, 0, 1, -1, 0}, {'>', 999999, 0, 1, -1, 0}};
    CHECK_STORY(latency, true, datagrams);
}
END_TEST

START_TEST(commands_in_order)
{
    static const step steps[] = {
        {'>', 0, 1, 0, 3, 0},
        {'>', 0, 2, 0, 4, 0},
        {'>', 1, 3, 0, 5, 0},
        {'<', 1, 1, 9, 0, 0}, /* no echo: what it says is its own */
        {'!', 2, 0, 0, 1, 0},
        {'<', 9, 7, 0, 2, ANALYSIS_RR_MISMATCH},
        {'<', 9, 7, 0, -1, ANALYSIS_RR_UNSOLICITED},
    };
    CHECK_STORY(commands, false, steps);
}
END_TEST

START_TEST(echo_is_the_same)
{
    static const step steps[] = {
        {'>', 0, 1, 5, 1, 0}, {'<', 1, 1, 5, 0, 0},
        {'>', 2, 1, 6, 3, 0}, {'<', 3, 1, 7, 2, ANALYSIS_RR_MISMATCH},
        {'>', 4, 1, 8, 5, 0}, {'!', 5, 2, 0, 4, 0},
    };
    CHECK_STORY(commands, true, steps);
}
END_TEST

START_TEST(time_and_no_reply)
{
    analysis_rr_message a = {.time_ns = 10 * MS}, b = {.time_ns = 4011 * MS};
    analysis_rr_conversation x = {0};
    analysis_rr_request(&x, &latency, &a);
    ck_assert(!analysis_rr_is_unanswered(&a, &latency, 4009 * MS));
    ck_assert(analysis_rr_is_unanswered(&a, &latency, 4010 * MS));
    ck_assert(!analysis_rr_is_unanswered(&a, &commands, INT64_MAX));
    analysis_rr_reply(&x, &latency, &b);
    ck_assert_int_eq(analysis_rr_time_ns(&b), 4001 * MS);
    ck_assert_uint_eq(b.flags, ANALYSIS_RR_LATE);
    ck_assert(analysis_rr_is_unanswered(&a, &latency, 0));
    /* a clock that runs backwards */
    a = (analysis_rr_message){.time_ns = INT64_MAX};
    b = (analysis_rr_message){.time_ns = INT64_MIN};
    analysis_rr_request(&x, &latency, &a);
    analysis_rr_reply(&x, &latency, &b);
    ck_assert_int_eq(analysis_rr_time_ns(&b), 0);
}
END_TEST

/* Where messages are missing a reply is that to the next request that it fits, or to none. */
START_TEST(messages_are_missing)
{
    static const step steps[] = {
        {'>', 0, 1, 0, -1, 0}, {'>', 0, 2, 0, -1, 0}, {'?', 1, 0, 0, -1, 0},
        {'>', 2, 3, 0, 5, 0},  {'>', 2, 4, 0, 7, 0},  {'<', 3, 3, 0, 3, 0}, /* 1 and 2: lost */
        {'<', 4, 9, 0, -1, 0}, {'!', 5, 0, 0, 4, 0},  {'<', 6, 1, 0, -1, 0},
    };
    CHECK_STORY(commands, false, steps);
}
END_TEST

/* What nobody answers is given up, the oldest first. */
static void check_bound(const analysis_rr_rules *rules, uint32_t most)
{
    const uint32_t count = most + 10;
    analysis_rr_message *all = calloc(count, sizeof *all);
    analysis_rr_message reply = {.content = most + 5};
    analysis_rr_conversation x = {0};
    ck_assert_ptr_nonnull(all);
    for (uint32_t i = 0; i < count; i++) {
        all[i].content = i;
        all[i].is_echo = true;
        analysis_rr_request(&x, rules, &all[i]);
        ck_assert_uint_le(x.open, most);
    }
    ck_assert_ptr_eq(x.oldest, &all[10]);
    analysis_rr_reply(&x, rules, &reply);
    ck_assert_ptr_eq(reply.peer, &all[rules->by_content ? most + 5 : 10]);
    ck_assert_uint_eq(x.open, most - 1);
    free(all);
}

START_TEST(bounded)
{
    check_bound(&latency, ANALYSIS_RR_SEARCHED_MAX);
    check_bound(&commands, ANALYSIS_RR_OPEN_MAX);
}
END_TEST

/* The last one that waits is answered out of order: the list's end moves back. */
START_TEST(newest_first)
{
    analysis_rr_message a = {.content = 1, .is_echo = true}, b = {.content = 2, .is_echo = true};
    analysis_rr_message c = {.content = 3, .is_echo = true}, reply = {.content = 2};
    analysis_rr_conversation x = {0};
    analysis_rr_request(&x, &latency, &a);
    analysis_rr_request(&x, &latency, &b);
    analysis_rr_reply(&x, &latency, &reply);
    ck_assert_ptr_eq(reply.peer, &b);
    analysis_rr_request(&x, &latency, &c);
    ck_assert_ptr_eq(x.oldest, &a);
    ck_assert_ptr_eq(a.next, &c);
    ck_assert_ptr_eq(x.newest, &c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        as_it_should_be,  against_the_rules, commands_in_order,
        echo_is_the_same, time_and_no_reply, bounded,
        newest_first,     silence,           messages_are_missing,
    };
    return RUN_TESTS("exchange", tests);
}
