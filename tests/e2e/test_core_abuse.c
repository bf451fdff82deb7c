/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session core against peers who mean ill, or are just too many: others must not suffer. */
#include "core/ids.h"
#include "core_fixture.h"
#include "test_core.h"

#include <string.h>

/* The example of SipHash-2-4's authors: the key 00..0f, the input 00..07. */
START_TEST(ids_are_hashed_with_siphash)
{
    const uint64_t seed[] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    const uint64_t other[] = {1, 2};
    ck_assert_uint_eq(id_hash(seed, seed[0]), UINT64_C(0x93f5f5799a932462));
    ck_assert_uint_ne(id_hash(seed, 42), id_hash(other, 42));
}
END_TEST

/* Ids with the same lower half: in a table that goes by it this takes longer than a test may. */
START_TEST(chosen_ids_do_not_slow_it_down)
{
    uint64_t chosen[256];
    for (uint64_t i = 0; i < 128; i++) {
        for (uint64_t k = 0; k < 256; k++)
            chosen[k] = (i * 256 + k + 1) << 32 | 1;
        disconnect(driver_log_in(&d, (i + 1) << 32 | 1, chosen, 256, NULL));
    }
    ck_assert_uint_eq(core_get_stats(d.core).sessions, 128 * 256);
}
END_TEST

/* Whoever leaves, first, last or between: those who stay get their messages, once. */
START_TEST(members_leave_in_any_order)
{
    enum { MEMBERS = 6 };
    static const unsigned leaving[] = {2, 5, 0, 3};
    conn_key keys[MEMBERS];
    bool is_member[MEMBERS];
    uint64_t sent = 0;
    conn_key ann = driver_log_in(&d, 100, sessions, 1, NULL);
    for (unsigned i = 0; i < MEMBERS; i++) {
        keys[i] = driver_log_in(&d, i + 1, sessions, 1, NULL);
        is_member[i] = true;
    }
    for (unsigned round = 0; round < G_N_ELEMENTS(leaving); round++) {
        const unsigned who = leaving[round];
        keys[who] = driver_log_in(&d, who + 1, sessions + 1, 1, NULL);
        is_member[who] = false;
        driver_send(&d, ann, make_up(++sent, 42, "x"));
        for (unsigned i = 0; i < MEMBERS; i++) {
            if (is_member[i])
                ck_assert_uint_eq(driver_push(&d, keys[i], "x"), sent);
            ck_assert(driver_silent(&d, keys[i]));
        }
    }
}
END_TEST

START_TEST(many_devices_expire_bit_by_bit)
{
    const unsigned devices = 700;
    for (uint64_t i = 1; i <= devices; i++)
        disconnect(driver_log_in(&d, i, sessions, 2, NULL));
    d.now_ms += config.state_ttl_ms;
    core_tick(d.core, d.now_ms);
    const core_stats stats = core_get_stats(d.core);
    ck_assert_uint_lt(stats.devices, devices);
    ck_assert_uint_ge(stats.devices, devices - 256);
    ck_assert_uint_eq(stats.memberships, 2 * stats.devices);
    driver_pass(&d, 1000);
    ck_assert_uint_eq(core_get_stats(d.core).devices, 0);
    ck_assert_uint_eq(core_get_stats(d.core).memberships, 0);
}
END_TEST

START_TEST(memberships_are_limited)
{
    const uint64_t twice[] = {42, 42};
    config.max_memberships = 3;
    driver_restart(&d, &config);
    driver_log_in(&d, 1, sessions, 2, NULL);
    conn_key bob = driver_connect(&d);
    driver_send(&d, bob, make_login(2, sessions, 2));
    ck_assert_uint_eq(driver_ack(&d, bob).code, PLATO_ACK_OVERLOADED);
    driver_send(&d, bob, make_login(2, twice, 2)); /* named twice, but one */
    ck_assert_uint_eq(driver_ack(&d, bob).code, PLATO_ACK_OK);
    driver_log_in(&d, 1, sessions, 2, NULL); /* has them already */
    ck_assert_uint_eq(core_get_stats(d.core).memberships, 3);
}
END_TEST

