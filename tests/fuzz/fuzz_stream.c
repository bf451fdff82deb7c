/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any segments, in any order: what the stream says of them is consistent, bounded, and gone when
 * the connection is.
 */
#include "fuzz_input.h"

#include "counting_allocator.h"
#include "stream/tcp.h"

#include <string.h>

#define SEGMENTS_MAX 400u

static const uint8_t flags[8] = {
    STREAM_ACK, STREAM_ACK, 0, STREAM_SYN, STREAM_SYN | STREAM_ACK, STREAM_FIN | STREAM_ACK,
    STREAM_RST, STREAM_ACK};

typedef struct sender {
    uint32_t next[2];
    int64_t now_ns;
    uint32_t packet;
    uint64_t bytes; /* given */
} sender;

static void require_run(stream_conn *conn, unsigned direction, const stream_run *run, uint64_t *end)
{
    uint8_t copy[64];
    const size_t n = run->len < sizeof copy ? (size_t)run->len : sizeof copy;
    uint32_t packet;
    int64_t time_ns;
    REQUIRE(run->len > 0 && run->offset >= *end);
    REQUIRE(run->offset > *end || run->before != STREAM_EDGE_NOTHING || *end == 0);
    *end = run->offset + run->len;
    REQUIRE(stream_reach(conn, direction, run->offset) >= *end);
    REQUIRE(stream_copy(conn, direction, run->offset, copy, n));
    REQUIRE(stream_whole(conn, direction, run->offset, run->len, &packet, &time_ns));
    REQUIRE(packet > 0);
}

/* Runs, pieces and holes do not overlap, and the sums are right. */
static void require_consistent(stream_conn *conn, unsigned direction)
{
    const stream_counters *n = stream_conn_counters(conn, direction);
    stream_info info;
    stream_run run;
    stream_piece piece;
    stream_hole hole;
    uint64_t pending = 0, captured = 0, end = 0, gone = 0;
    stream_conn_info(conn, direction, &info);
    for (uint64_t from = 0; stream_run_at(conn, direction, from, &run); from = end) {
        require_run(conn, direction, &run, &end);
        pending += run.len;
    }
    REQUIRE(end <= info.end && pending == info.pending);
    end = 0;
    while (stream_piece_at(conn, direction, end, &piece)) {
        REQUIRE(piece.len > 0 && piece.offset >= end);
        captured += piece.captured ? piece.len : 0;
        end = piece.offset + piece.len;
    }
    REQUIRE(captured == pending);
    end = 0;
    while (stream_hole_at(conn, direction, end, &hole)) {
        REQUIRE(hole.len > 0 && hole.offset >= end);
        gone += hole.given_up ? hole.len : 0;
        end = hole.offset + hole.len;
    }
    REQUIRE(end <= info.end);
    REQUIRE(n->missing + n->maybe_fin >= gone); /* more where holes were forgotten */
    REQUIRE(info.first <= info.end);
}

static void read_some(stream_conn *conn, unsigned direction, uint8_t how)
{
    stream_run run;
    while (stream_next_changed(conn, direction, &run)) {
        const size_t n = (size_t)run.len;
        uint8_t copy[300];
        if ((how & 1) != 0 && n <= sizeof copy) {
            REQUIRE(stream_copy(conn, direction, run.offset, copy, n));
            const uint8_t *bytes = stream_bytes(conn, direction, run.offset, n);
            REQUIRE(bytes == NULL || memcmp(bytes, copy, n) == 0);
        }
        if ((how & 2) != 0)
            stream_consume(conn, direction, run.offset + (how >> 4) % run.len, 1 + (how >> 2) * 8u);
    }
}

static stream_segment take_segment(input *in, sender *s, uint8_t op)
{
    static uint8_t pattern[512];
    for (unsigned i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)i;
    stream_segment segment = {.direction = op & 1, .flags = flags[op >> 2 & 7]};
    segment.seq = s->next[segment.direction];
    segment.ack = s->next[!segment.direction];
    if ((op & 2) != 0) {
        segment.seq += (uint32_t)take_number(in, 4);
        segment.ack += (uint32_t)take_number(in, 4);
        s->now_ns += (int64_t)take_byte(in) * 5000000 - 300000000;
    } else {
        segment.seq += (uint32_t)take_byte(in) - 128u;
        segment.ack += (uint32_t)take_byte(in) - 128u;
        s->now_ns += 1000000;
    }
    segment.len = take_byte(in);
    segment.captured = (op & 32) != 0 ? segment.len / 2 : segment.len;
    segment.bytes = pattern + (segment.seq & 15);
    segment.packet = ++s->packet;
    segment.time_ns = s->now_ns;
    s->bytes += segment.len;
    if ((op & 2) == 0)
        s->next[segment.direction] = segment.seq + segment.len;
    return segment;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    counting count = {0};
    const plato_allocator allocator = counting_allocator(&count);
    stream_config config;
    stream_config_init(&config);
    const uint8_t choice = take_byte(&in);
    config.max_waiting = (choice & 1) != 0 ? 300 : config.max_waiting;
    config.max_holes = (choice & 2) != 0 ? 3 : config.max_holes;
    config.max_memory = (choice & 4) != 0 ? 3000 : config.max_memory;
    count.fail_at = (choice & 8) != 0 ? 5 + (choice >> 4) * 4u : 0;
    sender s = {.next = {take_byte(&in) - 100u, 7u}};
    stream_budget *budget = stream_budget_new((choice & 16) != 0 ? 8000 : 0, &allocator);
    stream_conn *conn = budget != NULL ? stream_conn_new(&config, budget, NULL) : NULL;
    for (unsigned i = 0; conn != NULL && in.n > 0 && i < SEGMENTS_MAX; i++) {
        const uint8_t op = take_byte(&in), how = take_byte(&in);
        const stream_segment segment = take_segment(&in, &s, op);
        while (stream_conn_segment(conn, &segment) == STREAM_RESTART)
            stream_conn_restart(conn);
        for (unsigned direction = 0; direction < 2; direction++) {
            read_some(conn, direction, how);
            require_consistent(conn, direction);
        }
        if ((op & 64) == 0)
            (void)stream_conn_keep(conn);
        if ((op & 128) != 0 && how == 0)
            stream_conn_end(conn);
    }
    stream_conn_free(conn);
    REQUIRE(budget == NULL || stream_budget_used(budget) == 0);
    stream_budget_free(budget);
    REQUIRE(count.blocks == 0);
    return 0;
}
