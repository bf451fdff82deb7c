/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session core: delivery. Bytes in, frames out; no sockets, no clock. */
#include "test_core.h"
#include "core_fixture.h"
#include "run_tests.h"

START_TEST(up_is_acknowledged_and_pushed)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 2, NULL);
    conn_key eve = driver_log_in(&d, 3, sessions + 1, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "hello"));
    const plato_head_ack ack = driver_ack(&d, ann);
    ck_assert_uint_eq(ack.code, PLATO_ACK_OK);
    ck_assert_uint_eq(ack.type, PLATO_UP);
    ck_assert_uint_eq(ack.client_id, 1);
    ck_assert_uint_eq(ack.session_id, 42);
    ck_assert_uint_eq(ack.msg_id, 1);
    ck_assert_uint_eq(driver_push(&d, bob, "hello"), 1);
    ck_assert(driver_silent(&d, ann) && driver_silent(&d, bob) && driver_silent(&d, eve));
}
END_TEST

/* The same conversation, cut at every byte: the same frames come out. */
START_TEST(every_cut_gives_the_same)
{
    GBytes *frames[] = {make_up(1, 42, "one"), make_up(2, 42, "two")};
    GByteArray *all = g_byte_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++) {
        gsize n;
        const void *p = g_bytes_get_data(frames[i], &n);
        g_byte_array_append(all, p, (guint)n);
        g_bytes_unref(frames[i]);
    }
    for (guint cut = 0; cut <= all->len; cut++) {
        driver_stop(&d);
        driver_start(&d, NULL);
        conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
        conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
        driver_feed(&d, ann, all->data, cut);
        driver_feed(&d, ann, all->data + cut, all->len - cut);
        ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1);
        ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 2);
        ck_assert_uint_eq(driver_push(&d, bob, "one"), 1);
        ck_assert_uint_eq(driver_push(&d, bob, "two"), 2);
        ck_assert(driver_silent(&d, bob));
    }
    g_byte_array_unref(all);
}
END_TEST

START_TEST(push_is_one_buffer_for_all)
{
    GBytes *seen = NULL;
    core_action action;
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    for (uint64_t device = 2; device < 6; device++)
        driver_log_in(&d, device, sessions, 1, NULL);
    gsize n;
    unsigned shared = 0;
    GBytes *frame = make_up(1, 42, "for all");
    const void *p = g_bytes_get_data(frame, &n);
    core_received(d.core, d.now_ms, ann, p, n);
    g_bytes_unref(frame);
    while (core_take_action(d.core, &action)) {
        if (action.kind == CORE_SEND && action.conn != ann) {
            ck_assert(seen == NULL || action.bytes == seen);
            seen = action.bytes;
            shared++;
        }
        core_action_clear(&action);
    }
    ck_assert_uint_eq(shared, 4);
}
END_TEST

START_TEST(repeats_get_the_first_answer)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    for (int round = 0; round < 3; round++) {
        driver_send(&d, ann, make_up(1, 42, "one"));
        ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1);
    }
    ck_assert_uint_eq(driver_push(&d, bob, "one"), 1);
    ck_assert(driver_silent(&d, bob));
    ck_assert_uint_eq(core_get_stats(d.core).repeated, 2);
}
END_TEST

START_TEST(repeats_beyond_the_window_are_ok_without_msg_id)
{
    config.dedup_window = 64;
    driver_stop(&d);
    driver_start(&d, &config);
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    for (uint64_t i = 1; i <= 100; i++) {
        driver_send(&d, ann, make_up(i, 42, "x"));
        ck_assert_uint_eq(driver_ack(&d, ann).msg_id, i);
    }
    for (uint64_t i = 1; i <= 100; i++) {
        driver_send(&d, ann, make_up(i, 42, "x"));
        const plato_head_ack ack = driver_ack(&d, ann);
        ck_assert_uint_eq(ack.code, PLATO_ACK_OK);
        ck_assert_uint_eq(ack.client_id, i);
        ck_assert_uint_eq(ack.msg_id, i > 100 - 64 ? i : 0);
    }
    ck_assert_uint_eq(core_get_stats(d.core).accepted, 100);
}
END_TEST

START_TEST(too_far_ahead_is_refused)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    driver_send(&d, ann, make_up(2, 42, "two"));
    const plato_head_ack ack = driver_ack(&d, ann);
    ck_assert_uint_eq(ack.code, PLATO_ACK_OUT_OF_ORDER);
    ck_assert_uint_eq(ack.client_id, 1);
    ck_assert_uint_eq(ack.session_id, 42);
    ck_assert_uint_eq(core_get_stats(d.core).accepted, 0);
}
END_TEST