START_TEST(a_session_named_twice_is_one)
{
    const uint64_t twice[] = {42, 42};
    config.max_sessions = 1;
    driver_restart(&d, &config);
    driver_log_in(&d, 1, twice, 2, NULL);
    ck_assert_uint_eq(core_get_stats(d.core).sessions, 1);
}
END_TEST

static conn_key connect_and_be_refused(void)
{
    const uint8_t bad[14] = {2};
    conn_key key = driver_connect(&d);
    driver_feed(&d, key, bad, sizeof bad);
    return key;
}

START_TEST(closing_connections_take_no_place)
{
    config.max_connections = 1;
    config.max_closing = 2;
    driver_restart(&d, &config);
    conn_key first = connect_and_be_refused();
    conn_key second = connect_and_be_refused();
    ck_assert_int_eq(d.state[second], PEER_CLOSED_FLUSH);
    ck_assert_int_eq(d.state[connect_and_be_refused()], PEER_CLOSED_NOW);
    conn_key good = driver_log_in(&d, 1, sessions, 1, NULL);
    ck_assert_int_eq(d.state[driver_connect(&d)], PEER_CLOSED_NOW); /* one too many */
    ck_assert_uint_eq(core_get_stats(d.core).connections, 1);
    ck_assert_uint_eq(core_get_stats(d.core).closing, 4);
    disconnect(first), disconnect(second), disconnect(3), disconnect(5);
    ck_assert_uint_eq(core_get_stats(d.core).closing, 0);
    ck_assert_int_eq(d.state[driver_connect(&d)], PEER_CLOSED_FLUSH); /* there is time to say why */
    disconnect(good);
    ck_assert_uint_eq(core_get_stats(d.core).connections, 0);
}
END_TEST

/* The first bytes of an UP with a body of a thousand. */
static void feed_unfinished(conn_key key, size_t n)
{
    uint8_t bytes[1000] = {1, PLATO_UP, 0, 0, 0x03, 0xe8};
    driver_feed(&d, key, bytes, n);
}

START_TEST(unfinished_frames_are_limited_in_all)
{
    conn_key keys[3];
    config.limits.max_msg_len = 1000;
    config.limits.max_var_head_len = 64;
    config.max_input = 2000;
    driver_restart(&d, &config);
    for (size_t i = 0; i < 3; i++)
        keys[i] = driver_log_in(&d, i + 1, sessions, 1, NULL);
    feed_unfinished(keys[0], 500);
    feed_unfinished(keys[1], 900);
    ck_assert_uint_eq(core_get_stats(d.core).input_bytes, 1400);
    feed_unfinished(keys[2], 700); /* the largest has to go, not the latest */
    const plato_head_ack ack = driver_ack(&d, keys[1]);
    ck_assert_uint_eq(ack.code, PLATO_ACK_OVERLOADED);
    ck_assert_uint_eq(ack.type, PLATO_UP);
    ck_assert_int_eq(d.state[keys[1]], PEER_CLOSED_FLUSH);
    ck_assert_int_eq(d.state[keys[0]], PEER_OPEN);
    ck_assert_int_eq(d.state[keys[2]], PEER_OPEN);
    ck_assert_uint_eq(core_get_stats(d.core).input_bytes, 1200);
    disconnect(keys[0]), disconnect(keys[1]);
    ck_assert_uint_eq(core_get_stats(d.core).input_bytes, 700);
    config.max_input = 1077;
    ck_assert_ptr_nonnull(core_config_check(&config));
}
END_TEST

/* A connection that lingers keeps nothing of the frame it was closed for. */
START_TEST(closed_connections_hold_no_input)
{
    const uint8_t rest[1000] = {0};
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    feed_unfinished(ann, 500);
    driver_feed(&d, ann, rest, sizeof rest);
    ck_assert_uint_eq(driver_ack(&d, ann).code, PLATO_ACK_BAD_CRC);
    ck_assert_uint_eq(core_get_stats(d.core).input_bytes, 0);
}
END_TEST

