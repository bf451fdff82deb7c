/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bounds the memory, what happens there, and long streams. */
#include "counting_allocator.h"
#include "random.h"
#include "run_tests.h"
#include "script.h"

#include <stdlib.h>
#include <string.h>

#define LEN 200u

static counting count;
static plato_allocator allocator;
static stream_budget *budget;

static void setup(void)
{
    count = (counting){0};
    allocator = counting_allocator(&count);
    budget = stream_budget_new(0, &allocator);
}

static void teardown(void)
{
    ck_assert_uint_eq(stream_budget_used(budget), 0);
    stream_budget_free(budget);
    ck_assert_uint_eq(count.blocks, 0);
}

/* Byte `offset` of the stream that all tests send. */
static uint8_t content(uint64_t offset)
{
    return (uint8_t)((offset * 0x9e3779b97f4a7c15u) >> 56);
}

static stream_result send(stream_conn *conn, uint64_t offset, uint32_t len, uint32_t packet)
{
    static uint8_t bytes[65536];
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = content(offset + i);
    const stream_segment s = {.seq = 1 + (uint32_t)offset,
                              .len = len,
                              .captured = len,
                              .bytes = bytes,
                              .packet = packet,
                              .time_ns = packet};
    return stream_conn_segment(conn, &s);
}

static stream_conn *opened(const stream_config *config)
{
    stream_conn *conn = stream_conn_new(config, budget, NULL);
    const stream_segment syn = {.flags = STREAM_SYN, .packet = 1};
    ck_assert_int_eq(stream_conn_segment(conn, &syn), STREAM_TAKEN);
    return conn;
}

/* Whether all captured bytes are those that were sent; their number. */
static uint64_t check_contents(stream_conn *conn)
{
    stream_run run;
    uint64_t n = 0;
    for (uint64_t from = 0; stream_run_at(conn, 0, from, &run); from = run.offset + run.len) {
        uint8_t *copy = malloc((size_t)run.len);
        ck_assert(stream_copy(conn, 0, run.offset, copy, (size_t)run.len));
        bool same = true;
        for (uint64_t i = 0; i < run.len; i++)
            same = same && copy[i] == content(run.offset + i);
        ck_assert(same);
        free(copy);
        n += run.len;
    }
    return n;
}

START_TEST(in_order_nothing_is_allocated)
{
    stream_conn *conn = opened(NULL);
    size_t calls = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        stream_run run;
        ck_assert_int_eq(send(conn, i * (uint64_t)LEN, LEN, i + 2), STREAM_TAKEN);
        ck_assert(stream_next_changed(conn, 0, &run));
        /* a message of 70 bytes, over and over; its last part stays for the next segment */
        const uint64_t whole = run.len / 70 * 70;
        ck_assert_ptr_nonnull(stream_bytes(conn, 0, run.offset, (size_t)whole));
        stream_consume(conn, 0, run.offset, whole);
        ck_assert(stream_conn_keep(conn));
        if (i == 10)
            calls = count.calls;
    }
    ck_assert_uint_eq(count.calls, calls);
    stream_conn_free(conn);
}
END_TEST

START_TEST(an_idle_connection_is_small)
{
    stream_conn *conn = opened(NULL);
    for (uint32_t i = 0; i < 100; i++) {
        (void)send(conn, i * (uint64_t)LEN, LEN, i + 2);
        stream_consume(conn, 0, 0, UINT64_MAX);
        (void)stream_conn_keep(conn);
    }
    ck_assert_uint_le(stream_budget_used(budget), 1024);
    stream_conn_free(conn);
}
END_TEST

