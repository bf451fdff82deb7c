/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the model is made of: sets of ids, the cache, the state of TCP, the writer of JSON. */
#include "json_writer.h"
#include "run_tests.h"
#include "scenario.h"

#include <string.h>

/* ---- sets of ids ---- */

START_TEST(a_set_against_a_slow_one)
{
    idset set = {0};
    bool has[201] = {false};
    uint32_t random = 12345;
    for (int step = 0; step < 600; step++) {
        random = random * 1664525u + 1013904223u;
        const uint64_t id = random >> 16 & 127;
        check_idset_add(&set, id);
        has[id] = true;
        const uint64_t first = random >> 8 & 127;
        const uint64_t last = first + (random >> 4 & 63);
        uint64_t gap = first;
        while (gap <= last && (has[gap] || gap == 0))
            gap++;
        idrange hole;
        const bool found = check_idset_hole(&set, first, last, &hole);
        ck_assert_int_eq(found, gap <= last);
        ck_assert(!found || hole.first == gap);
        while (found && gap <= last && !has[gap])
            gap++;
        ck_assert(!found || hole.last == gap - 1);
        uint64_t above = 0;
        for (uint64_t i = 0; i <= 200; i++) {
            ck_assert_int_eq(check_idset_has(&set, i), has[i]);
            above += i > first && has[i];
        }
        ck_assert_uint_eq(check_idset_above(&set, first), above);
    }
    check_idset_clear(&set);
}
END_TEST

START_TEST(the_ends_of_a_set)
{
    idset set = {0};
    uint64_t lowest;
    ck_assert(!check_idset_lowest(&set, &lowest));
    ck_assert(!check_idset_has(&set, 0));
    check_idset_add(&set, UINT64_MAX);
    check_idset_add(&set, UINT64_MAX - 1);
    check_idset_add(&set, UINT64_MAX);
    ck_assert_uint_eq(set.ranges->len, 1);
    ck_assert_uint_eq(check_idset_above(&set, 5), 2);
    ck_assert(check_idset_lowest(&set, &lowest));
    ck_assert_uint_eq(lowest, UINT64_MAX - 1);
    check_idset_clear(&set);
}
END_TEST

START_TEST(of_too_many_ranges_the_lowest_is_forgotten)
{
    idset set = {0};
    idrange hole;
    for (uint64_t i = 0; i <= IDSET_RANGES_MAX; i++)
        check_idset_add(&set, 10 + 2 * i);
    ck_assert_uint_eq(set.ranges->len, IDSET_RANGES_MAX);
    ck_assert(!check_idset_has(&set, 10));
    ck_assert(check_idset_hole(&set, 1, 20, &hole));
    ck_assert_uint_eq(hole.first, 11); /* nothing is known of what stands below */
    check_idset_clear(&set);
}
END_TEST

/* ---- the cache ---- */

START_TEST(a_cache_keeps_the_latest)
{
    check_cache cache = {0};
    const uint64_t count = 3 * CACHE_GENERATION;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t key[4] = {i, 0, 0, i * 7};
        cache_entry *entry = check_cache_insert(&cache, key);
        ck_assert_uint_eq(entry->value[0], 0);
        entry->value[0] = i + 1;
        ck_assert_ptr_eq(check_cache_insert(&cache, key), entry);
    }
    const uint64_t first[4] = {0};
    ck_assert_ptr_null(check_cache_find(&cache, first));
    for (uint64_t i = count - CACHE_GENERATION; i < count; i++) {
        const uint64_t key[4] = {i, 0, 0, i * 7};
        ck_assert_uint_eq(check_cache_find(&cache, key)->value[0], i + 1);
    }
    ck_assert_uint_le(g_hash_table_size(cache.young) + g_hash_table_size(cache.old),
                      2 * CACHE_GENERATION);
    check_cache_clear(&cache);
    ck_assert_ptr_null(check_cache_find(&cache, first));
}
END_TEST

/* ---- TCP ---- */

enum { CLIENT = 1, SERVER = 2 }; /* ports */

#define MS 1000000

typedef struct tcp_test {
    stream_budget *budget;
    tcp_state *tcp;
    uint32_t packet;
    int64_t time_ns;
} tcp_test;

