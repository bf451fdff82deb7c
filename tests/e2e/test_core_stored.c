/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session core with a store, a real file: what waits for it, and what comes back from it. */
#include "core_fixture.h"
#include "test_core.h"

#include <glib/gstdio.h>
#include <string.h>

static store_options options;
static char *folder, *path;

static void setup(void)
{
    core_config_init(&config);
    config.commit_wait_ms = 0;
    folder = g_dir_make_tmp("plato-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
    path = g_build_filename(folder, "store.db", NULL);
    options = (store_options){.path = path};
    driver_start_stored(&d, &config, &options);
}

static void teardown(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-mark", "-lock"};
    driver_stop(&d);
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        char *file = g_strconcat(path, ends[i], NULL);
        g_unlink(file);
        g_free(file);
    }
    g_rmdir(folder);
    g_free(folder);
    g_free(path);
}

static void restart(void)
{
    driver_stop(&d);
    driver_start_stored(&d, &config, &options);
}

START_TEST(nothing_leaves_before_the_commit)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    conn_key cid = driver_connect(&d);
    d.hold_commits = true;
    driver_send(&d, ann, make_up(1, 42, "hello"));
    ck_assert_ptr_nonnull(d.batch);
    driver_send(&d, ann, make_up(1, 42, "hello"));    /* its repeat waits as well */
    driver_send(&d, ann, make_heartbeat());           /* and so does what comes after it */
    driver_send(&d, cid, make_login(3, sessions, 1)); /* this is for the next batch */
    ck_assert(driver_silent(&d, ann) && driver_silent(&d, bob) && driver_silent(&d, cid));
    driver_commit(&d);
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1);
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1);
    ck_assert_uint_eq(driver_ack(&d, ann).type, PLATO_HEARTBEAT);
    ck_assert_uint_eq(driver_push(&d, bob, "hello"), 1);
    ck_assert(driver_silent(&d, cid));
    driver_commit(&d);
    ck_assert_uint_eq(driver_ack(&d, cid).code, PLATO_ACK_OK);
    ck_assert(!core_get_stats(d.core).uncommitted);
}
END_TEST

START_TEST(a_batch_is_full_or_old)
{
    config.commit_messages = 3;
    config.commit_wait_ms = 50;
    restart();
    d.hold_commits = true;
    conn_key ann = driver_connect(&d);
    driver_send(&d, ann, make_login(1, sessions, 1));
    driver_pass(&d, 49);
    ck_assert_ptr_null(d.batch);
    driver_pass(&d, 1);
    driver_commit(&d);
    driver_send(&d, ann, make_up(1, 42, "1"));
    driver_send(&d, ann, make_up(2, 42, "2"));
    ck_assert_ptr_null(d.batch);
    driver_send(&d, ann, make_up(3, 42, "3"));
    ck_assert_uint_eq(d.batch->messages->len, 3);
    for (uint64_t i = 4; i <= 9; i++)
        driver_send(&d, ann, make_up(i, 42, "more"));
    driver_commit(&d); /* one is under way at a time: the rest has come together */
    ck_assert_uint_eq(d.batch->messages->len, 6);
    driver_commit(&d);
    ck_assert_uint_eq(core_get_stats(d.core).uncommitted_bytes, 0);
}
END_TEST

/* Whoever sends more than may wait is not read from until it is committed. */
START_TEST(too_much_uncommitted_stops_reading)
{
    config.up_window = 10;
    restart();
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    d.hold_commits = true;
    for (uint64_t i = 1; i <= 10; i++)
        driver_send(&d, ann, make_up(i, 42, "x"));
    ck_assert(!d.paused[ann]);
    driver_send(&d, ann, make_up(11, 42, "x"));
    ck_assert(d.paused[ann]);
    driver_pass(&d, config.idle_timeout_ms + 1000); /* silent for no fault of its own */
    ck_assert_int_eq(d.state[ann], PEER_OPEN);
    driver_commit(&d);
    ck_assert(d.paused[ann]);
    driver_commit(&d);
    ck_assert(!d.paused[ann]);
    driver_send(&d, ann, make_heartbeat());
    ck_assert_int_eq(d.state[ann], PEER_OPEN);
    driver_pass(&d, config.idle_timeout_ms + 1000); /* its clock runs again, with no other event */
    ck_assert_int_eq(d.state[ann], PEER_CLOSED_FLUSH);
    config.max_uncommitted = 100;
    restart();
    ann = driver_log_in(&d, 1, sessions, 1, NULL);
    d.hold_commits = true;
    driver_send(&d, ann, make_up(12, 42, "some eighty bytes are not too much yet, but more are"));
    ck_assert(!d.paused[ann]);
    driver_send(&d, ann, make_up(13, 42, "some eighty bytes are not too much yet, but more are"));
    ck_assert(d.paused[ann]);
}
END_TEST

