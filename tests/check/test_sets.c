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

static tcp_segment segment(tcp_state *tcp, uint16_t from, unsigned flags, uint32_t seq,
                           uint32_t length)
{
    const check_tcp_record record = {.source_port = from,
                                     .destination_port = (uint16_t)(3 - from),
                                     .flags = flags,
                                     .seq = seq,
                                     .length = length,
                                     .time_ns = (int64_t)seq};
    return check_tcp_follow(tcp, &record);
}

START_TEST(holes_open_and_close)
{
    tcp_state *tcp = check_tcp_state_new();
    ck_assert_int_eq(check_tcp_flow(tcp, 1, true), -1);
    ck_assert(segment(tcp, 1, CHECK_TCP_SYN, 0xfffffff0, 0).opens);
    ck_assert_int_eq(tcp->syn_ns, 0xfffffff0);
    ck_assert(segment(tcp, 1, 0, 0xfffffff1, 20).new_bytes); /* wraps to 5 */
    ck_assert(!segment(tcp, 1, 0, 0xfffffff1, 20).new_bytes);
    ck_assert_int_eq(segment(tcp, 1, 0, 25, 10).lost, 1); /* 5..24 are missing */
    ck_assert_int_eq(segment(tcp, 1, 0, 45, 10).lost, 0); /* and 35..44 */
    ck_assert(check_tcp_has_hole(tcp, check_tcp_flow(tcp, 1, true)));
    ck_assert_int_eq(segment(tcp, 1, 0, 5, 20).lost, 0);
    ck_assert_int_eq(segment(tcp, 1, 0, 35, 10).lost, -1);
    ck_assert(!check_tcp_has_hole(tcp, check_tcp_flow(tcp, 1, true)));
    ck_assert_uint_eq(tcp->flows[0].next, 55);
    check_tcp_state_free(tcp);
}
END_TEST

START_TEST(what_is_acknowledged_and_was_not_seen_is_a_hole)
{
    tcp_state *tcp = check_tcp_state_new();
    (void)segment(tcp, 1, 0, 100, 10);
    check_tcp_record ack = {.source_port = 2, .flags = CHECK_TCP_ACK, .seq = 500, .ack = 110};
    ck_assert_int_eq(check_tcp_follow(tcp, &ack).lost_other, 0);
    ack.ack = 120;
    const tcp_segment said = check_tcp_follow(tcp, &ack);
    ck_assert_int_eq(said.lost_other, 1);
    ck_assert_uint_eq(said.other_port, 1);
    ck_assert(said.hole && !said.new_bytes);
    ck_assert_int_eq(segment(tcp, 1, 0, 110, 10).lost, -1);
    ack.flags = CHECK_TCP_ACK | CHECK_TCP_RST; /* of a reset it means nothing */
    ack.ack = 200;
    ck_assert_int_eq(check_tcp_follow(tcp, &ack).lost_other, 0);
    check_tcp_state_free(tcp);
}
END_TEST

START_TEST(ends_and_what_they_take)
{
    tcp_state *tcp = check_tcp_state_new();
    (void)segment(tcp, 1, 0, 100, 10);
    ck_assert(segment(tcp, 1, CHECK_TCP_FIN, 110, 0).ends);
    ck_assert_uint_eq(tcp->flows[0].next, 111);
    ck_assert(segment(tcp, 2, CHECK_TCP_RST, 300, 0).ends);
    ck_assert(segment(tcp, 2, CHECK_TCP_RST, 400, 0).ends);
    ck_assert_int_eq(tcp->end_ns[0], 110);
    ck_assert_int_eq(tcp->end_ns[1], 300);
    check_tcp_state_free(tcp);
}
END_TEST

START_TEST(of_too_many_segments_after_holes_the_loss_stays)
{
    tcp_state *tcp = check_tcp_state_new();
    (void)segment(tcp, 1, 0, 0, 10);
    for (uint32_t i = 1; i <= TCP_OUT_OF_ORDER_MAX + 1; i++)
        (void)segment(tcp, 1, 0, 20 * i, 10);
    ck_assert_uint_eq(tcp->flows[0].count, TCP_OUT_OF_ORDER_MAX);
    ck_assert(tcp->flows[0].lost);
    for (uint32_t i = 0; i <= TCP_OUT_OF_ORDER_MAX + 1; i++)
        (void)segment(tcp, 1, 0, 20 * i + 10, 10);
    ck_assert_uint_eq(tcp->flows[0].count, 1); /* the last, after what was not remembered */
    ck_assert(check_tcp_has_hole(tcp, 0));
    check_tcp_state_free(tcp);
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
        ends_and_what_they_take,
        of_too_many_segments_after_holes_the_loss_stays,
        json_of_all_kinds,
    };
    return RUN_TESTS("check: sets", tests);
}