START_TEST(login_goes_on_counting_and_resumes)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "one"));
    driver_send(&d, bob, make_push_ack(42, 1));
    driver_send(&d, ann, make_up(2, 42, "two"));
    bob = driver_log_in(&d, 2, sessions, 1, NULL);
    ck_assert_uint_eq(driver_push(&d, bob, "two"), 2); /* was not acknowledged */
    ck_assert(driver_silent(&d, bob));
    ann = driver_log_in(&d, 1, sessions, 2, NULL);
    driver_send(&d, ann, make_up(2, 42, "two")); /* sent again: its ACK may be what was lost */
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 2);
    ck_assert(driver_silent(&d, bob));
    driver_send(&d, ann, make_up(4, 42, "four"));
    ck_assert_uint_eq(driver_ack(&d, ann).client_id, 3);
    driver_send(&d, ann, make_up(3, 42, "three"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 3);
    ck_assert_uint_eq(driver_push(&d, bob, "three"), 3);
    driver_send(&d, ann, make_up(1, 43, "first in another"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1);
}
END_TEST

START_TEST(login_leaves_other_sessions)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 2, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 2, NULL);
    bob = driver_log_in(&d, 2, sessions + 1, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "left"));
    driver_send(&d, ann, make_up(1, 43, "stayed"));
    ck_assert_uint_eq(driver_push(&d, bob, "stayed"), 1);
    ck_assert_uint_eq(core_get_stats(d.core).sessions, 2);
}
END_TEST

START_TEST(newcomers_get_no_history)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "before"));
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    ck_assert(driver_silent(&d, bob));
    driver_send(&d, ann, make_up(2, 42, "after"));
    ck_assert_uint_eq(driver_push(&d, bob, "after"), 2);
}
END_TEST

START_TEST(reconn_carries_both_counts_over)
{
    uint64_t conn_id;
    conn_key ann = driver_log_in(&d, 1, sessions, 1, &conn_id);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "mine"));
    driver_ack(&d, ann);
    core_disconnected(d.core, d.now_ms, ann);
    driver_send(&d, bob, make_up(1, 42, "missed"));
    ann = driver_connect(&d);
    driver_send(&d, ann, make_reconn(conn_id));
    const plato_head_ack ack = driver_ack(&d, ann);
    ck_assert_uint_eq(ack.code, PLATO_ACK_OK);
    ck_assert_uint_eq(ack.type, PLATO_RECONN);
    ck_assert_uint_ne(ack.conn_id, conn_id);
    ck_assert_uint_eq(driver_push(&d, ann, "missed"), 2);
    driver_send(&d, ann, make_up(1, 42, "mine"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1);
    driver_send(&d, ann, make_up(2, 42, "next"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 3);
}
END_TEST

START_TEST(reconn_closes_the_half_open_connection)
{
    uint64_t conn_id;
    conn_key old = driver_log_in(&d, 1, sessions, 1, &conn_id);
    conn_key new = driver_connect(&d);
    driver_send(&d, new, make_reconn(conn_id));
    ck_assert_uint_eq(driver_ack(&d, new).code, PLATO_ACK_OK);
    ck_assert_int_eq(d.state[old], PEER_CLOSED_FLUSH);
    /* what still comes on it is ignored, and its end does not take the device away */
    driver_send(&d, old, make_up(1, 42, "late"));
    core_disconnected(d.core, d.now_ms, old);
    driver_send(&d, new, make_up(1, 42, "now"));
    ck_assert_uint_eq(driver_ack(&d, new).msg_id, 1);
}
END_TEST

/* RECONN on a new connection: the code of the answer, and the new conn_id. */
static uint32_t reconnect(uint64_t *conn_id)
{
    conn_key key = driver_connect(&d);
    driver_send(&d, key, make_reconn(*conn_id));
    const plato_head_ack ack = driver_ack(&d, key);
    *conn_id = ack.conn_id;
    return ack.code;
}

/* The last id and the one before it are good; older ones are not, nor is any before a LOGIN. */
START_TEST(reconn_with_stale_ids)
{
    uint64_t first, id, last;
    driver_log_in(&d, 1, sessions, 1, &first);
    id = first;
    ck_assert_uint_eq(reconnect(&id), PLATO_ACK_OK);
    const uint64_t second = id;
    ck_assert_uint_eq(reconnect(&id), PLATO_ACK_OK);
    last = id;
    id = first;
    ck_assert_uint_eq(reconnect(&id), PLATO_ACK_UNKNOWN_CONN);
    id = second;
    ck_assert_uint_eq(reconnect(&id), PLATO_ACK_OK);
    ck_assert_uint_eq(reconnect(&last), PLATO_ACK_UNKNOWN_CONN); /* never seen by who names 2nd */
    driver_log_in(&d, 1, sessions, 1, NULL);
    ck_assert_uint_eq(reconnect(&id), PLATO_ACK_UNKNOWN_CONN);
}
END_TEST

START_TEST(reconn_after_the_state_is_gone)
{
    uint64_t first, second;
    driver_log_in(&d, 1, sessions, 1, &first);
    second = first;
    ck_assert_uint_eq(reconnect(&second), PLATO_ACK_OK);
    driver_pass(&d, config.idle_timeout_ms + config.linger_ms); /* silent: closed */
    driver_pass(&d, config.state_ttl_ms + 1000);
    ck_assert_uint_eq(core_get_stats(d.core).devices, 0);
    ck_assert_uint_eq(reconnect(&first), PLATO_ACK_UNKNOWN_CONN);
    ck_assert_uint_eq(reconnect(&second), PLATO_ACK_UNKNOWN_CONN);
}
END_TEST

START_TEST(sync_sends_what_others_said)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "1"));
    driver_send(&d, bob, make_up(1, 42, "2"));
    driver_send(&d, ann, make_up(2, 42, "3"));
    d.read[bob] = d.output[bob]->len;
    driver_send(&d, bob, make_sync(42, 1, 3));
    ck_assert_uint_eq(driver_push(&d, bob, "1"), 1);
    ck_assert_uint_eq(driver_push(&d, bob, "3"), 3);
    plato_head_ack ack = driver_ack(&d, bob);
    ck_assert_uint_eq(ack.code, PLATO_ACK_OK);
    ck_assert_uint_eq(ack.type, PLATO_SYNC);
    ck_assert_uint_eq(ack.msg_id, 3);
    driver_send(&d, bob, make_sync(42, 3, 1)); /* an empty range */
    ck_assert_uint_eq(driver_ack(&d, bob).code, PLATO_ACK_OK);
    driver_send(&d, bob, make_sync(42, 0, UINT64_MAX)); /* from the first on */
    ck_assert_uint_eq(driver_push(&d, bob, "1"), 1);
    ck_assert_uint_eq(driver_push(&d, bob, "3"), 3);
    ack = driver_ack(&d, bob);
    ck_assert_uint_eq(ack.code, PLATO_ACK_OK);
    ck_assert_uint_eq(ack.msg_id, 3);
}
END_TEST