/* What was not committed has never been: nobody has heard of it. */
START_TEST(a_lost_batch_leaves_no_trace)
{
    uint64_t conn_id;
    conn_key ann = driver_log_in(&d, 1, sessions, 1, &conn_id);
    driver_send(&d, ann, make_up(1, 42, "one"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1);
    d.hold_commits = true;
    driver_send(&d, ann, make_up(2, 42, "lost"));
    restart();
    ann = driver_connect(&d);
    driver_send(&d, ann, make_reconn(conn_id));
    ck_assert_uint_eq(driver_ack(&d, ann).code, PLATO_ACK_OK);
    driver_send(&d, ann, make_up(2, 42, "again"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 2);
}
END_TEST

START_TEST(everything_comes_back)
{
    uint64_t conn_id;
    conn_key ann = driver_log_in(&d, 1, sessions, 2, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, &conn_id);
    for (uint64_t i = 1; i <= 5; i++)
        driver_send(&d, ann, make_up(i, 42, "x"));
    driver_send(&d, ann, make_up(1, 43, "y"));
    driver_send(&d, bob, make_push_ack(42, 3));
    driver_pass(&d, config.lazy_commit_ms);
    restart();
    const core_stats stats = core_get_stats(d.core);
    ck_assert_uint_eq(stats.devices, 2);
    ck_assert_uint_eq(stats.sessions, 2);
    ck_assert_uint_eq(stats.memberships, 3);
    bob = driver_connect(&d);
    driver_send(&d, bob, make_reconn(conn_id));
    ck_assert_uint_gt(driver_ack(&d, bob).conn_id, conn_id);
    ck_assert_uint_eq(driver_push(&d, bob, "x"), 4);
    ck_assert_uint_eq(driver_push(&d, bob, "x"), 5);
    ck_assert(driver_silent(&d, bob));
    ann = driver_log_in(&d, 1, sessions, 2, NULL);
    driver_send(&d, ann, make_up(4, 42, "x"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 4);
    driver_send(&d, ann, make_up(7, 42, "x"));
    ck_assert_uint_eq(driver_ack(&d, ann).client_id, 6);
    driver_send(&d, ann, make_up(2, 43, "y"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 2);
}
END_TEST

/* The state of a device that does not come back lasts as long as without a restart. */
START_TEST(what_came_back_expires)
{
    driver_log_in(&d, 1, sessions, 1, NULL);
    restart();
    driver_pass(&d, config.state_ttl_ms - 1);
    ck_assert_uint_eq(core_get_stats(d.core).devices, 1);
    driver_pass(&d, 2 * config.state_ttl_ms);
    ck_assert_uint_eq(core_get_stats(d.core).devices, 0);
    restart();
    ck_assert_uint_eq(core_get_stats(d.core).devices, 0);
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "anew"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1);
    restart(); /* with the messages of two sessions of the same id */
}
END_TEST

/* At the edges of the window, across a restart. */
START_TEST(repeats_across_a_restart)
{
    config.dedup_window = 64;
    restart();
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    for (uint64_t i = 1; i <= 100; i++) {
        driver_send(&d, ann, make_up(i, 42, "a"));
        driver_send(&d, bob, make_up(i, 42, "b"));
    }
    restart();
    ann = driver_log_in(&d, 1, sessions, 1, NULL);
    d.read[ann] = d.output[ann]->len;
    for (uint64_t i = 1; i <= 100; i++) {
        driver_send(&d, ann, make_up(i, 42, "a"));
        const plato_head_ack ack = driver_ack(&d, ann);
        ck_assert_uint_eq(ack.code, PLATO_ACK_OK);
        ck_assert_uint_eq(ack.msg_id, i > 100 - 64 ? 2 * i - 1 : 0);
    }
    driver_send(&d, ann, make_up(101, 42, "a"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 201);
    driver_send(&d, ann, make_up(38, 42, "a")); /* the newest has pushed 37 out */
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 75);
    driver_send(&d, ann, make_up(37, 42, "a"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 0);
}
END_TEST

/* A device that left and came back counts from 1: what it said before is not what it says now. */
START_TEST(repeats_of_an_earlier_membership_do_not_count)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    driver_log_in(&d, 2, sessions, 1, NULL);
    for (uint64_t i = 1; i <= 10; i++)
        driver_send(&d, ann, make_up(i, 42, "before"));
    driver_log_in(&d, 1, sessions + 1, 1, NULL);
    ann = driver_log_in(&d, 1, sessions, 1, NULL);
    for (uint64_t i = 1; i <= 3; i++)
        driver_send(&d, ann, make_up(i, 42, "after"));
    restart();
    ann = driver_log_in(&d, 1, sessions, 1, NULL);
    for (uint64_t i = 1; i <= 4; i++) {
        driver_send(&d, ann, make_up(i, 42, "after"));
        ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 10 + i);
    }
}
END_TEST

/* What goes and comes back with one batch is there. */
START_TEST(gone_and_back_in_one_batch)
{
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "x"));
    d.hold_commits = true;
    driver_send(&d, ann, make_up(2, 42, "x"));
    driver_send(&d, driver_connect(&d), make_login(1, sessions + 1, 1));
    driver_send(&d, driver_connect(&d), make_login(1, sessions, 1));
    driver_commit(&d);
    ck_assert_uint_eq(d.batch->gone_members->len, 2); /* 42 and then 43 */
    driver_commit(&d);
    restart();
    ck_assert_uint_eq(core_get_stats(d.core).memberships, 1);
    ann = driver_log_in(&d, 1, sessions, 1, NULL);
    driver_send(&d, ann, make_up(1, 42, "counts from 1 again"));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 3);
}
END_TEST