START_TEST(more_than_4_gib_in_a_direction)
{
    stream_conn *conn = opened(NULL);
    static uint8_t bytes[65535];
    uint64_t offset = 0;
    for (uint32_t i = 0; offset < ((uint64_t)5 << 30); i++) {
        const stream_segment s = {.seq = 1 + (uint32_t)offset,
                                  .len = sizeof bytes,
                                  .captured = sizeof bytes,
                                  .bytes = bytes,
                                  .packet = i + 2};
        ck_assert_int_eq(stream_conn_segment(conn, &s), STREAM_TAKEN);
        stream_run run;
        ck_assert(stream_run_at(conn, 0, 0, &run));
        ck_assert_uint_eq(run.offset, offset);
        ck_assert_int_eq(run.before, STREAM_EDGE_NOTHING);
        stream_consume(conn, 0, run.offset, run.len);
        offset += sizeof bytes;
    }
    ck_assert_uint_eq(stream_conn_counters(conn, 0)->bytes, offset);
    ck_assert_uint_eq(stream_conn_counters(conn, 0)->holes, 0);
    stream_conn_free(conn);
}
END_TEST

START_TEST(a_long_message_is_in_one_piece)
{
    stream_conn *conn = opened(NULL);
    const uint32_t n = 16000, len = 1000;
    size_t calls = 0;
    for (uint32_t i = 0; i < n; i++) {
        (void)send(conn, i * (uint64_t)len, len, i + 2);
        (void)stream_conn_keep(conn);
        calls = i == 0 ? count.calls : calls;
    }
    /* the ranges, and few blocks: nothing is put together when it is asked for */
    ck_assert_uint_le(count.calls - calls, n + 20);
    calls = count.calls;
    const uint8_t *bytes = stream_bytes(conn, 0, 0, (size_t)n * len);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(count.calls, calls);
    for (uint64_t i = 0; i < (uint64_t)n * len; i += 997)
        ck_assert_uint_eq(bytes[i], content(i));
    stream_info info;
    stream_conn_info(conn, 0, &info);
    ck_assert_uint_le(info.memory, (uint64_t)n * (2 * len + 128) + 1024);
    stream_consume(conn, 0, 0, (uint64_t)n * len);
    stream_conn_info(conn, 0, &info);
    ck_assert_uint_eq(info.memory, 0);
    stream_conn_free(conn);
}
END_TEST

START_TEST(bytes_at_the_front_of_a_block_are_used_again)
{
    stream_conn *conn = opened(NULL);
    uint64_t read = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        (void)send(conn, i * (uint64_t)LEN, LEN, i + 2);
        (void)stream_conn_keep(conn);
        /* there is always a part of a message left, in the same block */
        const uint64_t end = (i + 1) * (uint64_t)LEN - 50;
        stream_consume(conn, 0, read, end - read);
        read = end;
        ck_assert_uint_eq(check_contents(conn), 50);
    }
    ck_assert_uint_le(stream_budget_used(budget), 4096);
    stream_conn_free(conn);
}
END_TEST

START_TEST(a_direction_has_a_limit)
{
    stream_config config;
    stream_config_init(&config);
    config.max_memory = 20000;
    config.max_waiting = 1u << 30;
    stream_conn *conn = opened(&config);
    stream_info info;
    uint64_t kept = 0;
    for (uint32_t i = 0; i < 200; i++) {
        (void)send(conn, i * 2 * (uint64_t)LEN + 1, LEN, i + 2);
        kept += stream_conn_keep(conn);
        stream_conn_info(conn, 0, &info);
        ck_assert_uint_le(info.memory, config.max_memory);
    }
    const stream_counters *n = stream_conn_counters(conn, 0);
    ck_assert_uint_gt(kept, 10);
    ck_assert_uint_gt(n->given_up[STREAM_BY_LIMIT], 0);
    ck_assert_uint_gt(n->dropped + n->refused, 0);
    ck_assert_uint_eq(check_contents(conn), n->bytes);
    stream_conn_free(conn);
}
END_TEST