/* Numbers an ACK can hold that no PUSH had: taken for what they are, nothing is skipped. */
START_TEST(false_push_acks_are_ignored)
{
    uint64_t conn_id;
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, &conn_id);
    driver_send(&d, bob, make_push_ack(42, 1000));
    driver_send(&d, bob, make_push_ack(42, UINT64_MAX));
    driver_send(&d, bob, make_push_ack(99, 1));
    driver_send(&d, ann, make_up(1, 42, "hello"));
    core_disconnected(d.core, d.now_ms, bob);
    bob = driver_connect(&d);
    driver_send(&d, bob, make_reconn(conn_id));
    driver_ack(&d, bob);
    ck_assert_uint_eq(driver_push(&d, bob, "hello"), 1);
}
END_TEST

static Suite *delivery_suite(void)
{
    Suite *suite = suite_create("core");
    TCase *tcase = tcase_create("delivery");
    tcase_add_checked_fixture(tcase, setup_core, teardown_core);
    tcase_add_test(tcase, up_is_acknowledged_and_pushed);
    tcase_add_test(tcase, every_cut_gives_the_same);
    tcase_add_test(tcase, push_is_one_buffer_for_all);
    tcase_add_test(tcase, repeats_get_the_first_answer);
    tcase_add_test(tcase, repeats_beyond_the_window_are_ok_without_msg_id);
    tcase_add_test(tcase, too_far_ahead_is_refused);
    tcase_add_test(tcase, login_goes_on_counting_and_resumes);
    tcase_add_test(tcase, login_leaves_other_sessions);
    tcase_add_test(tcase, newcomers_get_no_history);
    tcase_add_test(tcase, reconn_carries_both_counts_over);
    tcase_add_test(tcase, reconn_closes_the_half_open_connection);
    tcase_add_test(tcase, reconn_with_stale_ids);
    tcase_add_test(tcase, reconn_after_the_state_is_gone);
    tcase_add_test(tcase, sync_sends_what_others_said);
    tcase_add_test(tcase, false_push_acks_are_ignored);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    Suite *const suites[] = {
        delivery_suite(), limits_suite(), abuse_suite(), flight_suite(), stored_suite(),
    };
    return run_suites(TESTS_OF(suites));
}
