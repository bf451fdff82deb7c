/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session core: PUSHes in flight, their window, and when they are sent again. */
#include "core_fixture.h"
#include "test_core.h"

static conn_key ann, bob;

static void setup(void)
{
    setup_core();
    ann = driver_log_in(&d, 1, sessions, 1, NULL);
    bob = driver_log_in(&d, 2, sessions, 1, NULL);
}

static void say(uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++)
        driver_send(&d, ann, make_up(i, 42, "x"));
}

static void expect(uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++)
        ck_assert_uint_eq(driver_push(&d, bob, "x"), i);
    ck_assert(driver_silent(&d, bob));
}

START_TEST(the_window_is_kept)
{
    say(1, 100);
    expect(1, 64);
    driver_send(&d, bob, make_push_ack(42, 1));
    expect(65, 65);
    driver_send(&d, bob, make_push_ack(42, 65));
    expect(66, 100);
    say(101, 101); /* follows live again */
    expect(101, 101);
}
END_TEST

START_TEST(sent_again_at_growing_intervals)
{
    static const uint64_t waits[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
    config.idle_timeout_ms = 1000000;
    driver_restart(&d, &config);
    ann = driver_log_in(&d, 1, sessions, 1, NULL);
    bob = driver_log_in(&d, 2, sessions, 1, NULL);
    say(1, 3);
    expect(1, 3);
    for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
        driver_pass(&d, waits[i] - 200);
        ck_assert_msg(driver_silent(&d, bob), "too early, %zu", i);
        driver_pass(&d, 200 + 150); /* ticks are 100 ms apart at least */
        expect(1, 3);
        d.now_ms -= 150;
    }
    ck_assert_uint_eq(core_get_stats(d.core).resent, 3 * G_N_ELEMENTS(waits));
    driver_send(&d, bob, make_push_ack(42, 3));
    driver_pass(&d, 100000);
    ck_assert(driver_silent(&d, bob));
}
END_TEST

/* Progress begins the intervals anew, for what is still in flight. */
START_TEST(an_acknowledgement_starts_over)
{
    say(1, 3);
    expect(1, 3);
    driver_pass(&d, 3200);
    d.read[bob] = d.output[bob]->len;
    driver_send(&d, bob, make_push_ack(42, 1));
    driver_pass(&d, 900);
    ck_assert(driver_silent(&d, bob));
    driver_pass(&d, 300);
    expect(2, 3);
}
END_TEST

/* The intervals are those of the oldest. */
START_TEST(none_is_sent_again_before_its_time)
{
    say(1, 1);
    expect(1, 1);
    driver_pass(&d, 800);
    say(2, 2);
    expect(2, 2);
    driver_pass(&d, 400);
    expect(1, 1);
    driver_pass(&d, 2100);
    expect(1, 2);
}
END_TEST

START_TEST(not_sent_again_while_bytes_wait)
{
    d.drain = false;
    say(1, 3);
    expect(1, 3);
    driver_pass(&d, 10000);
    ck_assert(driver_silent(&d, bob));
    core_drained(d.core, d.now_ms, bob, d.output[bob]->len);
    driver_pass(&d, 1100);
    expect(1, 3);
}
END_TEST

/* Own messages need no acknowledgement, wherever they stand. */
START_TEST(own_messages_take_no_place)
{
    uint64_t conn_id;
    bob = driver_log_in(&d, 2, sessions, 1, &conn_id);
    for (uint64_t i = 1; i <= 200; i++)
        driver_send(&d, bob, make_up(i, 42, "own"));
    d.read[bob] = d.output[bob]->len;
    say(1, 1);
    expect(201, 201);
    driver_send(&d, bob, make_up(201, 42, "own"));
    driver_ack(&d, bob);
    driver_send(&d, bob, make_push_ack(42, 201));
    core_disconnected(d.core, d.now_ms, bob);
    say(2, 2);
    bob = driver_connect(&d);
    driver_send(&d, bob, make_reconn(conn_id));
    driver_ack(&d, bob);
    expect(203, 203);
}
END_TEST

START_TEST(nothing_is_sent_again_to_who_has_gone)
{
    say(1, 3);
    core_disconnected(d.core, d.now_ms, bob);
    driver_pass(&d, 5000);
    ck_assert_uint_eq(core_get_stats(d.core).resent, 0);
    driver_log_in(&d, 2, sessions + 1, 1, NULL); /* leaves the session */
    driver_pass(&d, 5000);
    ck_assert_uint_eq(core_get_stats(d.core).resent, 0);
}
END_TEST

Suite *flight_suite(void)
{
    Suite *suite = suite_create("core flight");
    TCase *tcase = tcase_create("flight");
    tcase_add_checked_fixture(tcase, setup, teardown_core);
    tcase_add_test(tcase, the_window_is_kept);
    tcase_add_test(tcase, sent_again_at_growing_intervals);
    tcase_add_test(tcase, an_acknowledgement_starts_over);
    tcase_add_test(tcase, none_is_sent_again_before_its_time);
    tcase_add_test(tcase, not_sent_again_while_bytes_wait);
    tcase_add_test(tcase, own_messages_take_no_place);
    tcase_add_test(tcase, nothing_is_sent_again_to_who_has_gone);
    suite_add_tcase(suite, tcase);
    return suite;
}
