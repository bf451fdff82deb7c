/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of one TCP connection. */
#include "reader_internal.h"

#include <stdlib.h>
#include <string.h>

#define MIDSTREAM_MAX_WAITING 1048576u /* bytes that wait for what precedes them; as for a hole */

/* ---- marks ---- */

static bool is_mark(const stream_mark *mark)
{
    return mark->out_of_sync || mark->gap != STREAM_GAP_NONE;
}

static void add_mark(stream_flow *flow, const stream_mark *mark)
{
    if (!is_mark(mark))
        return;
    for (unsigned i = 0; i < STREAM_MARKS; i++) {
        if (!is_mark(&flow->marks[i])) {
            flow->marks[i] = *mark;
            return;
        }
    }
    flow->marks[flow->marks_lost++ % STREAM_MARKS] = *mark;
}

/* The mark at `offset`, which is no longer there; without one, an ordinary place. */
static stream_mark take_mark(stream_flow *flow, uint64_t offset)
{
    for (unsigned i = 0; i < STREAM_MARKS; i++) {
        stream_mark *mark = &flow->marks[i];
        const stream_mark taken = *mark;
        if (taken.offset != offset || !is_mark(&taken))
            continue;
        *mark = (stream_mark){0};
        return taken;
    }
    return (stream_mark){.offset = offset};
}

/* ---- giving PDUs ---- */

/* The place of a run that is being read. */
typedef struct place {
    unsigned direction;
    stream_run run; /* what is left of it */
    stream_mark at; /* how its beginning is reached */
    uint64_t reach; /* end of the run, and of what the snaplen cut off after it */
    bool begun;     /* a frame begins here whose end is missing */
} place;

static void lose_frames(stream_reader *reader, place *at)
{
    at->at.out_of_sync = at->at.after_cut = true;
    at->at.gap = STREAM_GAP_FINAL;
    if (reader->config->on_frames_lost != NULL)
        reader->config->on_frames_lost(reader->user, at->direction);
}

/* Whether bytes beside these are missing, or are not in the capture. */
static bool beside_missing(const place *at, const stream_pdu *pdu)
{
    return at->run.before != STREAM_EDGE_NOTHING || at->run.after != STREAM_EDGE_NOTHING ||
           at->reach > at->run.offset + at->run.len || pdu->frames_lost || at->at.after_cut;
}

static void give(stream_reader *reader, place *at, const stream_pdu *pdu, const uint8_t *bytes,
                 bool rest)
{
    const bool is_frame = pdu->kind != STREAM_PDU_SKIPPED;
    const uint64_t on_wire = at->reach - at->run.offset;
    const uint64_t used = pdu->consume < on_wire ? pdu->consume : on_wire;
    stream_piece first;
    stream_reader_pdu given = {
        .direction = at->direction,
        .framing = reader->flows[at->direction].pdu.framing,
        .pdu = *pdu,
        .rest = rest,
        .begun = at->begun && !is_frame,
        .offset = at->run.offset,
        .bytes = bytes,
        .gap = at->at.gap,
    };
    stream_whole(reader->conn, at->direction, given.offset, used > 0 ? used : 1, &given.packet,
                 &given.time_ns);
    if (stream_piece_at(reader->conn, at->direction, given.offset, &first)) {
        given.first_packet = first.packet;
        given.first_time_ns = first.time_ns;
    }
    if (!is_frame && beside_missing(at, pdu))
        given.gap = STREAM_GAP_FINAL;
    if (is_frame && given.gap != STREAM_GAP_NONE &&
        stream_gaps_none_before(reader, at->direction, given.offset))
        given.gap = STREAM_GAP_WAITING;
    if (is_frame) {
        stream_gaps_frame(reader, at->direction, given.offset, given.offset + used,
                          given.gap == STREAM_GAP_WAITING);
        at->at.gap = STREAM_GAP_NONE;
    }
    reader->config->on_pdu(reader->user, &given);
    stream_consume(reader->conn, at->direction, given.offset, used);
    at->run.offset += used;
    at->at.out_of_sync = !reader->flows[at->direction].pdu.in_sync;
    at->at.after_cut = at->at.out_of_sync && at->at.after_cut;
    if (pdu->frames_lost)
        lose_frames(reader, at);
}

/* ---- reading a run ---- */

/* Whether the snaplen cut off the byte at `offset`; then up to `end`. */
static bool is_cut_at(const stream_reader *reader, unsigned direction, uint64_t offset,
                      uint64_t *end)
{
    stream_piece piece;
    if (!stream_piece_at(reader->conn, direction, offset, &piece) || piece.captured ||
        piece.offset > offset)
        return false;
    *end = piece.offset + piece.len;
    return true;
}

