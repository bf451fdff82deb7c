/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random histories of a connection against the slow model: reordering, loss before and after the
 * capture, repeats, overlaps with other content, snaplen, ACKs ahead of their data, FIN, clocks
 * that jump, sequence numbers that wrap, starts with and without SYN, and a reader that takes bytes
 * from anywhere. After each segment everything that can be asked is asked.
 */
#include "model.h"
#include "random.h"
#include "run_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HISTORIES 3000u
#define SHORT 40u /* bytes of the longest segment */
#define LONG 400u /* in some histories: more than a block has room for */

typedef struct history {
    rng r;
    uint64_t seed;
    unsigned step;
    bool mid_stream;
    uint32_t longest;
    uint32_t seq0[2]; /* number of offset 0 */
    stream_config config;
    stream_budget *budget;
    stream_conn *conn;
    model m;
    uint64_t next[2]; /* where the senders stand */
    int64_t now_ns;
    uint32_t packet;
    uint64_t events[STREAM_RESTARTED + 1];
} history;

/* Also outside of a test, for a seed by hand. */
static void require(const history *h, bool holds, int line, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "seed %llu step %u line %d: %s\n", (unsigned long long)h->seed, h->step,
                  line, what);
    abort();
}

#define CHECK(h, what) require((h), (what), __LINE__, #what)

static void on_event(void *user, const stream_event *event)
{
    history *h = user;
    h->events[event->kind] +=
        event->kind == STREAM_HOLE_FILLED && event->maybe_fin ? 0 : event->len;
}

static uint8_t content(const history *h, unsigned direction, int64_t offset)
{
    return (uint8_t)(((uint64_t)offset * 0x9e3779b97f4a7c15u + direction + h->seed) >> 56);
}

/* ---- everything that can be asked ---- */

static bool same_run(const stream_run *a, const stream_run *b)
{
    return a->offset == b->offset && a->len == b->len && a->before == b->before &&
           a->after == b->after;
}

static void check_bytes(history *h, unsigned direction, const stream_run *run)
{
    uint8_t copy[MODEL_SIZE];
    const uint64_t from = run->offset + rng_below(&h->r, (size_t)run->len);
    const size_t len = 1 + rng_below(&h->r, (size_t)(run->offset + run->len - from));
    uint32_t packet = 0, last = 0;
    int64_t time_ns = 0, last_ns = 0;
    CHECK(h, stream_copy(h->conn, direction, from, copy, len));
    for (size_t i = 0; i < len; i++) {
        const model_byte *b = model_at(&h->m, direction, from + i);
        CHECK(h, copy[i] == b->value);
        last_ns = b->packet >= last ? b->time_ns : last_ns;
        last = b->packet >= last ? b->packet : last;
    }
    CHECK(h, stream_whole(h->conn, direction, from, len, &packet, &time_ns));
    CHECK(h, packet == last && time_ns == last_ns);
    if (rng_below(&h->r, 3) == 0) {
        const uint8_t *bytes = stream_bytes(h->conn, direction, from, len);
        CHECK(h, bytes != NULL && memcmp(bytes, copy, len) == 0);
    }
    CHECK(h, stream_bytes(h->conn, direction, from, (size_t)(run->offset + run->len - from) + 1) ==
                 NULL);
    CHECK(h, !stream_copy(h->conn, direction, from, copy, sizeof copy));
}

static void check_runs(history *h, unsigned direction)
{
    stream_run run, expected;
    uint64_t from = 0;
    for (; model_run(&h->m, direction, from, &expected); from = expected.offset + expected.len) {
        CHECK(h, stream_run_at(h->conn, direction, from, &run));
        CHECK(h, same_run(&run, &expected));
        check_bytes(h, direction, &run);
    }
    CHECK(h, !stream_run_at(h->conn, direction, from, &run));
}

/* How many bytes of the map are covered by a piece or a hole that says the same. */
static uint64_t check_pieces(history *h, unsigned direction)
{
    stream_piece piece;
    uint64_t covered = 0;
    for (uint64_t from = 0; stream_piece_at(h->conn, direction, from, &piece);
         from = piece.offset + piece.len) {
        CHECK(h, piece.offset >= from && piece.len > 0);
        covered += piece.len;
        for (uint64_t i = 0; i < piece.len; i++) {
            const model_byte *b = model_at(&h->m, direction, piece.offset + i);
            CHECK(h, b->kind == (piece.captured ? MODEL_DATA : MODEL_CUT));
            CHECK(h, piece.packet == b->packet && piece.time_ns == b->time_ns);
            CHECK(h, piece.payload + i == b->payload);
        }
    }
    return covered;
}

