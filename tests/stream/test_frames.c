/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reader of messages, as an example: Plato frames out of a connection that is reordered, repeated
 * and lossy. After a hole, or a start in mid-stream, a frame is taken as soon as its CRC proves it;
 * what cannot be proved waits until the hole is filled or given up.
 */
#include "plato/frame.h"
#include "random.h"
#include "run_tests.h"
#include "stream/tcp.h"

#include <stdlib.h>
#include <string.h>

#define FRAMES 60u
#define BODY_MAX 300u
#define STREAM_MAX (FRAMES * (BODY_MAX + PLATO_HEADER_LEN))

/* A frame that was read: where, and with which packet it became whole. */
typedef struct read_frame {
    uint64_t offset, len;
    uint32_t packet;
} read_frame;

typedef struct reader {
    stream_conn *conn;
    read_frame frames[FRAMES];
    size_t count;
} reader;

static void take(reader *r, uint64_t offset, uint64_t len)
{
    int64_t time_ns;
    read_frame *f = &r->frames[r->count++];
    ck_assert_uint_le(r->count, FRAMES);
    *f = (read_frame){.offset = offset, .len = len};
    ck_assert(stream_whole(r->conn, 0, offset, len, &f->packet, &time_ns));
    stream_consume(r->conn, 0, offset, len);
}

/* The length of the frame that begins at `offset` and proves itself; 0: none, or not whole yet. */
static uint64_t proved_at(const reader *r, uint64_t offset, uint64_t rest)
{
    uint8_t header[PLATO_HEADER_LEN];
    uint64_t total;
    plato_frame frame;
    if (rest < sizeof header || !stream_copy(r->conn, 0, offset, header, sizeof header) ||
        plato_frame_length(PLATO_FRAMING_HEADER, header, sizeof header, NULL, &total) != PLATO_OK ||
        total > rest)
        return 0;
    const uint8_t *bytes = stream_bytes(r->conn, 0, offset, (size_t)total);
    if (bytes == NULL || header[0] != PLATO_VERSION_ON_WIRE ||
        plato_frame_parse(PLATO_FRAMING_HEADER, bytes, (size_t)total, NULL, &frame) != PLATO_OK ||
        !plato_frame_check_crc(&frame, (plato_crc_kind){0}))
        return 0;
    return total;
}

static bool is_lost(stream_edge edge)
{
    return edge == STREAM_EDGE_GIVEN_UP || edge == STREAM_EDGE_CUT;
}

/* Takes what proves itself. Where nothing is missing frames follow one another; elsewhere each
 * offset is tried, and what no frame can begin in any more is skipped. */
static void read_run(reader *r, const stream_run *run)
{
    const uint64_t end = run->offset + run->len;
    uint64_t at = run->offset;
    bool in_step = run->before == STREAM_EDGE_NOTHING;
    while (at < end) {
        const uint64_t len = proved_at(r, at, end - at);
        if (len > 0) {
            take(r, at, len);
            in_step = true;
            at += len;
        } else if (in_step) {
            break; /* its rest is still to come, or lost */
        } else {
            at++;
        }
    }
    if (at < end && is_lost(run->after))
        stream_consume(r->conn, 0, at, end - at);
}

static void read_changed(reader *r)
{
    stream_run run;
    while (stream_next_changed(r->conn, 0, &run))
        read_run(r, &run);
}

/* ---- a sender, and a network with a capture in the middle ---- */

typedef struct sent {
    uint8_t bytes[STREAM_MAX];
    size_t len;
    struct {
        size_t offset, len;
    } frames[FRAMES];
} sent;

static void make_frames(sent *s, rng *r)
{
    uint8_t body[BODY_MAX];
    s->len = 0;
    for (unsigned i = 0; i < FRAMES; i++) {
        size_t written;
        rng_fill(r, body, sizeof body);
        const plato_frame frame = {.framing = PLATO_FRAMING_HEADER,
                                   .version = PLATO_VERSION_ON_WIRE,
                                   .msg_type = PLATO_UP,
                                   .body = {body, 20 + rng_below(r, BODY_MAX - 20)}};
        ck_assert_int_eq(
            plato_frame_encode(&frame, s->bytes + s->len, sizeof s->bytes - s->len, &written),
            PLATO_OK);
        s->frames[i].offset = s->len;
        s->frames[i].len = written;
        s->len += written;
    }
}

#define SEGMENTS_MAX 1000u

typedef struct network {
    struct {
        size_t offset, len;
        bool captured;
    } segments[SEGMENTS_MAX];
    size_t count;
    uint32_t first[STREAM_MAX]; /* the packet that brought a byte first; 0: none */
} network;