static tcp_test tcp_begin(void)
{
    stream_budget *budget = stream_budget_new(0, NULL);
    ck_assert_ptr_nonnull(budget);
    return (tcp_test){budget, check_tcp_state_new(budget), 0, 0};
}

static void tcp_finish(const tcp_test *t)
{
    check_tcp_state_free(t->tcp);
    ck_assert_uint_eq(stream_budget_used(t->budget), 0);
    stream_budget_free(t->budget);
}

/* `ack` 0: no ACK. A millisecond after the one before. */
static tcp_segment segment(tcp_test *t, uint16_t from, unsigned flags, uint32_t seq, uint32_t ack,
                           uint32_t length)
{
    const check_tcp_record record = {.packet = ++t->packet,
                                     .time_ns = t->time_ns += MS,
                                     .source_port = from,
                                     .destination_port = (uint16_t)(3 - from),
                                     .flags = flags | (ack != 0 ? CHECK_TCP_ACK : 0),
                                     .seq = seq,
                                     .ack = ack,
                                     .length = length};
    return check_tcp_follow(t->tcp, &record);
}

static bool has_hole(const tcp_test *t, uint16_t port)
{
    return check_tcp_has_hole(t->tcp, check_tcp_flow(t->tcp, port, true));
}

START_TEST(holes_open_and_close)
{
    tcp_test t = tcp_begin();
    ck_assert_int_eq(check_tcp_flow(t.tcp, CLIENT, true), -1);
    ck_assert(segment(&t, CLIENT, CHECK_TCP_SYN, 0xfffffff0, 0, 0).opens);
    ck_assert_int_eq(t.tcp->syn_ns, MS);
    ck_assert(segment(&t, CLIENT, 0, 0xfffffff1, 0, 20).new_bytes); /* wraps to 5 */
    ck_assert(!segment(&t, CLIENT, 0, 0xfffffff1, 0, 20).new_bytes);
    ck_assert_int_eq(segment(&t, CLIENT, 0, 25, 0, 10).lost[0], 1); /* 5..24 are missing */
    ck_assert_int_eq(segment(&t, CLIENT, 0, 45, 0, 10).lost[0], 1); /* and 35..44 */
    ck_assert(has_hole(&t, CLIENT));
    ck_assert(!has_hole(&t, SERVER));
    const tcp_segment filling = segment(&t, CLIENT, 0, 5, 0, 20);
    ck_assert(filling.new_bytes);
    ck_assert(filling.hole);
    ck_assert_int_eq(filling.lost[0], 0);
    ck_assert_int_eq(segment(&t, CLIENT, 0, 35, 0, 10).lost[0], -2);
    ck_assert(!has_hole(&t, CLIENT));
    ck_assert_uint_eq(t.tcp->flows[0].lost, 0);
    tcp_finish(&t);
}
END_TEST

START_TEST(what_is_acknowledged_and_was_not_seen_is_a_hole)
{
    tcp_test t = tcp_begin();
    (void)segment(&t, CLIENT, 0, 100, 0, 10);
    ck_assert_int_eq(segment(&t, SERVER, 0, 500, 110, 0).lost[0], 0);
    const tcp_segment beyond = segment(&t, SERVER, 0, 500, 120, 0);
    ck_assert_int_eq(beyond.lost[0], 1);
    ck_assert(beyond.hole);
    ck_assert_int_eq(segment(&t, CLIENT, 0, 110, 500, 10).lost[0], -1);
    ck_assert(!has_hole(&t, CLIENT));
    tcp_finish(&t);
}
END_TEST

/* The end of a direction that nobody captured: the peer acknowledges it. */
START_TEST(a_lost_tail_is_a_hole_at_the_end)
{
    tcp_test t = tcp_begin();
    (void)segment(&t, CLIENT, 0, 100, 0, 10);
    (void)segment(&t, SERVER, 0, 500, 160, 0);
    check_tcp_end(t.tcp);
    ck_assert(has_hole(&t, CLIENT));
    ck_assert_uint_eq(t.tcp->flows[0].lost, 1);
    tcp_finish(&t);
}
END_TEST

