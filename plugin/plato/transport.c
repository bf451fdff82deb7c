/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what a transport hands over to walks over frames.
 *
 * TCP tells where its bytes stand (struct tcpinfo), so that missing and repeated ones are known.
 * TLS tells nothing that is the same in all versions of Wireshark, and loses nothing in between.
 * WebSocket does not put messages together, so the start of a frame is kept here until its end
 * comes.
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
    walk_start start;
} start_record;

/* Kept with a packet for each WebSocket message that goes on with a frame of an earlier one. */
typedef struct rest_record {
    const uint8_t *joined; /* NULL: the frame goes on behind this message as well */
    size_t len;
} rest_record;

/* Keys of proto data with file scope. */
enum { KEY_STARTS = 1, KEY_RESTS = 0x10000 };

static const walk_start usual_start = {.in_sync = true};

static bool is_usual(const walk_start *start)
{
    return start->in_sync && !start->gap && !start->repeated && start->skip == 0 &&
           start->pieces == NULL;
}

static void keep_start(packet_info *pinfo, uint32_t seq, const walk_start *start)
{
    start_record *record = wmem_new(wmem_file_scope(), start_record);
    record->next = p_get_proto_data(wmem_file_scope(), pinfo, proto_plato, KEY_STARTS);
    record->seq = seq;
    record->start = *start;
    if (record->next != NULL)
        p_remove_proto_data(wmem_file_scope(), pinfo, proto_plato, KEY_STARTS);
    p_add_proto_data(wmem_file_scope(), pinfo, proto_plato, KEY_STARTS, record);
}

static const walk_start *kept_start(packet_info *pinfo, uint32_t seq)
{
    const start_record *record =
        p_get_proto_data(wmem_file_scope(), pinfo, proto_plato, KEY_STARTS);
    while (record != NULL && record->seq != seq)
        record = record->next;
    return record != NULL ? &record->start : &usual_start;
}

/* Whether `seq` lies in a hole of this side: bytes that come late. */
static const stream_hole *hole_at(const stream_side *side, uint32_t seq)
{
    for (unsigned i = 0; i < side->hole_count && i < STREAM_HOLES; i++) {
        const stream_hole *hole = &side->holes[i];
        if ((int32_t)(seq - hole->from) >= 0 && (int32_t)(hole->to - seq) > 0)
            return hole;
    }
    return NULL;
}

static void add_hole(stream_side *side, uint32_t from, uint32_t to)
{
    const stream_hole hole = {from, to};
    side->holes[side->hole_count++ % STREAM_HOLES] = hole;
}

/* The first bytes of a side: a frame begins here for certain only if the connection does. */
static walk_start first_start(packet_info *pinfo, uint32_t seq)
{
    walk_start start = usual_start;
    const struct tcp_analysis *tcp = get_tcp_conversation_data(NULL, pinfo);
    if (!flow_start_captured(pinfo)) {
        start.in_sync = false;
    } else if (tcp != NULL && tcp->fwd != NULL && seq != 1 && seq != tcp->fwd->base_seq + 1) {
        start.in_sync = false; /* relative or not, these are not the first bytes */
        start.gap = start.loss = true;
    }
    return start;
}

/* Compares what TCP hands over with where this side stands. First pass only. */
static walk_start find_start(packet_info *pinfo, stream_side *side, uint32_t seq, uint32_t len)
{
    walk_start start = usual_start;
    if (!side->known)
        return first_start(pinfo, seq);
    const int32_t ahead = (int32_t)(seq - side->next_seq);
    start.in_sync = side->in_sync;
    start.loss = ahead > 0 || (ahead == 0 && side->lost);
    start.gap = start.loss || side->gap;
    start.carried = ahead == 0 ? side->carried : 0;
    if (ahead > 0) {
        start.in_sync = false;
        add_hole(side, side->next_seq, seq);
    } else if (ahead < 0 && hole_at(side, seq) != NULL) {
        start.in_sync = false; /* nobody knows where in a frame */
        start.gap = false;     /* these are those that were missing */
        start.late = true;
    } else if (ahead < 0) {
        start.repeated = (uint32_t)-ahead >= len && !side->cut;
        start.skip = (uint32_t)-ahead < len ? (uint32_t)-ahead : len;
        start.skip_is_cut = side->cut;
    }
    return start;
}

static void settle(stream_side *side, uint32_t seq, uint32_t len, const walk_start *start,
                   const walk_end *end)
{
    const uint32_t next = seq + (uint32_t)end->used;
    if (start->repeated)
        return;
    if (side->known && (int32_t)(next - side->next_seq) < 0)
        return; /* late bytes do not move the side back */
    side->known = true;
    side->in_sync = end->in_sync;
    side->next_seq = next;
    side->carried = end->wanted != 0 ? len - (uint32_t)end->used : 0;
    side->cut = end->used > len;
    side->lost = end->lost;
    side->gap = end->gap;
}