static void put(network *n, size_t offset, size_t len)
{
    ck_assert_uint_lt(n->count, SEGMENTS_MAX);
    n->segments[n->count].offset = offset;
    n->segments[n->count].len = len;
    n->segments[n->count].captured = true;
    n->count++;
}

static void swap(network *n, size_t a, size_t b)
{
    const size_t offset = n->segments[a].offset, len = n->segments[a].len;
    n->segments[a].offset = n->segments[b].offset;
    n->segments[a].len = n->segments[b].len;
    n->segments[b].offset = offset;
    n->segments[b].len = len;
}

static void transmit(network *n, const sent *s, rng *r, unsigned reorder, unsigned repeat,
                     unsigned lose)
{
    memset(n, 0, sizeof *n);
    for (size_t at = 0; at < s->len;) {
        const size_t rest = s->len - at, want = 2 + rng_below(r, 250);
        const size_t len = rest - want <= 1 || want > rest ? rest : want;
        put(n, at, len);
        if (rng_below(r, 100) < repeat)
            put(n, at, len);
        at += len;
    }
    for (size_t i = 1; i < n->count; i++) {
        if (rng_below(r, 100) < reorder)
            swap(n, i, i - 1 - rng_below(r, i < 5 ? i : 5));
    }
    for (size_t i = 0; i < n->count; i++)
        n->segments[i].captured = rng_below(r, 100) >= lose;
}

static void capture(network *n, const sent *s, reader *r)
{
    const stream_segment syn = {.flags = STREAM_SYN, .packet = 1};
    uint32_t packet = 1;
    (void)stream_conn_segment(r->conn, &syn);
    for (size_t i = 0; i < n->count; i++) {
        if (!n->segments[i].captured)
            continue;
        const size_t offset = n->segments[i].offset, len = n->segments[i].len;
        const stream_segment segment = {.seq = 1 + (uint32_t)offset,
                                        .len = (uint32_t)len,
                                        .captured = (uint32_t)len,
                                        .bytes = s->bytes + offset,
                                        .packet = ++packet,
                                        .time_ns = (int64_t)packet * 1000000};
        for (size_t k = offset; k < offset + len; k++)
            n->first[k] = n->first[k] != 0 ? n->first[k] : packet;
        ck_assert_int_eq(stream_conn_segment(r->conn, &segment), STREAM_TAKEN);
        read_changed(r);
        ck_assert(stream_conn_keep(r->conn));
    }
    stream_conn_end(r->conn);
    read_changed(r);
}

/* The packet with which frame `i` was whole; 0 if bytes of it are missing. */
static uint32_t whole_in(const network *n, const sent *s, unsigned i)
{
    uint32_t last = 0;
    for (size_t k = 0; k < s->frames[i].len; k++) {
        const uint32_t packet = n->first[s->frames[i].offset + k];
        if (packet == 0)
            return 0;
        last = packet > last ? packet : last;
    }
    return last;
}

static int by_offset(const void *a, const void *b)
{
    const read_frame *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static const struct {
    unsigned reorder, repeat, lose; /* of a hundred segments */
} networks[] = {{0, 0, 0},   {20, 0, 0},  {0, 20, 0},  {0, 0, 5},
                {20, 10, 0}, {20, 10, 5}, {40, 30, 20}};

/* All frames whose bytes were captured, and no others. */
static void check_frames(const reader *r, const network *n, const sent *s)
{
    size_t found = 0;
    for (unsigned i = 0; i < FRAMES; i++) {
        const uint32_t packet = whole_in(n, s, i);
        if (packet == 0)
            continue;
        ck_assert_uint_lt(found, r->count);
        ck_assert_uint_eq(r->frames[found].offset, s->frames[i].offset);
        ck_assert_uint_eq(r->frames[found].len, s->frames[i].len);
        ck_assert_uint_eq(r->frames[found].packet, packet);
        found++;
    }
    ck_assert_uint_eq(found, r->count);
}

START_TEST(all_whole_frames_are_read_in_their_packets)
{
    static sent s;
    static network n;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        rng random = {seed};
        stream_budget *budget = stream_budget_new(0, NULL);
        reader r = {.conn = stream_conn_new(NULL, budget, NULL)};
        make_frames(&s, &random);
        transmit(&n, &s, &random, networks[_i].reorder, networks[_i].repeat, networks[_i].lose);
        capture(&n, &s, &r);
        qsort(r.frames, r.count, sizeof r.frames[0], by_offset);
        check_frames(&r, &n, &s);
        stream_conn_free(r.conn);
        stream_budget_free(budget);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frames");
    TCase *tcase = tcase_create("frames");
    tcase_add_loop_test(tcase, all_whole_frames_are_read_in_their_packets, 0,
                        (int)(sizeof networks / sizeof networks[0]));
    suite_add_tcase(suite, tcase);
    return run_suites(&suite, 1);
}