/* Where the frame ends that was given as cut and to which the byte at `offset` belongs; 0: none. */
static uint64_t end_of_cut_frame(const stream_flow *flow, uint64_t offset)
{
    for (unsigned i = 0; i < flow->cut_count && i < STREAM_CUT_FRAMES; i++) {
        if (offset >= flow->cut_frames[i].from && offset < flow->cut_frames[i].to)
            return flow->cut_frames[i].to;
    }
    return 0;
}

/* What is left of the run is at its place again, if bytes are there. */
static bool go_on(stream_reader *reader, place *at)
{
    stream_run run;
    const uint64_t offset = at->run.offset;
    if (!stream_run_at(reader->conn, at->direction, offset, &run) || run.offset > offset)
        return false;
    run.len -= offset - run.offset; /* a frame was found in it, and not at its beginning */
    run.offset = offset;
    at->run = run;
    at->reach = offset + run.len;
    while (is_cut_at(reader, at->direction, at->reach, &at->reach))
        ;
    return true;
}

/* Bytes that the snaplen cut off: those of a frame that was given, or frames began among them. */
static void pass_cut(stream_reader *reader, place *at, uint64_t end)
{
    const stream_flow *flow = &reader->flows[at->direction];
    if (end_of_cut_frame(flow, at->run.offset) < end)
        lose_frames(reader, at);
    stream_consume(reader->conn, at->direction, at->run.offset, end - at->run.offset);
    at->run.offset = end;
}

/* Bytes that belong to a frame which was given before they came; false: they have to wait. */
static bool skip_rest(stream_reader *reader, place *at)
{
    stream_flow *flow = &reader->flows[at->direction];
    const uint64_t left = end_of_cut_frame(flow, at->run.offset) - at->run.offset;
    const uint64_t len = left < at->run.len ? left : at->run.len;
    const uint8_t *p = stream_bytes(reader->conn, at->direction, at->run.offset, (size_t)len);
    const stream_pdu pdu = {.kind = STREAM_PDU_SKIPPED, .length = len, .consume = len};
    if (p == NULL)
        return false;
    flow->pdu.in_sync = true;
    at->begun = false;
    give(reader, at, &pdu, p, true);
    return true;
}

/* A frame that was cut by a hole and not by the snaplen is no frame. */
static void cut_by_hole(stream_reader *reader, place *at, stream_pdu *pdu)
{
    pdu->kind = STREAM_PDU_SKIPPED;
    pdu->length = pdu->consume = at->run.len;
    pdu->total = 0;
    reader->flows[at->direction].pdu.in_sync = false;
    at->at.gap = STREAM_GAP_FINAL;
}

static bool may_wait(const stream_reader *reader, const stream_run *run)
{
    return reader->config->reassemble && !reader->ended && run->after != STREAM_EDGE_GIVEN_UP &&
           run->after != STREAM_EDGE_CONSUMED;
}

static bool begins_segment(const stream_reader *reader, const place *at)
{
    stream_piece piece;
    return stream_piece_at(reader->conn, at->direction, at->run.offset, &piece) &&
           piece.payload == 0;
}

/* One PDU at the beginning of the run; false: it has to wait. */
static bool read_pdu(stream_reader *reader, place *at)
{
    stream_flow *flow = &reader->flows[at->direction];
    const stream_run *run = &at->run;
    const uint8_t *p = stream_bytes(reader->conn, at->direction, run->offset, (size_t)run->len);
    if (p == NULL)
        return false;
    const stream_pdu_bytes bytes = {
        .p = p,
        .captured = (size_t)run->len,
        .reported = at->reach - run->offset,
        .more = may_wait(reader, run),
        .after_cut = at->at.after_cut && begins_segment(reader, at),
    };
    flow->pdu.in_sync = !at->at.out_of_sync;
    flow->pdu.framing = stream_find_framing(reader, p, (size_t)run->len, flow->pdu.in_sync);
    stream_pdu pdu = stream_pdu_next(&flow->pdu, &bytes);
    if (pdu.kind == STREAM_PDU_NEED_MORE) {
        flow->need_at = run->offset;
        flow->need_until = run->offset + pdu.length;
        return false;
    }
    const bool by_hole = run->after == STREAM_EDGE_GIVEN_UP || run->after == STREAM_EDGE_CONSUMED;
    at->begun = by_hole && !at->at.out_of_sync &&
                (pdu.kind == STREAM_PDU_CUT ||
                 (pdu.kind == STREAM_PDU_SKIPPED && pdu.length == bytes.captured));
    if (pdu.kind == STREAM_PDU_CUT && bytes.captured == bytes.reported) {
        if (reader->ended && !by_hole && reader->config->reassemble)
            return false; /* the capture ends within it */
        if (by_hole)
            cut_by_hole(reader, at, &pdu);
    }
    if (pdu.kind == STREAM_PDU_CUT && run->offset + pdu.consume > at->reach)
        flow->cut_frames[flow->cut_count++ % STREAM_CUT_FRAMES] =
            (stream_cut_frame){run->offset, run->offset + pdu.consume};
    give(reader, at, &pdu, p, false);
    return true;
}