static bool may_ask(const packet_info *pinfo)
{
    return plato_pref.desegment && pinfo->can_desegment > 0;
}

static void ask(packet_info *pinfo, const walk_end *end)
{
    if (end->wanted == 0)
        return;
    pinfo->desegment_offset = (int)end->used;
    pinfo->desegment_len = end->wanted;
}

int plato_dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct tcpinfo *tcp = data;
    plato_conversation *conversation = plato_conversation_of(pinfo);
    stream_side *side = &conversation->sides[flow_direction(pinfo)];
    const uint32_t len = tvb_reported_length(tvb);
    const bool follow = tcp != NULL && !PINFO_FD_VISITED(pinfo);
    walk_start start = usual_start;

    if (follow) {
        start = find_start(pinfo, side, tcp->seq, len);
        start.remember = true;
    } else if (tcp != NULL) {
        start = *kept_start(pinfo, tcp->seq);
    }
    const walk_end end =
        plato_walk(tvb, pinfo, tree, conversation, &start, may_ask(pinfo) && !start.late,
                   tcp != NULL && tcp->is_reassembled);
    ask(pinfo, &end);
    if (follow) {
        start.framing = end.framing;
        start.pieces = end.pieces;
        start.piece_count = end.piece_count;
        if (!is_usual(&start))
            keep_start(pinfo, tcp->seq, &start);
        settle(side, tcp->seq, len, &start, &end);
    }
    return (int)tvb_captured_length(tvb);
}

int plato_dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const walk_end end = plato_walk(tvb, pinfo, tree, plato_conversation_of(pinfo), &usual_start,
                                    may_ask(pinfo), false);
    ask(pinfo, &end);
    return (int)tvb_captured_length(tvb);
}

/* Doubles, so that each byte is copied a bounded number of times. */
static void keep_rest(stream_side *side, const uint8_t *bytes, size_t len)
{
    if (side->rest_len + len > side->rest_cap) {
        side->rest_cap = (side->rest_len + len) * 2;
        side->rest = wmem_realloc(wmem_file_scope(), side->rest, side->rest_cap);
    }
    memcpy(side->rest + side->rest_len, bytes, len);
    side->rest_len += len;
}

/* Whether the frame that begins the kept bytes is all there, or will never be. */
static bool rest_is_whole(const plato_conversation *conversation, const stream_side *side)
{
    const plato_limits limits = plato_pref_limits();
    const plato_framing framing =
        conversation->framing != 0 ? conversation->framing : PLATO_FRAMING_HEADER;
    uint64_t total;
    plato_err err = plato_frame_length(framing, side->rest, side->rest_len, &limits, &total);
    return err != PLATO_NEED_MORE && (err != PLATO_OK || total <= side->rest_len);
}

/* Adds a message to what is kept; when the frame is whole the record takes the bytes over. */
static rest_record *join_rest(tvbuff_t *tvb, packet_info *pinfo, plato_conversation *conversation,
                              stream_side *side, uint32_t key)
{
    const size_t len = tvb_captured_length(tvb);
    rest_record *record = wmem_new0(wmem_file_scope(), rest_record);
    keep_rest(side, tvb_get_ptr(tvb, 0, (int)len), len);
    if (rest_is_whole(conversation, side)) {
        record->joined = side->rest;
        record->len = side->rest_len;
        side->rest = NULL;
        side->rest_len = side->rest_cap = 0;
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
    stream_side *side = &conversation->sides[flow_direction(pinfo)];
    const bool first_pass = !PINFO_FD_VISITED(pinfo);
    const uint32_t key = KEY_RESTS + message_ordinal(pinfo);
    const rest_record *record = p_get_proto_data(wmem_file_scope(), pinfo, proto_plato, key);
    tvbuff_t *bytes = tvb;

    if (first_pass && side->rest_len > 0)
        record = join_rest(tvb, pinfo, conversation, side, key);
    if (record != NULL && record->joined == NULL) {
        plato_show_part(tvb, pinfo, tree);
        return (int)tvb_captured_length(tvb);
    }
    if (record != NULL) {
        bytes =
            tvb_new_child_real_data(tvb, record->joined, (unsigned)record->len, (int)record->len);
        add_new_data_source(pinfo, bytes, "Joined WebSocket messages");
    }
    const walk_end end =
        plato_walk(bytes, pinfo, tree, conversation, &usual_start, plato_pref.desegment, false);
    const size_t len = tvb_captured_length(bytes);
    if (first_pass && end.wanted != 0 && end.used < len)
        keep_rest(side, tvb_get_ptr(bytes, (int)end.used, (int)(len - end.used)), len - end.used);
    return (int)tvb_captured_length(tvb);
}