START_TEST(finished_frames_do_not_count_as_input)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    gsize n;
    GBytes *frame = make_up(1, 42, "in two pieces");
    const uint8_t *p = g_bytes_get_data(frame, &n);
    driver_feed(&d, ann, p, 20);
    ck_assert_uint_eq(core_get_stats(d.core).input_bytes, 20);
    driver_feed(&d, ann, p + 20, n - 20);
    ck_assert_uint_eq(core_get_stats(d.core).input_bytes, 0);
    g_bytes_unref(frame);
}
END_TEST

/* Strangers fill the log: a small session keeps its messages. */
START_TEST(a_large_session_does_not_push_out_a_small_one)
{
    char body[1001];
    uint64_t conn_id;
    memset(body, 'x', 1000);
    body[1000] = '\0';
    config.log_bytes = 20000;
    driver_restart(&d, &config);
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, &conn_id);
    disconnect(bob);
    for (uint64_t i = 1; i <= 3; i++)
        driver_send(&d, ann, make_up(i, 42, "important"));
    conn_key stranger = driver_log_in(&d, 3, sessions + 1, 1, NULL);
    for (uint64_t i = 1; i <= 100; i++) {
        driver_send(&d, stranger, make_up(i, 43, body));
        ck_assert_uint_le(core_get_stats(d.core).log_bytes, config.log_bytes);
    }
    ck_assert_uint_gt(core_get_stats(d.core).log_bytes, config.log_bytes / 2);
    bob = driver_connect(&d);
    driver_send(&d, bob, make_reconn(conn_id));
    ck_assert_uint_eq(driver_ack(&d, bob).msg.n, 0);
    for (uint64_t i = 1; i <= 3; i++)
        ck_assert_uint_eq(driver_push(&d, bob, "important"), i);
}
END_TEST

START_TEST(lost_messages_are_told)
{
    static const char text[] = "no longer kept: session 42: messages 1 to 20";
    uint64_t conn_id;
    config.log_messages = 10;
    driver_restart(&d, &config);
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, &conn_id);
    disconnect(bob);
    for (uint64_t i = 1; i <= 30; i++)
        driver_send(&d, ann, make_up(i, 42, "x"));
    bob = driver_connect(&d);
    driver_send(&d, bob, make_reconn(conn_id));
    const plato_head_ack ack = driver_ack(&d, bob);
    ck_assert_uint_eq(ack.code, PLATO_ACK_OK);
    ck_assert_uint_eq(ack.msg.n, strlen(text));
    ck_assert_mem_eq(ack.msg.p, text, ack.msg.n);
    ck_assert_ptr_nonnull(strstr(d.warnings->str, "messages 1 to 20 of session 42"));
    for (uint64_t i = 21; i <= 30; i++)
        ck_assert_uint_eq(driver_push(&d, bob, "x"), i);
    ck_assert(driver_silent(&d, bob));
}
END_TEST

/* However many sessions have lost something, the ACK stays small. */
START_TEST(what_is_told_of_losses_is_bounded)
{
    uint64_t many[256], conn_id;
    config.log_messages = 0;
    driver_restart(&d, &config);
    for (uint64_t i = 0; i < 256; i++)
        many[i] = i + 1;
    conn_key ann = driver_log_in(&d, 1, many, 256, NULL);
    disconnect(driver_log_in(&d, 2, many, 256, &conn_id));
    for (uint64_t i = 0; i < 256; i++)
        driver_send(&d, ann, make_up(1, many[i], "x"));
    conn_key bob = driver_connect(&d);
    driver_send(&d, bob, make_reconn(conn_id));
    const plato_head_ack ack = driver_ack(&d, bob);
    ck_assert_uint_lt(ack.msg.n, 600);
    ck_assert_mem_eq(ack.msg.p + ack.msg.n - 3, "...", 3);
}
END_TEST