static uint64_t check_holes(history *h, unsigned direction, uint64_t *missing)
{
    stream_hole hole;
    uint64_t covered = 0;
    for (uint64_t from = 0; stream_hole_at(h->conn, direction, from, &hole);
         from = hole.offset + hole.len) {
        CHECK(h, hole.offset >= from && hole.len > 0);
        covered += hole.len;
        *missing += hole.given_up ? hole.len : 0;
        for (uint64_t i = 0; i < hole.len; i++) {
            const model_byte *b = model_at(&h->m, direction, hole.offset + i);
            CHECK(h, b->kind == MODEL_HOLE && hole.given_up == (b->wait == MODEL_GONE));
        }
    }
    return covered;
}

/* Pieces and holes are what the map says, and nothing is left over. */
static void check_map(history *h, unsigned direction)
{
    const model_direction *d = &h->m.directions[direction];
    uint64_t kinds[MODEL_HOLE + 1] = {0}, missing = 0;
    for (uint64_t o = d->first; o < d->end; o++)
        kinds[model_at(&h->m, direction, o)->kind]++;
    CHECK(h, kinds[MODEL_UNSEEN] == 0);
    CHECK(h, check_pieces(h, direction) == kinds[MODEL_DATA] + kinds[MODEL_CUT]);
    CHECK(h, check_holes(h, direction, &missing) == kinds[MODEL_HOLE]);
    const stream_counters *n = stream_conn_counters(h->conn, direction);
    CHECK(h, n->missing + n->maybe_fin == missing);
    CHECK(h, n->differing == d->differing);
    CHECK(h, n->repeats == d->repeats);
    CHECK(h, n->dropped == 0 && n->refused == 0 && n->implausible == 0);
}

static void check_info(history *h, unsigned direction)
{
    const model_direction *d = &h->m.directions[direction];
    stream_info info;
    uint64_t pending = 0, reach;
    stream_conn_info(h->conn, direction, &info);
    for (uint64_t o = d->first; o < d->end; o++)
        pending += model_at(&h->m, direction, o)->kind == MODEL_DATA;
    CHECK(h, info.first == d->first && info.end == d->end);
    CHECK(h, info.pending == pending);
    CHECK(h, info.acked == (d->acked > d->first ? d->acked : d->first));
    CHECK(h, info.fin == d->fin_known && (!info.fin || info.fin_offset == d->fin));
    const uint64_t from = d->first + rng_below(&h->r, (size_t)(d->end - d->first) + 2);
    for (reach = from; reach < d->end; reach++) {
        const model_kind kind = model_at(&h->m, direction, reach)->kind;
        if (kind != MODEL_DATA && kind != MODEL_CUT)
            break;
    }
    CHECK(h, stream_reach(h->conn, direction, from) == reach);
}

static void check_all(history *h)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        check_info(h, direction);
        check_runs(h, direction);
        check_map(h, direction);
    }
}

/* ---- what has changed is given, once ---- */

#define RUNS_MAX 512

typedef struct run_list {
    stream_run runs[RUNS_MAX];
    size_t count;
} run_list;

static void list_runs(const history *h, unsigned direction, run_list *list)
{
    list->count = 0;
    for (uint64_t from = 0;
         list->count < RUNS_MAX && model_run(&h->m, direction, from, &list->runs[list->count]);) {
        const stream_run *run = &list->runs[list->count++];
        from = run->offset + run->len;
    }
}

static bool is_among(const run_list *list, const stream_run *run)
{
    for (size_t i = 0; i < list->count; i++) {
        if (same_run(&list->runs[i], run))
            return true;
    }
    return false;
}

/* A hole that another joins, and an end that goes on in a hole, change nothing for a reader. */
static void check_changed(history *h, unsigned direction, const run_list *before)
{
    static run_list after, changed;
    stream_run run;
    list_runs(h, direction, &after);
    changed.count = 0;
    while (stream_next_changed(h->conn, direction, &run)) {
        CHECK(h, is_among(&after, &run));
        CHECK(h, changed.count < RUNS_MAX);
        changed.runs[changed.count++] = run;
    }
    for (size_t i = 0; i < after.count; i++) {
        if (!is_among(before, &after.runs[i]))
            CHECK(h, is_among(&changed, &after.runs[i]));
    }
}

/* ---- segments ---- */

static uint32_t seq_of(const history *h, unsigned direction, int64_t offset)
{
    return h->seq0[direction] + (uint32_t)offset;
}