static void read_on(stream_reader *reader, place *at)
{
    stream_flow *flow = &reader->flows[at->direction];
    bool more = true;
    uint64_t end;
    while (more) {
        if (is_cut_at(reader, at->direction, at->run.offset, &end))
            pass_cut(reader, at, end);
        else if (!go_on(reader, at))
            more = false;
        else if (end_of_cut_frame(flow, at->run.offset) != 0)
            more = skip_rest(reader, at);
        else if (at->run.offset == flow->need_at && at->reach < flow->need_until &&
                 at->reach == at->run.offset + at->run.len && may_wait(reader, &at->run))
            more = false;
        else
            more = read_pdu(reader, at);
    }
    at->at.offset = at->run.offset;
    add_mark(flow, &at->at);
}

/* ---- what stands before a run ---- */

/* A run after a hole that may still be filled, or where the capture began. */
static void read_proven(stream_reader *reader, place *at)
{
    uint64_t found;
    if (!stream_search_run(reader, at->direction, &at->run, &found))
        return;
    at->at = (stream_mark){.offset = found};
    if (at->run.before != STREAM_EDGE_MIDSTREAM)
        at->at.gap = STREAM_GAP_WAITING;
    at->run.offset = found;
    read_on(reader, at);
}

static void start_midstream(stream_reader *reader, stream_flow *flow, int64_t now)
{
    if (flow->midstream)
        return;
    flow->midstream = true;
    flow->midstream_segments = reader->segments;
    flow->midstream_ns = now;
}

/* Frames that prove themselves; later, when more is known, all that is left. */
static void read_run(stream_reader *reader, unsigned direction, const stream_run *run, int64_t now)
{
    stream_flow *flow = &reader->flows[direction];
    place at = {.direction = direction, .run = *run, .at = {.offset = run->offset}};
    const bool cut = run->before == STREAM_EDGE_CUT;
    uint64_t from = run->offset;
    if (cut)
        from = stream_reach_back(reader->conn, direction, run->offset, &at.run.before);
    switch (at.run.before) {
    case STREAM_EDGE_WAITING:
        if (end_of_cut_frame(flow, run->offset) == 0) {
            read_proven(reader, &at);
            return;
        }
        at.at.gap = STREAM_GAP_WAITING;
        break;
    case STREAM_EDGE_MIDSTREAM:
        start_midstream(reader, flow, now);
        if (!flow->midstream_over && reader->config->reassemble) {
            read_proven(reader, &at);
            return;
        }
        at.at.out_of_sync = true;
        at.at.after_cut = cut;
        break;
    case STREAM_EDGE_GIVEN_UP:
        at.at = (stream_mark){run->offset, true, cut, STREAM_GAP_FINAL};
        break;
    default:
        at.run.offset = from; /* before the bytes that were cut, if there are any */
        at.at = take_mark(flow, from);
        break;
    }
    read_on(reader, &at);
}

/* ---- segments ---- */

static void read_changed(stream_reader *reader, int64_t now)
{
    static const plato_resync_budget budget = PLATO_RESYNC_BUDGET_DEFAULT;
    for (unsigned direction = 0; direction < 2; direction++) {
        stream_run run;
        reader->flows[direction].pdu.budget = budget;
        while (stream_next_changed(reader->conn, direction, &run))
            read_run(reader, direction, &run, now);
    }
}

static bool midstream_is_over(const stream_reader *reader, const stream_flow *flow, int64_t now,
                              uint64_t waiting)
{
    return reader->segments - flow->midstream_segments >= reader->tcp.grace_packets ||
           now - flow->midstream_ns >= reader->tcp.grace_ns || waiting >= MIDSTREAM_MAX_WAITING;
}

/* What stands before the first bytes of a capture that starts in mid-stream no longer comes. */
static void end_midstream(stream_reader *reader, int64_t now, bool at_once)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        stream_flow *flow = &reader->flows[direction];
        stream_run run;
        if (!flow->midstream || flow->midstream_over)
            continue;
        const bool any = stream_run_at(reader->conn, direction, 0, &run);
        if (!at_once && !midstream_is_over(reader, flow, now, any ? run.len : 0))
            continue;
        flow->midstream_over = true;
        if (any && run.before == STREAM_EDGE_MIDSTREAM)
            read_run(reader, direction, &run, now);
    }
}