START_TEST(all_connections_share_a_limit)
{
    stream_conn *conns[20];
    size_t made = 0;
    stream_budget *small = stream_budget_new(15000, &allocator);
    stream_budget *whole = budget;
    budget = small;
    for (unsigned i = 0; i < 20; i++) {
        conns[made] = stream_conn_new(NULL, small, NULL);
        if (conns[made] == NULL)
            break;
        const stream_segment syn = {.flags = STREAM_SYN, .packet = 1};
        (void)stream_conn_segment(conns[made], &syn);
        for (uint32_t k = 0; k < 5; k++) {
            (void)send(conns[made], k * (uint64_t)300, 150, k + 2);
            (void)stream_conn_keep(conns[made]);
        }
        ck_assert_uint_le(stream_budget_used(small), 15000);
        made++;
    }
    ck_assert_uint_gt(made, 3);
    ck_assert_uint_lt(made, 20);
    while (made > 0)
        stream_conn_free(conns[--made]);
    ck_assert_uint_eq(stream_budget_used(small), 0);
    stream_budget_free(small);
    budget = whole;
}
END_TEST

/* ---- each allocation fails in turn ---- */

/* A history with holes, splits, blocks that grow, held segments and a restart; `fail_at` and the
 * rest of that segment fail. */
static stream_conn *run_failing(uint64_t seed, size_t fail_at)
{
    rng r = {seed};
    stream_conn *conn = stream_conn_new(NULL, budget, NULL);
    if (conn == NULL)
        return NULL;
    const stream_segment syn = {.flags = STREAM_SYN, .packet = 1};
    (void)stream_conn_segment(conn, &syn);
    uint64_t next = 0;
    for (uint32_t i = 0; i < 60; i++) {
        uint64_t at = next;
        const uint32_t len = 1 + (uint32_t)rng_below(&r, 300);
        stream_run run;
        if (rng_below(&r, 3) == 0)
            at += rng_below(&r, 400);
        else if (rng_below(&r, 3) == 0)
            at -= rng_below(&r, (size_t)(at < 900 ? at + 1 : 900));
        if (rng_below(&r, 10) == 0) {
            (void)send(conn, at + ((uint64_t)1 << 30), len, i + 2);
        } else {
            (void)send(conn, at, len, i + 2);
            next = at + len > next ? at + len : next;
        }
        const uint64_t from = rng_below(&r, (size_t)next + 1);
        if (rng_below(&r, 2) == 0 && stream_run_at(conn, 0, from, &run)) {
            (void)stream_bytes(conn, 0, run.offset, (size_t)run.len);
            stream_consume(conn, 0, run.offset + run.len / 3, run.len / 2);
        }
        (void)check_contents(conn);
        (void)stream_conn_keep(conn);
        (void)check_contents(conn);
        if (fail_at != 0 && count.calls >= fail_at)
            count.fail_at = 0;
    }
    return conn;
}

START_TEST(each_allocation_fails_in_turn)
{
    const uint64_t seed = (uint64_t)_i + 1;
    bool failed = true;
    uint64_t noted = 0;
    for (size_t n = 1; failed; n++) {
        count.calls = 0;
        count.fail_at = n;
        stream_budget *whole = budget;
        budget = stream_budget_new(0, &allocator);
        if (budget != NULL) {
            stream_conn *conn = run_failing(seed, n);
            failed = count.calls >= n;
            if (conn != NULL) {
                const stream_counters *c = stream_conn_counters(conn, 0);
                noted += c->refused + c->dropped;
            }
            count.fail_at = 0;
            stream_conn_free(conn);
            ck_assert_uint_eq(stream_budget_used(budget), 0);
            stream_budget_free(budget);
        }
        budget = whole;
    }
    ck_assert_uint_gt(noted, 0);
    count.fail_at = 0;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bounds");
    TCase *tcase = tcase_create("bounds");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, in_order_nothing_is_allocated);
    tcase_add_test(tcase, an_idle_connection_is_small);
    tcase_add_test(tcase, more_than_4_gib_in_a_direction);
    tcase_add_test(tcase, a_long_message_is_in_one_piece);
    tcase_add_test(tcase, bytes_at_the_front_of_a_block_are_used_again);
    tcase_add_test(tcase, a_direction_has_a_limit);
    tcase_add_test(tcase, all_connections_share_a_limit);
    tcase_add_loop_test(tcase, each_allocation_fails_in_turn, 0, 8);
    suite_add_tcase(suite, tcase);
    return run_suites(&suite, 1);
}