START_TEST(a_fin_that_was_not_captured_is_no_byte)
{
    tcp_test t = tcp_begin();
    (void)segment(&t, CLIENT, 0, 100, 0, 10);
    ck_assert_int_eq(segment(&t, SERVER, 0, 500, 111, 0).lost[0], 1); /* nobody knows so far */
    ck_assert(has_hole(&t, CLIENT));
    check_tcp_end(t.tcp);
    ck_assert(check_tcp_may_have_closed(t.tcp, check_tcp_flow(t.tcp, CLIENT, true)));
    ck_assert(!check_tcp_may_have_closed(t.tcp, check_tcp_flow(t.tcp, SERVER, true)));
    ck_assert(!has_hole(&t, CLIENT));
    tcp_finish(&t);
}
END_TEST

START_TEST(a_fin_takes_a_number_and_is_no_new_byte)
{
    tcp_test t = tcp_begin();
    (void)segment(&t, CLIENT, 0, 100, 0, 10);
    const tcp_segment fin = segment(&t, CLIENT, CHECK_TCP_FIN, 110, 0, 0);
    ck_assert(fin.ends);
    ck_assert(!fin.new_bytes);
    ck_assert_int_eq(t.tcp->flows[0].end_ns, t.time_ns);
    ck_assert_int_eq(segment(&t, SERVER, 0, 500, 111, 0).lost[0], 0);
    ck_assert(!has_hole(&t, CLIENT));
    tcp_finish(&t);
}
END_TEST

/* Only the client's packets were captured, and they acknowledge the server's. */
START_TEST(a_direction_that_was_not_captured_is_known)
{
    tcp_test t = tcp_begin();
    (void)segment(&t, CLIENT, CHECK_TCP_SYN, 99, 0, 0);
    ck_assert(!check_tcp_is_unseen(t.tcp, check_tcp_flow(t.tcp, SERVER, true)));
    ck_assert(!has_hole(&t, SERVER)); /* perhaps nobody answers the SYN */
    (void)segment(&t, CLIENT, 0, 100, 500, 10);
    ck_assert(check_tcp_is_unseen(t.tcp, check_tcp_flow(t.tcp, SERVER, true)));
    ck_assert(has_hole(&t, SERVER));
    ck_assert_uint_eq(t.tcp->flows[1].lost, 0);
    (void)segment(&t, CLIENT, 0, 110, 530, 0);
    ck_assert_uint_eq(t.tcp->flows[1].lost, 1);
    ck_assert(!check_tcp_is_unseen(t.tcp, check_tcp_flow(t.tcp, CLIENT, true)));
    tcp_finish(&t);
}
END_TEST

START_TEST(what_fits_nothing_says_nothing)
{
    tcp_test t = tcp_begin();
    (void)segment(&t, CLIENT, 0, 100, 500, 10);
    (void)segment(&t, SERVER, 0, 500, 110, 10);
    ck_assert(!segment(&t, CLIENT, CHECK_TCP_RST, 0x70000000, 0, 0).ends);
    ck_assert_int_eq(t.tcp->flows[0].end_ns, NEVER);
    ck_assert(segment(&t, CLIENT, CHECK_TCP_RST, 110, 0, 0).ends);
    tcp_finish(&t);
}
END_TEST

/* What the first connection on the ports lacks is still missing after the second has begun. */
START_TEST(the_losses_of_an_earlier_connection_stay)
{
    tcp_test t = tcp_begin();
    (void)segment(&t, CLIENT, CHECK_TCP_SYN, 99, 0, 0);
    (void)segment(&t, CLIENT, 0, 110, 0, 10);
    ck_assert_uint_eq(t.tcp->flows[0].lost, 1);
    const tcp_segment syn = segment(&t, CLIENT, CHECK_TCP_SYN, 0x30000000, 0, 10);
    ck_assert_int_eq(syn.lost[0], 0);
    ck_assert(syn.new_bytes);
    ck_assert(has_hole(&t, CLIENT));
    ck_assert_int_eq(segment(&t, CLIENT, 0, 0x30000015, 0, 10).lost[0], 1);
    ck_assert_int_eq(segment(&t, CLIENT, 0, 0x3000000b, 0, 10).lost[0], -1);
    ck_assert_uint_eq(t.tcp->flows[0].lost, 1);
    tcp_finish(&t);
}
END_TEST