static int64_t pick_offset(history *h, unsigned direction)
{
    const int64_t next = (int64_t)h->next[direction];
    const int64_t lowest = h->mid_stream ? (int64_t)h->m.directions[direction].low + 8 : -3;
    int64_t at = next;
    switch (rng_below(&h->r, 10)) {
    case 0:
    case 1:
        at = next + (int64_t)rng_below(&h->r, h->longest);
        break;
    case 2:
    case 3:
        at = next - (int64_t)rng_below(&h->r, 3 * (size_t)h->longest);
        break;
    case 4:
        at = (int64_t)h->m.directions[direction].end - (int64_t)rng_below(&h->r, 3);
        break;
    case 5: /* where something is missing */
        for (uint64_t o = h->m.directions[direction].first; o < h->m.directions[direction].end;
             o++) {
            if (model_at(&h->m, direction, o)->kind == MODEL_HOLE && rng_below(&h->r, 4) == 0) {
                at = (int64_t)o - (int64_t)rng_below(&h->r, 4);
                break;
            }
        }
        break;
    default:
        break;
    }
    return at > lowest ? at : lowest;
}

static int64_t pick_step(history *h)
{
    switch (rng_below(&h->r, 24)) {
    case 0:
        return -1000000 * (int64_t)rng_below(&h->r, 3000);
    case 1:
        return 1000000 * (int64_t)rng_below(&h->r, 300);
    default:
        return 1000000 * (int64_t)rng_below(&h->r, 8);
    }
}

static void fill(history *h, stream_segment *s, int64_t at, uint8_t *bytes)
{
    const bool other = rng_below(&h->r, 16) == 0;
    if (rng_below(&h->r, 6) == 0)
        s->captured = (uint32_t)rng_below(&h->r, s->len + 1);
    for (uint32_t i = 0; i < s->captured; i++) {
        bytes[i] = content(h, s->direction, at + i);
        if (other && rng_below(&h->r, 3) == 0)
            bytes[i] ^= 1;
    }
    s->bytes = bytes;
}

static stream_segment make(history *h, int64_t *at, int64_t *acked, uint8_t *bytes)
{
    stream_segment s = {.direction = (unsigned)rng_below(&h->r, 2)};
    const model_direction *peer = &h->m.directions[!s.direction];
    *at = pick_offset(h, s.direction);
    *acked = (int64_t)h->next[!s.direction];
    if (rng_below(&h->r, 3) == 0)
        *acked += (int64_t)rng_below(&h->r, 2 * (size_t)h->longest) - (int64_t)h->longest;
    else if (rng_below(&h->r, 4) == 0)
        *acked = (int64_t)peer->end + (int64_t)rng_below(&h->r, 3);
    s.len = rng_below(&h->r, 4) == 0 ? 0 : (uint32_t)rng_below(&h->r, h->longest);
    if (rng_below(&h->r, 12) == 0)
        s.len = 1;
    s.flags = rng_below(&h->r, 8) == 0 ? 0 : STREAM_ACK;
    if (rng_below(&h->r, 60) == 0)
        s.flags |= STREAM_FIN;
    const model_direction *d = &h->m.directions[s.direction];
    if (d->fin_known && *at + s.len > (int64_t)d->fin)
        s.len = *at < (int64_t)d->fin ? (uint32_t)((int64_t)d->fin - *at) : 0;
    if (d->fin_known)
        s.flags &= (uint8_t)~STREAM_FIN;
    s.captured = s.len;
    fill(h, &s, *at, bytes);
    s.seq = seq_of(h, s.direction, *at);
    s.ack = seq_of(h, !s.direction, *acked);
    return s;
}

static void give(history *h, stream_segment *s, int64_t at, int64_t acked)
{
    static run_list before[2];
    s->packet = ++h->packet;
    h->now_ns += pick_step(h);
    s->time_ns = h->now_ns;
    list_runs(h, 0, &before[0]);
    list_runs(h, 1, &before[1]);
    CHECK(h, stream_conn_segment(h->conn, s) == STREAM_TAKEN);
    model_segment(&h->m, s, at, acked);
    check_changed(h, 0, &before[0]);
    check_changed(h, 1, &before[1]);
    if (at + s->len > (int64_t)h->next[s->direction])
        h->next[s->direction] = (uint64_t)(at + s->len);
}

static void read_some(history *h)
{
    const unsigned direction = (unsigned)rng_below(&h->r, 2);
    const model_direction *d = &h->m.directions[direction];
    const uint64_t from = d->first + rng_below(&h->r, (size_t)(d->end - d->first) + 1);
    stream_run run;
    if (!model_run(&h->m, direction, from, &run))
        return;
    uint64_t offset = run.offset, len = run.len;
    if (rng_below(&h->r, 2) == 0) {
        offset += rng_below(&h->r, (size_t)run.len);
        len = 1 + rng_below(&h->r, (size_t)(run.offset + run.len - offset));
    } else if (rng_below(&h->r, 4) == 0) { /* also across holes */
        offset = from;
        len = rng_below(&h->r, (size_t)(d->end - from) + 1);
    }
    stream_consume(h->conn, direction, offset, len);
    model_consume(&h->m, direction, offset, len);
}

