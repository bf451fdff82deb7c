/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session core: limits, times and refusals. */
#include "core_fixture.h"
#include "test_core.h"

#include <string.h>

START_TEST(defaults_are_valid)
{
    ck_assert_ptr_null(core_config_check(&config));
    config.dedup_window = 63;
    ck_assert_ptr_nonnull(core_config_check(&config));
    ck_assert_uint_eq(core_deadline(d.core), UINT64_MAX);
}
END_TEST

/* Every code after which the server closes, and some after which it does not. */
START_TEST(refusals)
{
    static const struct {
        uint8_t bytes[24];
        size_t n;
        uint32_t code;
        peer_state state;
    } rows[] = {
        {{2, 0}, 14, PLATO_ACK_UNSUPPORTED_VERSION, PEER_CLOSED_FLUSH},
        {{1, 1}, 14, PLATO_ACK_BAD_CRC, PEER_CLOSED_FLUSH},
        {{1, 4, 1, 0, 0, 1}, 14, PLATO_ACK_TOO_LARGE, PEER_CLOSED_FLUSH},
        {{1, 4, 0, 0, 0, 0, 0, 1, 0, 1}, 14, PLATO_ACK_TOO_LARGE, PEER_CLOSED_FLUSH},
        {{1, 4, 0, 1, 0, 0}, 14, PLATO_ACK_TOO_LARGE, PEER_CLOSED_FLUSH}, /* before the login */
        {{1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x1b, 0x33, 0x17, 0x0b},
         14,
         PLATO_ACK_NOT_LOGGED_IN,
         PEER_OPEN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        conn_key key = driver_connect(&d);
        driver_feed(&d, key, rows[i].bytes, rows[i].n);
        ck_assert_uint_eq(driver_ack(&d, key).code, rows[i].code);
        ck_assert_int_eq(d.state[key], rows[i].state);
        ck_assert(driver_silent(&d, key));
    }
}
END_TEST

START_TEST(input_behind_a_refusal_is_ignored)
{
    const uint8_t bad[14] = {2};
    conn_key key = driver_connect(&d);
    driver_feed(&d, key, bad, sizeof bad);
    driver_ack(&d, key);
    driver_send(&d, key, make_login(1, sessions, 1));
    ck_assert(driver_silent(&d, key));
    ck_assert_uint_eq(core_get_stats(d.core).devices, 0);
}
END_TEST

START_TEST(connections_are_limited)
{
    config.max_connections = 2;
    driver_restart(&d, &config);
    driver_connect(&d);
    conn_key second = driver_connect(&d), third = driver_connect(&d);
    ck_assert_uint_eq(driver_ack(&d, third).code, PLATO_ACK_OVERLOADED);
    ck_assert_int_eq(d.state[third], PEER_CLOSED_FLUSH);
    core_disconnected(d.core, d.now_ms, third);
    core_disconnected(d.core, d.now_ms, second);
    ck_assert_int_eq(d.state[driver_connect(&d)], PEER_OPEN);
}
END_TEST

START_TEST(devices_and_sessions_are_limited)
{
    config.max_devices = 2;
    config.max_sessions = 1;
    driver_restart(&d, &config);
    driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_connect(&d);
    driver_send(&d, bob, make_login(2, sessions, 2));
    ck_assert_uint_eq(driver_ack(&d, bob).code, PLATO_ACK_OVERLOADED);
    driver_send(&d, bob, make_login(2, sessions, 1)); /* still open: may try less */
    ck_assert_uint_eq(driver_ack(&d, bob).code, PLATO_ACK_OK);
    conn_key cid = driver_connect(&d);
    driver_send(&d, cid, make_login(3, sessions, 1));
    ck_assert_uint_eq(driver_ack(&d, cid).code, PLATO_ACK_OVERLOADED);
}
END_TEST

START_TEST(login_in_time)
{
    conn_key silent = driver_connect(&d);
    conn_key good = driver_log_in(&d, 1, sessions, 1, NULL);
    driver_pass(&d, config.login_timeout_ms - 1);
    ck_assert_int_eq(d.state[silent], PEER_OPEN);
    driver_pass(&d, 200);
    ck_assert_int_eq(d.state[silent], PEER_CLOSED_FLUSH);
    ck_assert_int_eq(d.state[good], PEER_OPEN);
}
END_TEST

START_TEST(silence_closes)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    for (int i = 0; i < 5; i++) {
        driver_pass(&d, config.idle_timeout_ms - 1);
        driver_send(&d, ann, make_heartbeat());
        ck_assert_int_eq(driver_ack(&d, ann).type, PLATO_HEARTBEAT);
    }
    driver_pass(&d, config.idle_timeout_ms - 1);
    ck_assert_int_eq(d.state[ann], PEER_OPEN);
    driver_pass(&d, 200);
    ck_assert_int_eq(d.state[ann], PEER_CLOSED_FLUSH);
}
END_TEST

