/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's receiving end: order, repeats, holes. */
#include "client/inbox.h"
#include "run_tests.h"

#include <string.h>

static inbox *in;
static GString *shown; /* "session:msg_id " for others' messages, "(session:msg_id) " for own */
static GBytes *body;

static void show(void *user, uint64_t session_id, uint64_t msg_id, GBytes *got)
{
    (void)user;
    g_string_append_printf(shown,
                           got != NULL ? "%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT " "
                                       : "(%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ") ",
                           session_id, msg_id);
}

static void setup(void)
{
    in = inbox_new(show, NULL);
    shown = g_string_new(NULL);
    body = g_bytes_new_static("x", 1);
}

static void teardown(void)
{
    inbox_free(in);
    g_string_free(shown, TRUE);
    g_bytes_unref(body);
}

START_TEST(in_order_as_they_come)
{
    ck_assert(inbox_put(in, 42, 7, body)); /* a session may begin anywhere */
    ck_assert(inbox_put(in, 42, 8, NULL));
    ck_assert(inbox_put(in, 43, 1, body));
    ck_assert(inbox_put(in, 42, 9, body));
    ck_assert_str_eq(shown->str, "42:7 (42:8) 43:1 42:9 ");
    ck_assert_uint_eq(inbox_complete(in, 42), 9);
    ck_assert_uint_eq(inbox_complete(in, 44), 0);
}
END_TEST

START_TEST(repeats_are_dropped)
{
    ck_assert(inbox_put(in, 42, 1, body));
    ck_assert(!inbox_put(in, 42, 1, body));
    ck_assert(inbox_put(in, 42, 3, body));
    ck_assert(!inbox_put(in, 42, 3, body));
    ck_assert(!inbox_put(in, 42, 0, body));
    ck_assert_str_eq(shown->str, "42:1 ");
}
END_TEST

START_TEST(holes_hold_back)
{
    uint64_t first, last;
    inbox_put(in, 42, 1, body);
    ck_assert(!inbox_hole(in, 42, &first, &last));
    inbox_put(in, 42, 6, body);
    inbox_put(in, 42, 4, body);
    ck_assert(inbox_hole(in, 42, &first, &last));
    ck_assert_uint_eq(first, 2);
    ck_assert_uint_eq(last, 3);
    inbox_put(in, 42, 3, body);
    inbox_put(in, 42, 2, NULL);
    ck_assert_str_eq(shown->str, "42:1 (42:2) 42:3 42:4 ");
    ck_assert(inbox_hole(in, 42, &first, &last));
    ck_assert_uint_eq(first, 5);
    ck_assert_uint_eq(last, 5);
    inbox_put(in, 42, 5, body);
    ck_assert(!inbox_hole(in, 42, &first, &last));
    ck_assert_uint_eq(inbox_complete(in, 42), 6);
}
END_TEST

START_TEST(what_waits_is_bounded)
{
    unsigned kept = 0;
    inbox_put(in, 42, 1, body);
    for (uint64_t i = 0; i < 3000; i++)
        kept += inbox_put(in, 42, 3 + i, body);
    ck_assert_uint_eq(kept, 1024);
    ck_assert(inbox_put(in, 42, 2, body)); /* what fills the hole is always taken */
    ck_assert_uint_eq(inbox_complete(in, 42), 2 + 1024);
}
END_TEST

START_TEST(holes_can_be_given_up)
{
    uint64_t first, last;
    inbox_put(in, 42, 1, body);
    inbox_put(in, 42, 5, body);
    inbox_skip(in, 42, 3); /* a part of it */
    ck_assert_str_eq(shown->str, "42:1 ");
    ck_assert(inbox_hole(in, 42, &first, &last));
    ck_assert_uint_eq(first, 4);
    ck_assert(!inbox_put(in, 42, 2, body));
    inbox_skip(in, 42, 4);
    ck_assert_str_eq(shown->str, "42:1 42:5 ");
    inbox_skip(in, 42, 2); /* long gone */
    inbox_skip(in, 99, 2); /* nothing is known of it */
    ck_assert_uint_eq(inbox_complete(in, 42), 5);
}
END_TEST

START_TEST(goes_on_from_an_earlier_life)
{
    inbox_restore(in, 42, 4);
    inbox_resumed(in);
    ck_assert(!inbox_put(in, 42, 4, body));
    ck_assert(inbox_put(in, 42, 5, body));
    /* One's own ACK overtakes what is sent again: it is not where the session begins. */
    ck_assert(!inbox_put(in, 43, 7, NULL));
    ck_assert(inbox_put(in, 43, 5, body));
    ck_assert(inbox_put(in, 43, 6, body));
    ck_assert_str_eq(shown->str, "42:5 43:5 43:6 ");
    inbox_forget(in, 42);
    ck_assert(inbox_put(in, 42, 1, body));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        in_order_as_they_come, repeats_are_dropped,   holes_hold_back,
        what_waits_is_bounded, holes_can_be_given_up, goes_on_from_an_earlier_life,
    };
    return run_fixture_tests("inbox", setup, teardown, TESTS_OF(tests));
}
