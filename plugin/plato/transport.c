/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what a transport hands over to scans of PDUs.
 *
 * TCP gives the sequence number of its bytes (struct tcpinfo), so that missing and repeated ones
 * are known. TLS gives nothing that is the same in all versions of Wireshark, and loses nothing in
 * between. WebSocket does not put messages together, so the start of a frame is kept here until its
 * end comes.
 */
#include "plato/transport.h"

#include "plato/pdu/prefs.h"
#include "plato/pdu/proto.h"
#include "plato/pdu_scan.h"
#include "plato/tree/tree_frame.h"
#include "support/flow.h"

#include <epan/dissectors/packet-tcp.h>
#include <string.h>

/* Kept with a packet for each unusual start, by the sequence number that TCP gave. */
typedef struct start_record {
    struct start_record *next;
    uint32_t seq;
    scan_start start;
} start_record;

/* Kept with a packet for each WebSocket message that goes on with a frame of an earlier one. */
typedef struct ws_message {
    const uint8_t *joined; /* NULL: the frame goes on after this message as well */
    size_t len;
} ws_message;

/* Keys of proto data with file scope. */
enum { KEY_STARTS = 1, KEY_RESTS = 0x10000 };

static const scan_start usual_start = {.in_sync = true};

static bool is_usual(const scan_start *start)
{
    return start->in_sync && !start->after_unseen && !start->retransmitted && start->skip == 0 &&
           start->spans == NULL;
}

static void keep_start(packet_info *pinfo, uint32_t seq, const scan_start *start)
{
    start_record *record = wmem_new(wmem_file_scope(), start_record);
    record->next = p_get_proto_data(wmem_file_scope(), pinfo, proto_plato, KEY_STARTS);
    record->seq = seq;
    record->start = *start;
    if (record->next != NULL)
        p_remove_proto_data(wmem_file_scope(), pinfo, proto_plato, KEY_STARTS);
    p_add_proto_data(wmem_file_scope(), pinfo, proto_plato, KEY_STARTS, record);
}

static const scan_start *kept_start(packet_info *pinfo, uint32_t seq)
{
    const start_record *record =
        p_get_proto_data(wmem_file_scope(), pinfo, proto_plato, KEY_STARTS);
    while (record != NULL && record->seq != seq)
        record = record->next;
    return record != NULL ? &record->start : &usual_start;
}

/* The unseen segment that `seq` is in, for bytes that come out of order; NULL: none. */
static const unseen_segment *unseen_segment_at(const plato_flow *flow, uint32_t seq)
{
    for (unsigned i = 0; i < flow->unseen_count && i < UNSEEN_SEGMENTS; i++) {
        const unseen_segment *segment = &flow->unseen[i];
        if ((int32_t)(seq - segment->from) >= 0 && (int32_t)(segment->to - seq) > 0)
            return segment;
    }
    return NULL;
}

static void add_unseen_segment(plato_flow *flow, uint32_t from, uint32_t to)
{
    const unseen_segment segment = {from, to};
    flow->unseen[flow->unseen_count++ % UNSEEN_SEGMENTS] = segment;
}

/* The first bytes of a direction: a frame begins here for certain only if the connection does. */
static scan_start first_start(packet_info *pinfo, uint32_t seq)
{
    scan_start start = usual_start;
    const struct tcp_analysis *tcp = get_tcp_conversation_data(NULL, pinfo);
    if (!flow_start_captured(pinfo)) {
        start.in_sync = false;
    } else if (tcp != NULL && tcp->fwd != NULL && seq != 1 && seq != tcp->fwd->base_seq + 1) {
        start.in_sync = false; /* relative or not, these are not the first bytes */
        start.after_unseen = start.new_unseen = true;
    }
    return start;
}

/* Compares what TCP hands over with what this direction expects next. First pass only. */
static scan_start start_of(packet_info *pinfo, plato_flow *flow, uint32_t seq, uint32_t len)
{
    scan_start start = usual_start;
    if (!flow->known)
        return first_start(pinfo, seq);
    const int32_t ahead = (int32_t)(seq - flow->next_seq);
    start.in_sync = flow->in_sync;
    start.new_unseen = ahead > 0 || (ahead == 0 && flow->after_truncated);
    start.after_unseen = start.new_unseen || flow->after_unseen;
    start.bytes_pending = ahead == 0 ? flow->bytes_pending : 0;
    if (ahead > 0) {
        start.in_sync = false;
        add_unseen_segment(flow, flow->next_seq, seq);
    } else if (ahead < 0 && unseen_segment_at(flow, seq) != NULL) {
        start.in_sync = false;      /* where in a frame is not known */
        start.after_unseen = false; /* these are those that were missing */
        start.out_of_order = true;
    } else if (ahead < 0) {
        start.retransmitted = (uint32_t)-ahead >= len && !flow->truncated;
        start.skip = (uint32_t)-ahead < len ? (uint32_t)-ahead : len;
        start.skip_truncated = flow->truncated;
    }
    return start;
}

static void update_flow(plato_flow *flow, uint32_t seq, uint32_t len, const scan_start *start,
                        const scan_end *end)
{
    const uint32_t next = seq + (uint32_t)end->consumed;
    if (start->retransmitted)
        return;
    if (flow->known && (int32_t)(next - flow->next_seq) < 0)
        return; /* what fills an unseen segment does not move it back */
    flow->known = true;
    flow->in_sync = end->in_sync;
    flow->next_seq = next;
    flow->bytes_pending = end->desegment_len != 0 ? len - (uint32_t)end->consumed : 0;
    flow->truncated = end->consumed > len;
    flow->after_truncated = end->after_truncated;
    flow->after_unseen = end->after_unseen;
}

