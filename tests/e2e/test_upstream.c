/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's sending end: numbers, what is sent again and when, what the server's count changes.
 */
#include "client/upstream.h"
#include "run_tests.h"

#include <string.h>

#define SECOND 1000000u /* us */

static upstream *up;
static GString *sent; /* "client_id:body " for the first time, "client_id:body! " again */
static unsigned renumbered;

static void send_one(void *user, uint64_t session_id, uint64_t client_id, GBytes *body, bool again)
{
    (void)user;
    ck_assert_uint_eq(session_id, 42);
    g_string_append_printf(sent, "%" G_GUINT64_FORMAT ":%.1s%s ", client_id,
                           (const char *)g_bytes_get_data(body, NULL), again ? "!" : "");
}

static void on_renumbered(void *user, uint64_t session_id)
{
    (void)user;
    (void)session_id;
    renumbered++;
}

static void setup(void)
{
    const upstream_handler handler = {send_one, on_renumbered};
    up = upstream_new(1, 1000, &handler, NULL);
    sent = g_string_new(NULL);
    renumbered = 0;
}

static void teardown(void)
{
    upstream_free(up);
    g_string_free(sent, TRUE);
}

static void say(const char *text, uint64_t now_us)
{
    GBytes *body = g_bytes_new(text, strlen(text) + 1);
    upstream_say(up, 42, body, now_us);
    g_bytes_unref(body);
}

static upstream_verdict answer(uint32_t code, uint64_t client_id, uint64_t now_us, uint64_t *about)
{
    const plato_head_ack ack = {
        .code = code, .type = PLATO_UP, .session_id = 42, .client_id = client_id, .msg_id = 9};
    return upstream_answered(up, &ack, now_us, about);
}

static void expect_sent(const char *text)
{
    ck_assert_str_eq(sent->str, text);
    g_string_truncate(sent, 0);
}

START_TEST(numbers_and_answers)
{
    uint64_t about;
    say("a", 1);
    ck_assert(!upstream_is_settled(up));
    say("b", 1);
    say("c", 1);
    expect_sent("1:a 2:b 3:c ");
    ck_assert_int_eq(answer(PLATO_ACK_OK, 1, 1, &about), UPSTREAM_DONE);
    ck_assert(upstream_is_settled(up));
    ck_assert_int_eq(answer(PLATO_ACK_OK, 1, 1, &about), UPSTREAM_KNOWN);
    ck_assert_int_eq(answer(PLATO_ACK_OK, 9, 1, &about), UPSTREAM_KNOWN);
    ck_assert_int_eq(answer(PLATO_ACK_OK, 3, 1, &about), UPSTREAM_DONE); /* speaks for 2, too */
    ck_assert_uint_eq(upstream_waiting(up), 0);
    ck_assert_uint_eq(upstream_due_us(up), 0);
    ck_assert_uint_eq(upstream_next_id(up, 42), 4);
}
END_TEST

/* 1, 2, 4 ... at most 30 seconds apart. */
START_TEST(sent_again_at_doubled_intervals)
{
    static const unsigned seconds[] = {1, 2, 4, 8, 16, 30, 30};
    uint64_t now = 5, about;
    say("a", now);
    expect_sent("1:a ");
    for (size_t i = 0; i < G_N_ELEMENTS(seconds); i++) {
        ck_assert_uint_eq(upstream_due_us(up), now + seconds[i] * (uint64_t)SECOND);
        upstream_tick(up, upstream_due_us(up) - 1);
        expect_sent("");
        now = upstream_due_us(up);
        upstream_tick(up, now);
        expect_sent("1:a! ");
    }
    answer(PLATO_ACK_OK, 1, now, &about);
    say("b", now);
    ck_assert_uint_eq(upstream_due_us(up), now + SECOND);
}
END_TEST

START_TEST(count_of_the_server_is_taken_over)
{
    uint64_t about;
    upstream_restore(up, 42, 99);
    say("a", 1);
    say("b", 1);
    expect_sent("100:a 101:b ");
    ck_assert_int_eq(answer(PLATO_ACK_OUT_OF_ORDER, 7, 1, &about), UPSTREAM_LATER);
    expect_sent("7:a! 8:b! ");
    ck_assert_uint_eq(renumbered, 1);
    /* The refusal of 101, which was on its way, and a server that plays: nothing at once. */
    ck_assert_int_eq(answer(PLATO_ACK_OUT_OF_ORDER, 7, 1, &about), UPSTREAM_LATER);
    ck_assert_int_eq(answer(PLATO_ACK_OUT_OF_ORDER, 3, 1, &about), UPSTREAM_LATER);
    expect_sent("");
    ck_assert_uint_eq(upstream_next_id(up, 42), 5);
    /* One before them is missing: it will be sent again in its time. */
    upstream_resume(up, 1);
    expect_sent("3:a! 4:b! ");
    ck_assert_int_eq(answer(PLATO_ACK_OUT_OF_ORDER, 4, 1, &about), UPSTREAM_LATER);
    ck_assert_uint_eq(upstream_waiting(up), 2);
}
END_TEST

START_TEST(refusals)
{
    uint64_t about;
    say("a", 1);
    say("b", 1);
    ck_assert_int_eq(answer(PLATO_ACK_RATE_LIMITED, 1, 1, &about), UPSTREAM_LATER);
    ck_assert(upstream_is_held_back(up));
    upstream_tick(up, 2 * SECOND);
    ck_assert(!upstream_is_held_back(up));
    expect_sent("1:a 2:b 1:a! 2:b! ");
    ck_assert_int_eq(answer(PLATO_ACK_UNKNOWN_SESSION, 2, 1, &about), UPSTREAM_LATER);
    ck_assert_int_eq(answer(PLATO_ACK_UNKNOWN_SESSION, 0, 1, &about), UPSTREAM_REFUSED);
    ck_assert_uint_eq(about, 1);
    ck_assert_uint_eq(upstream_waiting(up), 1);
}
END_TEST

START_TEST(largest_is_dropped)
{
    uint64_t session_id, client_id;
    ck_assert(!upstream_drop_largest(up, &session_id, &client_id));
    say("a", 1);
    say("big", 1);
    say("c", 1);
    ck_assert(upstream_drop_largest(up, &session_id, &client_id));
    ck_assert_uint_eq(client_id, 2);
    ck_assert_uint_eq(renumbered, 1);
    g_string_truncate(sent, 0);
    upstream_resume(up, 1);
    expect_sent("1:a! 2:c! ");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        numbers_and_answers,
        sent_again_at_doubled_intervals,
        count_of_the_server_is_taken_over,
        refusals,
        largest_is_dropped,
    };
    return run_fixture_tests("upstream", setup, teardown, TESTS_OF(tests));
}