/* Bytes are no silence, also when the frame that they belong to takes its time. */
START_TEST(silence_begins_behind_the_last_byte)
{
    gsize n;
    GBytes *frame = make_up(1, 42, "hello");
    const uint8_t *p = g_bytes_get_data(frame, &n);
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    driver_pass(&d, config.idle_timeout_ms - 1000);
    driver_feed(&d, ann, p, 10);
    driver_pass(&d, config.frame_timeout_ms - 1000);
    ck_assert_int_eq(d.state[ann], PEER_OPEN);
    driver_feed(&d, ann, p + 10, n - 10);
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1);
    driver_pass(&d, config.idle_timeout_ms - 1);
    ck_assert_int_eq(d.state[ann], PEER_OPEN);
    driver_pass(&d, 200);
    ck_assert_int_eq(d.state[ann], PEER_CLOSED_FLUSH);
    g_bytes_unref(frame);
}
END_TEST

/* The deadline of the login is later than that of what follows it. */
START_TEST(silence_may_be_shorter_than_the_login)
{
    config.idle_timeout_ms = 1000;
    driver_restart(&d, &config);
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    driver_pass(&d, 1200);
    ck_assert_int_eq(d.state[ann], PEER_CLOSED_FLUSH);
}
END_TEST

START_TEST(a_frame_is_complete_in_time)
{
    gsize n;
    GBytes *frame = make_up(1, 42, "slowly");
    const uint8_t *p = g_bytes_get_data(frame, &n);
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    for (gsize i = 0; i + 1 < n; i++) { /* bytes that trickle do not help */
        driver_feed(&d, ann, p + i, 1);
        driver_pass(&d, config.frame_timeout_ms / n);
    }
    ck_assert_int_eq(d.state[ann], PEER_OPEN);
    driver_pass(&d, config.frame_timeout_ms / n + config.frame_timeout_ms % n + 200);
    ck_assert_int_eq(d.state[ann], PEER_CLOSED_FLUSH);
    g_bytes_unref(frame);
}
END_TEST

START_TEST(closing_does_not_wait_for_ever)
{
    const uint8_t bad[14] = {2};
    conn_key key = driver_connect(&d);
    driver_feed(&d, key, bad, sizeof bad);
    ck_assert_int_eq(d.state[key], PEER_CLOSED_FLUSH);
    driver_pass(&d, config.linger_ms + 200);
    ck_assert_int_eq(d.state[key], PEER_CLOSED_NOW);
}
END_TEST

START_TEST(state_outlives_the_connection_for_a_while)
{
    uint64_t conn_id;
    conn_key ann = driver_log_in(&d, 1, sessions, 2, &conn_id);
    core_disconnected(d.core, d.now_ms, ann);
    driver_pass(&d, config.state_ttl_ms - 1);
    ck_assert_uint_eq(core_get_stats(d.core).devices, 1);
    driver_pass(&d, 200);
    ck_assert_uint_eq(core_get_stats(d.core).devices, 0);
    ck_assert_uint_eq(core_get_stats(d.core).sessions, 0);
    ann = driver_connect(&d);
    driver_send(&d, ann, make_reconn(conn_id));
    const plato_head_ack ack = driver_ack(&d, ann);
    ck_assert_uint_eq(ack.type, PLATO_RECONN);
    ck_assert_uint_eq(ack.code, PLATO_ACK_UNKNOWN_CONN);
    ck_assert_int_eq(d.state[ann], PEER_OPEN);
}
END_TEST

