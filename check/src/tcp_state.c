/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp_state.h"

tcp_state *check_tcp_state_new(void)
{
    tcp_state *tcp = g_new0(tcp_state, 1);
    tcp->syn_ns = tcp->end_ns[0] = tcp->end_ns[1] = NEVER;
    return tcp;
}

void check_tcp_state_free(void *p)
{
    tcp_state *tcp = (tcp_state *)p;
    g_free(tcp->flows[0].out_of_order);
    g_free(tcp->flows[1].out_of_order);
    g_free(tcp);
}

static bool has_hole(const tcp_flow *flow)
{
    return flow->count > 0 || flow->lost;
}

int check_tcp_flow(const tcp_state *tcp, uint16_t port, bool sends)
{
    for (int i = 0; tcp != NULL && i < 2; i++) {
        if (tcp->flows[i].known && (tcp->flows[i].port == port) == sends)
            return i;
    }
    return -1;
}

bool check_tcp_has_hole(const tcp_state *tcp, int flow)
{
    return flow >= 0 && has_hole(&tcp->flows[flow]);
}

/* The flow of a segment's sender; the first that sends is flow 0. */
static tcp_flow *sender_of(tcp_state *tcp, uint16_t port, uint32_t next)
{
    tcp_flow *flow =
        tcp->flows[0].known && tcp->flows[0].port != port ? &tcp->flows[1] : &tcp->flows[0];
    if (!flow->known) {
        flow->known = true;
        flow->port = port;
        flow->next = next;
    }
    return flow;
}

/* Sequence numbers wrap: a is after b within half their range. */
static bool is_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* Takes in the segments that no longer stand after a hole. */
static void merge_contiguous(tcp_flow *flow)
{
    for (unsigned i = 0; i < flow->count;) {
        if (is_after(flow->out_of_order[i].from, flow->next)) {
            i++;
            continue;
        }
        if (is_after(flow->out_of_order[i].to, flow->next))
            flow->next = flow->out_of_order[i].to;
        flow->out_of_order[i] = flow->out_of_order[--flow->count];
        i = 0;
    }
}

static void remember(tcp_flow *flow, uint32_t from, uint32_t to)
{
    for (unsigned i = 0; i < flow->count; i++) {
        if (flow->out_of_order[i].from == from && flow->out_of_order[i].to == to)
            return;
    }
    if (flow->count == TCP_OUT_OF_ORDER_MAX) {
        flow->lost = true;
        return;
    }
    if (flow->out_of_order == NULL)
        flow->out_of_order = g_new(tcp_range, TCP_OUT_OF_ORDER_MAX);
    flow->out_of_order[flow->count++] = (tcp_range){from, to};
}

/* The bytes from..to were sent. The result: how the number of holes, 0 or 1, has changed. */
static int follow_bytes(tcp_flow *flow, uint32_t from, uint32_t to)
{
    const bool had_hole = has_hole(flow);
    if (is_after(from, flow->next)) {
        remember(flow, from, to);
    } else if (is_after(to, flow->next)) {
        flow->next = to;
        merge_contiguous(flow);
    }
    return (int)has_hole(flow) - (int)had_hole;
}

tcp_segment check_tcp_follow(tcp_state *tcp, const check_tcp_record *record)
{
    const unsigned flags = record->flags;
    const bool syn = (flags & CHECK_TCP_SYN) != 0;
    const bool fin = (flags & CHECK_TCP_FIN) != 0;
    const bool rst = (flags & CHECK_TCP_RST) != 0;
    const bool ack = (flags & CHECK_TCP_ACK) != 0;
    const uint32_t from = record->seq + (syn ? 1 : 0);
    const uint32_t length = record->length + (fin ? 1 : 0); /* a FIN takes a number of its own */
    tcp_flow *flow = sender_of(tcp, record->source_port, from);
    tcp_flow *other = &tcp->flows[flow == &tcp->flows[0]];
    tcp_segment segment = {.record = record, .opens = syn && !ack, .ends = fin || rst};
    /* a FIN at its end is no byte */
    segment.new_bytes =
        record->length > 0 && !rst && !syn && is_after(from + record->length, flow->next);
    if (length > 0 && !rst)
        segment.lost = follow_bytes(flow, from, from + length);
    /* what one end acknowledges and the capture does not show is missing as well */
    if (ack && !rst && other->known) {
        segment.lost_other = follow_bytes(other, record->ack, record->ack);
        segment.other_port = other->port;
    }
    segment.hole = has_hole(&tcp->flows[0]) || has_hole(&tcp->flows[1]);
    if (segment.opens && tcp->syn_ns == NEVER)
        tcp->syn_ns = record->time_ns;
    int64_t *end = &tcp->end_ns[flow - tcp->flows];
    if (segment.ends && *end == NEVER)
        *end = record->time_ns;
    return segment;
}