/* The log in memory is small: the rest comes out of the store, in order. */
START_TEST(the_store_reaches_further_back)
{
    config.log_messages = 3;
    restart();
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    core_disconnected(d.core, d.now_ms, bob);
    for (uint64_t i = 1; i <= 50; i++)
        driver_send(&d, ann, make_up(i, 42, "x"));
    bob = driver_log_in(&d, 2, sessions, 1, NULL);
    for (uint64_t i = 1; i <= 50; i++)
        ck_assert_uint_eq(driver_push(&d, bob, "x"), i);
    driver_send(&d, bob, make_sync(42, 0, 50));
    for (uint64_t i = 1; i <= 50; i++)
        ck_assert_uint_eq(driver_push(&d, bob, "x"), i);
    ck_assert_uint_eq(driver_ack(&d, bob).code, PLATO_ACK_OK);
    driver_pass(&d, 1200); /* sent again, from the store as well */
    for (uint64_t i = 1; i <= 50; i++)
        ck_assert_uint_eq(driver_push(&d, bob, "x"), i);
}
END_TEST

/* However much there is, one SYNC does not keep others waiting: also when all of it is one's own.
 */
START_TEST(one_sync_goes_so_far)
{
    config.log_messages = 3;
    restart();
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    d.hold_commits = true;
    for (uint64_t i = 1; i <= 1100; i++)
        driver_send(&d, ann, make_up(i, 42, "x"));
    driver_commit(&d);
    d.hold_commits = false;
    driver_commit(&d);
    d.read[ann] = d.output[ann]->len;
    d.read[bob] = d.output[bob]->len;
    driver_send(&d, ann, make_sync(42, 1, UINT64_MAX));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1024);
    driver_send(&d, ann, make_sync(42, 1025, UINT64_MAX));
    ck_assert_uint_eq(driver_ack(&d, ann).msg_id, 1100);
    driver_send(&d, bob, make_sync(42, 2, 1099));
    for (uint64_t i = 2; i <= 1025; i++)
        ck_assert_uint_eq(driver_push(&d, bob, "x"), i);
    ck_assert_uint_eq(driver_ack(&d, bob).msg_id, 1025);
}
END_TEST