/* What others say waits in the log until there is room; it ends no connection. */
START_TEST(a_slow_reader_is_waited_for)
{
    char body[501];
    memset(body, 'x', 500);
    body[500] = '\0';
    config.max_output = 4096;
    driver_restart(&d, &config);
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key slow = driver_log_in(&d, 2, sessions, 1, NULL);
    d.drain = false;
    for (uint64_t i = 1; i <= 20; i++) {
        const size_t before = d.output[ann]->len;
        driver_send(&d, ann, make_up(i, 42, body));
        core_drained(d.core, d.now_ms, ann, d.output[ann]->len - before);
    }
    ck_assert_int_eq(d.state[slow], PEER_OPEN);
    ck_assert_uint_le(d.output[slow]->len, config.max_output / 2 + 600 + 100);
    for (uint64_t i = 1; i <= 20; i++) {
        const size_t before = d.read[slow];
        ck_assert_uint_eq(driver_push(&d, slow, body), i);
        core_drained(d.core, d.now_ms, slow, d.read[slow] - before);
        driver_pump(&d);
    }
    ck_assert(driver_silent(&d, slow));
}
END_TEST

/* A client may take the first msg_id that it hears of a session for the beginning. */
START_TEST(an_ack_does_not_overtake_the_first_push)
{
    static const uint64_t two[] = {42, 43};
    char *body = g_strnfill(3000, 'x');
    config.max_output = 4096;
    driver_restart(&d, &config);
    conn_key ann = driver_log_in(&d, 1, two, 2, NULL);
    conn_key bob = driver_log_in(&d, 2, two, 2, NULL);
    d.drain = false;
    driver_send(&d, ann, make_up(1, 42, body));
    driver_send(&d, ann, make_up(1, 43, "first"));
    driver_send(&d, ann, make_up(2, 43, "second"));
    driver_send(&d, bob, make_up(1, 43, "third"));
    ck_assert_uint_eq(driver_push(&d, bob, body), 1);
    ck_assert_uint_eq(driver_push(&d, bob, "first"), 1);
    ck_assert_uint_eq(driver_ack(&d, bob).msg_id, 3);
    ck_assert(driver_silent(&d, bob));
    core_drained(d.core, d.now_ms, bob, d.output[bob]->len);
    driver_pump(&d);
    ck_assert_uint_eq(driver_push(&d, bob, "second"), 2);
    ck_assert(driver_silent(&d, bob));
    g_free(body);
}
END_TEST

/* A peer that asks on and on and reads no answers cannot be waited for. */
START_TEST(who_reads_no_answers_is_closed)
{
    config.max_output = 4096;
    driver_restart(&d, &config);
    conn_key slow = driver_log_in(&d, 2, sessions, 1, NULL);
    d.drain = false;
    for (unsigned i = 0; i < 1000 && d.state[slow] == PEER_OPEN; i++)
        driver_send(&d, slow, make_heartbeat());
    ck_assert_int_eq(d.state[slow], PEER_CLOSED_NOW);
    ck_assert_uint_le(d.output[slow]->len, config.max_output + 100);
    ck_assert_uint_eq(core_get_stats(d.core).closed[CORE_CLOSED_SLOW_READER], 1);
}
END_TEST

/* A device that missed more than may wait for it gets it in portions, then follows live. */
START_TEST(resume_in_portions)
{
    char body[501];
    uint64_t conn_id;
    memset(body, 'x', 500);
    body[500] = '\0';
    config.max_output = 4096;
    driver_restart(&d, &config);
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, &conn_id);
    core_disconnected(d.core, d.now_ms, bob);
    for (uint64_t i = 1; i <= 50; i++)
        driver_send(&d, ann, make_up(i, 42, body));
    bob = driver_connect(&d);
    d.drain = false;
    driver_send(&d, bob, make_reconn(conn_id));
    driver_ack(&d, bob);
    ck_assert_uint_lt(d.output[bob]->len, config.max_output);
    d.read[ann] = d.output[ann]->len;
    driver_send(&d, ann, make_up(51, 42, body)); /* meanwhile: must come after the others */
    for (uint64_t i = 1; i <= 51; i++) {
        const size_t before = d.read[bob];
        ck_assert_uint_eq(driver_push(&d, bob, body), i);
        core_drained(d.core, d.now_ms, bob, d.read[bob] - before);
        driver_pump(&d);
    }
    core_drained(d.core, d.now_ms, bob, d.output[bob]->len);
    driver_send(&d, ann, make_up(52, 42, "live"));
    ck_assert_uint_eq(driver_push(&d, bob, "live"), 52);
    ck_assert_int_eq(d.state[bob], PEER_OPEN);
}
END_TEST