static bool can_desegment(const packet_info *pinfo)
{
    return plato_pref.desegment && pinfo->can_desegment > 0;
}

static void request_more(packet_info *pinfo, const scan_end *end)
{
    if (end->desegment_len == 0)
        return;
    pinfo->desegment_offset = (int)end->consumed;
    pinfo->desegment_len = end->desegment_len;
}

int plato_dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct tcpinfo *tcp = data;
    plato_conversation *conversation = plato_conversation_of(pinfo);
    plato_flow *flow = &conversation->flows[flow_direction(pinfo)];
    const uint32_t len = tvb_reported_length(tvb);
    const bool follow = tcp != NULL && !PINFO_FD_VISITED(pinfo);
    scan_start start = usual_start;

    if (follow) {
        start = start_of(pinfo, flow, tcp->seq, len);
        start.remember = true;
    } else if (tcp != NULL) {
        start = *kept_start(pinfo, tcp->seq);
    }
    const scan_end end = plato_scan_pdus(tvb, pinfo, tree, conversation, &start,
                                         can_desegment(pinfo) && !start.out_of_order,
                                         tcp != NULL && tcp->is_reassembled);
    request_more(pinfo, &end);
    if (follow) {
        start.framing = end.framing;
        start.spans = end.spans;
        start.span_count = end.span_count;
        if (!is_usual(&start))
            keep_start(pinfo, tcp->seq, &start);
        update_flow(flow, tcp->seq, len, &start, &end);
    }
    return (int)tvb_captured_length(tvb);
}

int plato_dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const scan_end end = plato_scan_pdus(tvb, pinfo, tree, plato_conversation_of(pinfo),
                                         &usual_start, can_desegment(pinfo), false);
    request_more(pinfo, &end);
    return (int)tvb_captured_length(tvb);
}

/* Doubles, so that each byte is copied a bounded number of times. */
static void keep_rest(plato_flow *flow, const uint8_t *bytes, size_t len)
{
    if (flow->rest_len + len > flow->rest_cap) {
        flow->rest_cap = (flow->rest_len + len) * 2;
        flow->rest = wmem_realloc(wmem_file_scope(), flow->rest, flow->rest_cap);
    }
    memcpy(flow->rest + flow->rest_len, bytes, len);
    flow->rest_len += len;
}

/* Whether the frame that begins the kept bytes is all there, or will never be. */
static bool rest_is_whole(const plato_conversation *conversation, const plato_flow *flow)
{
    const plato_limits limits = plato_pref_limits();
    const plato_framing framing =
        conversation->framing != 0 ? conversation->framing : PLATO_FRAMING_HEADER;
    uint64_t total;
    plato_err err = plato_frame_length(framing, flow->rest, flow->rest_len, &limits, &total);
    return err != PLATO_NEED_MORE && (err != PLATO_OK || total <= flow->rest_len);
}

/* Adds a message to what is kept; when the frame is whole the record takes the bytes over. */
static ws_message *join_rest(tvbuff_t *tvb, packet_info *pinfo, plato_conversation *conversation,
                             plato_flow *flow, uint32_t key)
{
    const size_t len = tvb_captured_length(tvb);
    ws_message *record = wmem_new0(wmem_file_scope(), ws_message);
    keep_rest(flow, tvb_get_ptr(tvb, 0, (int)len), len);
    if (rest_is_whole(conversation, flow)) {
        record->joined = flow->rest;
        record->len = flow->rest_len;
        flow->rest = NULL;
        flow->rest_len = flow->rest_cap = 0;
    }
    p_add_proto_data(wmem_file_scope(), pinfo, proto_plato, key, record);
    return record;
}

/* Which of the packet's WebSocket messages this is. */
static uint32_t message_ordinal(packet_info *pinfo)
{
    uint32_t *count = p_get_proto_data(pinfo->pool, pinfo, proto_plato, KEY_RESTS);
    if (count == NULL) {
        count = wmem_new0(pinfo->pool, uint32_t);
        p_add_proto_data(pinfo->pool, pinfo, proto_plato, KEY_RESTS, count);
    }
    return (*count)++;
}

int plato_dissect_websocket(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    plato_conversation *conversation = plato_conversation_of(pinfo);
    plato_flow *flow = &conversation->flows[flow_direction(pinfo)];
    const bool first_pass = !PINFO_FD_VISITED(pinfo);
    const uint32_t key = KEY_RESTS + message_ordinal(pinfo);
    const ws_message *record = p_get_proto_data(wmem_file_scope(), pinfo, proto_plato, key);
    tvbuff_t *bytes = tvb;

    if (first_pass && flow->rest_len > 0)
        record = join_rest(tvb, pinfo, conversation, flow, key);
    if (record != NULL && record->joined == NULL) {
        plato_dissect_pdu_part(tvb, pinfo, tree);
        return (int)tvb_captured_length(tvb);
    }
    if (record != NULL) {
        bytes =
            tvb_new_child_real_data(tvb, record->joined, (unsigned)record->len, (int)record->len);
        add_new_data_source(pinfo, bytes, "Joined WebSocket messages");
    }
    const scan_end end = plato_scan_pdus(bytes, pinfo, tree, conversation, &usual_start,
                                         plato_pref.desegment, false);
    const size_t len = tvb_captured_length(bytes);
    if (first_pass && end.desegment_len != 0 && end.consumed < len)
        keep_rest(flow, tvb_get_ptr(bytes, (int)end.consumed, (int)(len - end.consumed)),
                  len - end.consumed);
    return (int)tvb_captured_length(tvb);
}