static void open_with_syn(history *h)
{
    stream_segment s = {.flags = STREAM_SYN, .seq = seq_of(h, 0, -1), .packet = ++h->packet};
    CHECK(h, stream_conn_segment(h->conn, &s) == STREAM_TAKEN);
    model_segment(&h->m, &s, 0, 0);
    s = (stream_segment){.direction = 1,
                         .flags = STREAM_SYN | STREAM_ACK,
                         .seq = seq_of(h, 1, -1),
                         .ack = seq_of(h, 0, 0),
                         .packet = ++h->packet};
    CHECK(h, stream_conn_segment(h->conn, &s) == STREAM_TAKEN);
    model_segment(&h->m, &s, 0, 0);
}

/* Two bytes of each side, so that both are known. */
static void open_mid_stream(history *h)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        const int64_t at = (int64_t)STREAM_MIDSTREAM;
        const uint8_t bytes[2] = {content(h, direction, at), content(h, direction, at + 1)};
        stream_segment s = {.direction = direction,
                            .seq = seq_of(h, direction, at),
                            .len = 2,
                            .captured = 2,
                            .bytes = bytes};
        give(h, &s, at, 0);
        CHECK(h, stream_conn_keep(h->conn));
    }
}

static void begin(history *h, uint64_t seed)
{
    memset(h, 0, sizeof *h);
    h->seed = h->r.state = seed;
    stream_config_init(&h->config);
    h->config.grace_packets = 3 + (uint32_t)rng_below(&h->r, 8);
    h->config.grace_ns = 20000000;
    h->config.silent_peer_ns = 40000000;
    h->longest = rng_below(&h->r, 6) == 0 ? LONG : SHORT;
    h->config.max_waiting = (20 + rng_below(&h->r, 200)) * (h->longest / SHORT);
    h->config.on_event = on_event;
    h->budget = stream_budget_new(0, NULL);
    h->conn = stream_conn_new(&h->config, h->budget, h);
    h->mid_stream = rng_below(&h->r, 2) == 0;
    for (unsigned i = 0; i < 2; i++) /* often near the wrap */
        h->seq0[i] = rng_below(&h->r, 2) == 0 ? (uint32_t)(0 - rng_below(&h->r, 600))
                                              : (uint32_t)rng_next(&h->r);
    h->next[0] = h->next[1] = h->mid_stream ? STREAM_MIDSTREAM : 0;
    model_start(&h->m, &h->config, h->mid_stream);
    if (h->mid_stream)
        open_mid_stream(h);
    else
        open_with_syn(h);
}

static void finish(history *h)
{
    stream_conn_end(h->conn);
    model_end(&h->m);
    check_all(h);
    for (unsigned i = 0; i < 2; i++) {
        const stream_counters *n = stream_conn_counters(h->conn, i);
        h->events[STREAM_HOLE_FILLED] -= n->filled;
        h->events[STREAM_LATE_BYTES] -= n->late;
    }
    CHECK(h, h->events[STREAM_HOLE_FILLED] == 0 && h->events[STREAM_LATE_BYTES] == 0);
    stream_conn_free(h->conn);
    CHECK(h, stream_budget_used(h->budget) == 0);
    stream_budget_free(h->budget);
}

static void run_history(uint64_t seed)
{
    static history h;
    begin(&h, seed);
    const unsigned steps = 10 + (unsigned)rng_below(&h.r, h.longest == LONG ? 20 : 70);
    for (h.step = 0; h.step < steps; h.step++) {
        uint8_t bytes[LONG];
        int64_t at, acked;
        stream_segment s = make(&h, &at, &acked, bytes);
        give(&h, &s, at, acked);
        while (rng_below(&h.r, 3) == 0)
            read_some(&h);
        check_runs(&h, s.direction);
        CHECK(&h, stream_conn_keep(h.conn));
        memset(bytes, 0xee, sizeof bytes);
        check_all(&h);
    }
    finish(&h);
}

START_TEST(histories)
{
    for (uint64_t seed = 0; seed < HISTORIES / 10; seed++)
        run_history((uint64_t)_i * HISTORIES + seed);
}
END_TEST

/* Another seed, other histories: test_stream_model SEED [COUNT]. */
int main(int argc, char **argv)
{
    if (argc > 1) {
        const uint64_t seed = strtoull(argv[1], NULL, 10);
        const uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
        for (uint64_t i = 0; i < count; i++)
            run_history(seed + i);
        return 0;
    }
    Suite *suite = suite_create("model");
    TCase *tcase = tcase_create("model");
    tcase_add_loop_test(tcase, histories, 0, 10);
    suite_add_tcase(suite, tcase);
    return run_suites(&suite, 1);
}