START_TEST(log_is_bounded)
{
    config.log_messages = 10;
    driver_restart(&d, &config);
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    for (uint64_t i = 1; i <= 30; i++)
        driver_send(&d, ann, make_up(i, 42, "x"));
    d.read[bob] = d.output[bob]->len;
    driver_send(&d, bob, make_sync(42, 1, 30));
    for (uint64_t i = 21; i <= 30; i++)
        ck_assert_uint_eq(driver_push(&d, bob, "x"), i);
    const plato_head_ack ack = driver_ack(&d, bob);
    ck_assert_uint_eq(ack.code, PLATO_ACK_INTERNAL);
    ck_assert_uint_eq(ack.msg_id, 30);
    ck_assert_int_eq(d.state[bob], PEER_OPEN);
}
END_TEST

/* The oldest of all sessions goes first; each log stays without holes. */
START_TEST(log_bytes_are_bounded_over_all_sessions)
{
    config.log_bytes = 2000;
    driver_restart(&d, &config);
    conn_key ann = driver_log_in(&d, 1, sessions, 2, NULL);
    for (uint64_t i = 1; i <= 40; i++) {
        driver_send(&d, ann, make_up(i, 42, "x"));
        driver_send(&d, ann, make_up(i, 43, "y"));
        ck_assert_uint_le(core_get_stats(d.core).log_bytes, config.log_bytes);
    }
    ck_assert_uint_gt(core_get_stats(d.core).log_bytes, config.log_bytes / 2);
    config.log_bytes = 0; /* nothing at all is kept: live delivery goes on */
    driver_restart(&d, &config);
    ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "live"));
    ck_assert_uint_eq(driver_push(&d, bob, "live"), 1);
    ck_assert_uint_eq(core_get_stats(d.core).log_bytes, 0);
}
END_TEST

START_TEST(stop_closes_all)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL), silent = driver_connect(&d);
    core_stop(d.core, d.now_ms);
    driver_pump(&d);
    ck_assert_int_eq(d.state[ann], PEER_CLOSED_FLUSH);
    ck_assert_int_eq(d.state[silent], PEER_CLOSED_FLUSH);
    ck_assert_int_eq(d.state[driver_connect(&d)], PEER_CLOSED_FLUSH);
}
END_TEST

Suite *limits_suite(void)
{
    Suite *suite = suite_create("core limits");
    TCase *tcase = tcase_create("limits");
    tcase_add_checked_fixture(tcase, setup_core, teardown_core);
    tcase_add_test(tcase, defaults_are_valid);
    tcase_add_test(tcase, refusals);
    tcase_add_test(tcase, input_behind_a_refusal_is_ignored);
    tcase_add_test(tcase, connections_are_limited);
    tcase_add_test(tcase, devices_and_sessions_are_limited);
    tcase_add_test(tcase, login_in_time);
    tcase_add_test(tcase, silence_closes);
    tcase_add_test(tcase, silence_begins_behind_the_last_byte);
    tcase_add_test(tcase, silence_may_be_shorter_than_the_login);
    tcase_add_test(tcase, a_frame_is_complete_in_time);
    tcase_add_test(tcase, closing_does_not_wait_for_ever);
    tcase_add_test(tcase, state_outlives_the_connection_for_a_while);
    tcase_add_test(tcase, a_slow_reader_is_waited_for);
    tcase_add_test(tcase, an_ack_does_not_overtake_the_first_push);
    tcase_add_test(tcase, who_reads_no_answers_is_closed);
    tcase_add_test(tcase, resume_in_portions);
    tcase_add_test(tcase, log_is_bounded);
    tcase_add_test(tcase, log_bytes_are_bounded_over_all_sessions);
    tcase_add_test(tcase, stop_closes_all);
    suite_add_tcase(suite, tcase);
    return suite;
}