/* With a hole in front, so that nothing is in order. */
START_TEST(bytes_take_no_memory)
{
    tcp_test t = tcp_begin();
    (void)segment(&t, CLIENT, CHECK_TCP_SYN, 99, 0, 0);
    (void)segment(&t, CLIENT, 0, 200, 0, 100);
    const size_t used = stream_budget_used(t.budget);
    for (uint32_t i = 0; i < 1000; i++)
        (void)segment(&t, CLIENT, 0, 300 + 100 * i, 0, 100);
    ck_assert_uint_le(stream_budget_used(t.budget), used);
    tcp_finish(&t);
}
END_TEST

START_TEST(what_the_snaplen_cuts_is_missing_for_good)
{
    tcp_test t = tcp_begin();
    check_tcp_record record = {.packet = 1,
                               .source_port = CLIENT,
                               .destination_port = SERVER,
                               .seq = 100,
                               .length = 50,
                               .cut = 10};
    ck_assert_int_eq(check_tcp_follow(t.tcp, &record).lost[0], 1);
    ck_assert(has_hole(&t, CLIENT));
    record.packet = 2;
    ck_assert_int_eq(check_tcp_follow(t.tcp, &record).lost[0], 0); /* the same again */
    record.seq = 150;
    ck_assert_int_eq(check_tcp_follow(t.tcp, &record).lost[0], 1);
    ck_assert(!has_hole(&t, SERVER));
    tcp_finish(&t);
}
END_TEST

START_TEST(without_memory_nothing_is_known_to_be_there)
{
    stream_budget *budget = stream_budget_new(1, NULL);
    tcp_test t = {budget, check_tcp_state_new(budget), 0, 0};
    ck_assert_ptr_null(t.tcp->stream);
    ck_assert(segment(&t, CLIENT, CHECK_TCP_FIN, 100, 0, 10).ends);
    ck_assert(has_hole(&t, CLIENT));
    check_tcp_end(t.tcp);
    tcp_finish(&t);
}
END_TEST

/* ---- JSON ---- */

START_TEST(json_of_all_kinds)
{
    GString *out = g_string_new("> ");
    check_json json = {.out = out};
    check_json_begin(&json, NULL, '{');
    check_json_begin(&json, "empty", '[');
    check_json_end(&json);
    check_json_begin(&json, "none", '{');
    check_json_end(&json);
    check_json_number(&json, "most", UINT64_MAX);
    check_json_begin(&json, "list", '[');
    check_json_number(&json, NULL, 1);
    check_json_text(&json, NULL, "a\"b\\c/d</e\b\t\n\f\r\x01\x1f\x7f\xc3\xa4\xff");
    check_json_begin(&json, NULL, '{');
    check_json_text(&json, "x", "");
    check_json_end(&json);
    check_json_end(&json);
    check_json_end(&json);
    ck_assert_uint_eq(json.depth, 0);
    ck_assert_str_eq(
        out->str,
        "> {\n"
        "  \"empty\": [],\n"
        "  \"none\": {},\n"
        "  \"most\": 18446744073709551615,\n"
        "  \"list\": [\n"
        "    1,\n"
        "    \"a\\\"b\\\\c/d<\\/e\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\xc3\xa4\xef\xbf\xbd\",\n"
        "    {\n"
        "      \"x\": \"\"\n"
        "    }\n"
        "  ]\n"
        "}\n");
    g_string_free(out, TRUE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_set_against_a_slow_one,
        the_ends_of_a_set,
        of_too_many_ranges_the_lowest_is_forgotten,
        a_cache_keeps_the_latest,
        holes_open_and_close,
        what_is_acknowledged_and_was_not_seen_is_a_hole,
        a_lost_tail_is_a_hole_at_the_end,
        a_fin_that_was_not_captured_is_no_byte,
        a_fin_takes_a_number_and_is_no_new_byte,
        a_direction_that_was_not_captured_is_known,
        what_fits_nothing_says_nothing,
        the_losses_of_an_earlier_connection_stay,
        bytes_take_no_memory,
        what_the_snaplen_cuts_is_missing_for_good,
        without_memory_nothing_is_known_to_be_there,
        json_of_all_kinds,
    };
    return RUN_TESTS("check: sets", tests);
}