static void on_event(void *user, const stream_event *event)
{
    stream_reader *reader = user;
    if (event->kind == STREAM_HOLE_FILLED)
        stream_search_forget(reader, event->direction, event->hole_offset + event->hole_len);
    if (event->kind == STREAM_HOLE_GIVEN_UP)
        stream_search_forget(reader, event->direction, event->offset + event->len);
    if (event->kind == STREAM_HOLE_GIVEN_UP && !event->maybe_fin)
        stream_gaps_given_up(reader, event->direction, event->offset, event->offset + event->len);
    if (reader->config->tcp.on_event != NULL)
        reader->config->tcp.on_event(reader->user, event);
}

static void reset_flows(stream_reader *reader)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        stream_flow *flow = &reader->flows[direction];
        stream_searches_clear(reader, direction);
        stream_array_free(reader, &flow->chains);
        stream_array_free(reader, &flow->gaps);
        *flow = (stream_flow){0};
        flow->need_at = UINT64_MAX;
        flow->pdu.limits = reader->config->limits;
        flow->pdu.checksum = &reader->checksum;
    }
    reader->framing = reader->config->framing;
    reader->checksum = reader->config->checksum;
    reader->ended = false;
    reader->segments = 0;
}

static void restart(stream_reader *reader)
{
    stream_reader_end(reader);
    if (reader->config->on_restart != NULL)
        reader->config->on_restart(reader->user);
    stream_conn_restart(reader->conn);
    reset_flows(reader);
}

void stream_reader_segment(stream_reader *reader, const stream_segment *segment)
{
    while (stream_conn_segment(reader->conn, segment) == STREAM_RESTART)
        restart(reader);
    reader->segments++;
    reader->ended = false;
    read_changed(reader, segment->time_ns);
    end_midstream(reader, segment->time_ns, false);
    stream_conn_keep(reader->conn);
}

void stream_reader_end(stream_reader *reader)
{
    stream_conn_end(reader->conn);
    read_changed(reader, 0);
    end_midstream(reader, 0, true);
    reader->ended = true;
    read_changed(reader, 0);
}

/* ---- life ---- */

void stream_reader_config_init(stream_reader_config *config)
{
    static const plato_limits limits = PLATO_LIMITS_DEFAULT;
    memset(config, 0, sizeof *config);
    stream_config_init(&config->tcp);
    config->limits = limits;
    config->checksum = (stream_checksum){
        .verify = true, .coverage = STREAM_CHECKSUM_AUTO, .polynomial = STREAM_CHECKSUM_AUTO};
    config->reassemble = true;
}

static void *default_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *default_resize(void *user, void *ptr, size_t size)
{
    (void)user;
    return realloc(ptr, size);
}

static void default_release(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

stream_reader *stream_reader_new(const stream_reader_config *config, stream_budget *budget,
                                 const plato_allocator *allocator, void *user)
{
    static const plato_allocator libc = {NULL, default_alloc, default_resize, default_release};
    if (allocator == NULL)
        allocator = &libc;
    stream_reader *reader = allocator->alloc(allocator->user, sizeof *reader);
    if (reader == NULL)
        return NULL;
    memset(reader, 0, sizeof *reader);
    reader->config = config;
    reader->tcp = config->tcp;
    reader->tcp.on_event = on_event;
    reader->allocator = *allocator;
    reader->user = user;
    reader->conn = stream_conn_new(&reader->tcp, budget, reader);
    if (reader->conn == NULL) {
        allocator->release(allocator->user, reader);
        return NULL;
    }
    reset_flows(reader);
    return reader;
}

void stream_reader_free(stream_reader *reader)
{
    if (reader == NULL)
        return;
    for (unsigned direction = 0; direction < 2; direction++) {
        stream_searches_clear(reader, direction);
        stream_array_free(reader, &reader->flows[direction].chains);
        stream_array_free(reader, &reader->flows[direction].gaps);
    }
    stream_conn_free(reader->conn);
    reader->allocator.release(reader->allocator.user, reader);
}

/* ---- questions ---- */

const stream_conn *stream_reader_conn(const stream_reader *reader)
{
    return reader->conn;
}

plato_framing stream_reader_framing(const stream_reader *reader)
{
    return reader->framing;
}

const stream_checksum *stream_reader_checksum(const stream_reader *reader)
{
    return &reader->checksum;
}

bool stream_reader_unfinished(const stream_reader *reader, unsigned direction, uint64_t *offset)
{
    const stream_flow *flow = &reader->flows[direction];
    stream_run run;
    *offset = flow->need_at;
    return flow->need_at != UINT64_MAX &&
           stream_run_at(reader->conn, direction, flow->need_at, &run) &&
           run.offset == flow->need_at;
}