/* The number of messages must not begin again without the client's knowing. */
START_TEST(an_empty_session_keeps_its_count_for_a_while)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "one"));
    ann = driver_log_in(&d, 1, sessions + 1, 1, NULL); /* nobody is left in 42 */
    ck_assert_uint_eq(core_get_stats(d.core).sessions, 1);
    ck_assert_uint_eq(core_get_stats(d.core).log_bytes, 0);
    driver_pass(&d, 1000);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    driver_send(&d, bob, make_up(1, 42, "two"));
    ck_assert_uint_eq(driver_ack(&d, bob).msg_id, 2);
    driver_log_in(&d, 2, sessions + 1, 1, NULL);
    driver_pass(&d, config.state_ttl_ms + 200); /* forgotten now */
    conn_key cid = driver_log_in(&d, 3, sessions, 1, NULL);
    driver_send(&d, cid, make_up(1, 42, "anew"));
    ck_assert_uint_eq(driver_ack(&d, cid).msg_id, 1);
}
END_TEST

/* Says one message in a session of its own device, and leaves it; the msg_id that it got. */
static uint64_t say_and_leave(uint64_t session_id, uint64_t client_id)
{
    conn_key key = driver_log_in(&d, session_id, &session_id, 1, NULL);
    driver_send(&d, key, make_up(client_id, session_id, "x"));
    const uint64_t msg_id = driver_ack(&d, key).msg_id;
    disconnect(driver_log_in(&d, session_id, NULL, 0, NULL));
    return msg_id;
}

/* The count that has been of no use for the longest is forgotten first. */
START_TEST(empty_sessions_make_room)
{
    config.max_sessions = 3;
    driver_restart(&d, &config);
    for (uint64_t id = 1; id <= 4; id++)
        ck_assert_uint_eq(say_and_leave(id, 1), 1);
    ck_assert_uint_eq(core_get_stats(d.core).sessions, 0);
    ck_assert_uint_eq(say_and_leave(2, 1), 2);
    ck_assert_uint_eq(say_and_leave(1, 1), 1);
}
END_TEST

/* Also a session that gets members again takes its place among those with members. */
START_TEST(empty_sessions_count_when_joined)
{
    const uint64_t both[] = {1, 3}, other = 2;
    config.max_sessions = 2;
    driver_restart(&d, &config);
    say_and_leave(1, 1);
    driver_log_in(&d, 2, &other, 1, NULL);
    conn_key key = driver_connect(&d);
    driver_send(&d, key, make_login(3, both, 2));
    ck_assert_uint_eq(driver_ack(&d, key).code, PLATO_ACK_OVERLOADED);
}
END_TEST

Suite *abuse_suite(void)
{
    Suite *suite = suite_create("core abuse");
    TCase *tcase = tcase_create("abuse");
    tcase_add_checked_fixture(tcase, setup_core, teardown_core);
    tcase_add_test(tcase, ids_are_hashed_with_siphash);
    tcase_add_test(tcase, chosen_ids_do_not_slow_it_down);
    tcase_add_test(tcase, members_leave_in_any_order);
    tcase_add_test(tcase, many_devices_expire_bit_by_bit);
    tcase_add_test(tcase, memberships_are_limited);
    tcase_add_test(tcase, a_session_named_twice_is_one);
    tcase_add_test(tcase, closing_connections_take_no_place);
    tcase_add_test(tcase, unfinished_frames_are_limited_in_all);
    tcase_add_test(tcase, closed_connections_hold_no_input);
    tcase_add_test(tcase, finished_frames_do_not_count_as_input);
    tcase_add_test(tcase, a_large_session_does_not_push_out_a_small_one);
    tcase_add_test(tcase, lost_messages_are_told);
    tcase_add_test(tcase, what_is_told_of_losses_is_bounded);
    tcase_add_test(tcase, an_empty_session_keeps_its_count_for_a_while);
    tcase_add_test(tcase, empty_sessions_make_room);
    tcase_add_test(tcase, empty_sessions_count_when_joined);
    suite_add_tcase(suite, tcase);
    return suite;
}