/* The file stays as large as it may be; what is gone is reported. */
START_TEST(the_oldest_messages_go)
{
    char *body = g_strnfill(4000, 'x');
    options.keep_bytes = 1000000;
    options.wal_pages = 50;
    config.log_messages = 3;
    restart();
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    core_disconnected(d.core, d.now_ms, bob);
    for (uint64_t i = 1; i <= 1000; i++)
        driver_send(&d, ann, make_up(i, 42, body));
    GStatBuf file;
    ck_assert_int_eq(g_stat(path, &file), 0);
    ck_assert_int_lt(file.st_size, 1300000);
    restart(); /* which checks that no session has holes */
    bob = driver_connect(&d);
    driver_send(&d, bob, make_login(2, sessions, 1));
    const plato_head_ack ack = driver_ack(&d, bob);
    ck_assert_uint_eq(ack.code, PLATO_ACK_OK);
    ck_assert_mem_eq(ack.msg.p, "no longer kept: session 42: messages 1 to ", 42);
    const uint64_t first = driver_push(&d, bob, body);
    ck_assert_uint_gt(first, 700);
    ck_assert_uint_lt(first, 900);
    driver_send(&d, bob, make_sync(42, 1, 3));
    for (uint64_t i = first + 1; !driver_silent(&d, bob); i++) {
        plato_head head;
        plato_span span;
        driver_next(&d, bob, &head, &span);
        if (head.msg_type == PLATO_ACK)
            ck_assert_uint_eq(head.ack.code, PLATO_ACK_INTERNAL);
        else
            ck_assert_uint_eq(head.push.msg_id, i);
    }
    g_free(body);
}
END_TEST

/* Many small messages make no less room than the large ones need that come after them. */
START_TEST(large_messages_after_small_ones)
{
    char *body = g_strnfill(100000, 'x');
    uint64_t client_id = 1;
    options.keep_bytes = 1000000;
    options.wal_pages = 50;
    restart();
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    d.hold_commits = true;
    for (; client_id <= 12000; client_id++)
        driver_send(&d, ann, make_up(client_id, 42, "x"));
    for (unsigned batch = 0; batch < 8; batch++) {
        for (const uint64_t end = client_id + 10; client_id < end; client_id++)
            driver_send(&d, ann, make_up(client_id, 42, body));
        driver_commit(&d);
    }
    driver_commit(&d);
    d.hold_commits = false;
    GStatBuf file;
    ck_assert_int_eq(g_stat(path, &file), 0);
    ck_assert_int_lt(file.st_size, 4000000);
    restart(); /* which checks that no session has holes */
    g_free(body);
}
END_TEST

/* What is acknowledged is there, if not for long: also when it is more than may be kept. */
START_TEST(a_message_outlives_its_own_batch)
{
    char *body = g_strnfill(100000, 'x');
    options.keep_bytes = 50000;
    restart();
    conn_key ann = driver_log_in(&d, 1, sessions, 1, NULL);
    conn_key bob = driver_log_in(&d, 2, sessions, 1, NULL);
    core_disconnected(d.core, d.now_ms, bob);
    driver_send(&d, ann, make_up(1, 42, body));
    driver_send(&d, ann, make_up(2, 42, body));
    restart();
    bob = driver_log_in(&d, 2, sessions, 1, NULL);
    ck_assert_uint_eq(driver_push(&d, bob, body), 2);
    g_free(body);
}
END_TEST

Suite *stored_suite(void)
{
    Suite *suite = suite_create("core stored");
    TCase *tcase = tcase_create("stored");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nothing_leaves_before_the_commit);
    tcase_add_test(tcase, a_batch_is_full_or_old);
    tcase_add_test(tcase, too_much_uncommitted_stops_reading);
    tcase_add_test(tcase, a_lost_batch_leaves_no_trace);
    tcase_add_test(tcase, everything_comes_back);
    tcase_add_test(tcase, what_came_back_expires);
    tcase_add_test(tcase, repeats_across_a_restart);
    tcase_add_test(tcase, repeats_of_an_earlier_membership_do_not_count);
    tcase_add_test(tcase, gone_and_back_in_one_batch);
    tcase_add_test(tcase, the_store_reaches_further_back);
    tcase_add_test(tcase, one_sync_goes_so_far);
    tcase_add_test(tcase, the_oldest_messages_go);
    tcase_add_test(tcase, large_messages_after_small_ones);
    tcase_add_test(tcase, a_message_outlives_its_own_batch);
    suite_add_tcase(suite, tcase);
    return suite;
}
