/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp_state.h"

tcp_state *check_tcp_state_new(stream_budget *budget)
{
    tcp_state *tcp = g_new0(tcp_state, 1);
    tcp->syn_ns = tcp->flows[0].end_ns = tcp->flows[1].end_ns = NEVER;
    tcp->stream = stream_conn_new(NULL, budget, NULL);
    return tcp;
}

void check_tcp_state_free(void *p)
{
    tcp_state *tcp = (tcp_state *)p;
    stream_conn_free(tcp->stream);
    g_free(tcp);
}

int check_tcp_flow(const tcp_state *tcp, uint16_t port, bool sends)
{
    for (int i = 0; tcp != NULL && i < 2; i++) {
        if (tcp->flows[i].known && (tcp->flows[i].port == port) == sends)
            return i;
    }
    return -1;
}

/* ---- what is missing ---- */

/* A number that the other side acknowledges may be that of a FIN: no byte is missing then. */
static bool has_hole_in(const stream_conn *stream, unsigned flow)
{
    stream_hole hole;
    uint64_t from = 0;
    while (stream_hole_at(stream, flow, from, &hole)) {
        if (!hole.maybe_fin)
            return true;
        from = hole.offset + hole.len;
    }
    return false;
}

/* What tcp_flow.lost is now. */
static void count_lost(tcp_state *tcp, unsigned i)
{
    tcp_flow *flow = &tcp->flows[i];
    flow->lost = flow->lost_for_good;
    if (has_hole_in(tcp->stream, i))
        flow->lost += (unsigned)MIN(stream_conn_counters(tcp->stream, i)->holes, INT_MAX / 4);
}

bool check_tcp_is_unseen(const tcp_state *tcp, int flow)
{
    stream_info info;
    if (flow < 0 || tcp->stream == NULL)
        return false;
    stream_conn_info(tcp->stream, (unsigned)flow, &info);
    return !info.seen && tcp->flows[flow].answered;
}

static bool lacks_bytes(const tcp_state *tcp, unsigned flow)
{
    return tcp->stream == NULL || tcp->flows[flow].lost > 0;
}

bool check_tcp_has_hole(const tcp_state *tcp, int flow)
{
    return flow >= 0 && (lacks_bytes(tcp, (unsigned)flow) || check_tcp_is_unseen(tcp, flow));
}

bool check_tcp_may_have_closed(const tcp_state *tcp, int flow)
{
    stream_info info;
    stream_hole hole;
    if (flow < 0 || tcp->stream == NULL)
        return false;
    stream_conn_info(tcp->stream, (unsigned)flow, &info);
    return info.end > 0 && stream_hole_at(tcp->stream, (unsigned)flow, info.end - 1, &hole) &&
           hole.maybe_fin;
}

/* ---- segments ---- */

/* The flow of a segment's sender; the first that sends is flow 0. */
static unsigned sender_of(tcp_state *tcp, const check_tcp_record *record)
{
    tcp_flow *flows = tcp->flows;
    if (!flows[0].known) {
        flows[0].known = flows[1].known = true;
        flows[0].port = record->source_port;
        flows[1].port = record->destination_port;
    }
    return flows[0].port != record->source_port;
}

static stream_segment segment_of(const check_tcp_record *record, unsigned direction)
{
    return (stream_segment){
        .direction = direction,
        .flags = (uint8_t)(record->flags &
                           (CHECK_TCP_FIN | CHECK_TCP_SYN | CHECK_TCP_RST | CHECK_TCP_ACK)),
        .seq = record->seq,
        .ack = record->ack,
        .len = record->length,
        .packet = record->packet,
        .time_ns = record->time_ns,
    };
}

/* Another connection on the same ports: what the earlier one lacks stays lacking. */
static void restart(tcp_state *tcp)
{
    for (unsigned i = 0; i < 2; i++) {
        count_lost(tcp, i);
        tcp->flows[i].lost_for_good = tcp->flows[i].lost;
    }
    stream_conn_restart(tcp->stream);
}

/* Nobody reads them here: so they need not be kept. */
static void consume_all(stream_conn *stream)
{
    stream_piece piece;
    for (unsigned i = 0; i < 2; i++) {
        while (stream_piece_at(stream, i, 0, &piece))
            stream_consume(stream, i, piece.offset, piece.len);
    }
}

/* False: it does not fit the connection, so it says nothing of it (so far). */
static bool take(tcp_state *tcp, tcp_segment *result, unsigned sender)
{
    const stream_segment segment = segment_of(result->record, sender);
    const stream_counters *n = stream_conn_counters(tcp->stream, sender);
    const unsigned lost[2] = {tcp->flows[0].lost, tcp->flows[1].lost};
    stream_counters before = *n;
    stream_result taken;
    while ((taken = stream_conn_segment(tcp->stream, &segment)) == STREAM_RESTART) {
        restart(tcp);
        before = (stream_counters){.segments = 0};
    }
    result->new_bytes = n->bytes + n->cut > before.bytes + before.cut;
    if (n->reordered > before.reordered)
        tcp->flows[sender].late_packet = result->record->packet;
    /* neither is ever made good by what follows */
    if ((result->new_bytes && result->record->cut > 0) || n->refused > before.refused)
        tcp->flows[sender].lost_for_good++;
    consume_all(tcp->stream);
    for (unsigned i = 0; i < 2; i++) {
        count_lost(tcp, i);
        result->lost[i] = (int)(tcp->flows[i].lost - lost[i]);
    }
    return taken == STREAM_TAKEN;
}

tcp_segment check_tcp_follow(tcp_state *tcp, const check_tcp_record *record)
{
    const bool syn = (record->flags & CHECK_TCP_SYN) != 0;
    const bool rst = (record->flags & CHECK_TCP_RST) != 0;
    const bool ack = (record->flags & CHECK_TCP_ACK) != 0;
    const unsigned sender = sender_of(tcp, record);
    tcp_segment segment = {.record = record, .opens = syn && !ack};
    if (tcp->stream != NULL && !take(tcp, &segment, sender))
        return segment;
    segment.ends = rst || (record->flags & CHECK_TCP_FIN) != 0;
    segment.hole = lacks_bytes(tcp, 0) || lacks_bytes(tcp, 1);
    if (ack && !rst)
        tcp->flows[!sender].answered = true;
    if (segment.opens && tcp->syn_ns == NEVER)
        tcp->syn_ns = record->time_ns;
    if (segment.ends && tcp->flows[sender].end_ns == NEVER)
        tcp->flows[sender].end_ns = record->time_ns;
    return segment;
}

void check_tcp_end(tcp_state *tcp)
{
    if (tcp->stream == NULL)
        return;
    stream_conn_end(tcp->stream);
    for (unsigned i = 0; i < 2; i++)
        count_lost(tcp, i);
}
