/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/tcp_show.h"

#include "plato/pdu/framing.h"
#include "plato/pdu/position.h"
#include "plato/pdu/prefs.h"
#include "plato/process_pdu.h"
#include "plato/tcp_loss.h"
#include "plato/tree/tree_frame.h"

tvbuff_t *tcp_show_subset(tvbuff_t *tvb, int offset, const stored_item *item)
{
    if (!item->is_part && item->kind == STREAM_PDU_CUT) {
        /* of a frame that goes on in other packets no more than this one had on the wire */
        const int on_wire = tvb_reported_length_remaining(tvb, offset);
        const int total = (int)item->total;
        return tvb_new_subset_length_caplen(tvb, offset, item->length,
                                            on_wire > item->length ? MIN(total, on_wire) : total);
    }
    return tvb_new_subset_length(tvb, offset, item->length);
}

tvbuff_t *tcp_show_tvb(tvbuff_t *frame, packet_info *pinfo, const stored_item *item)
{
    if (item->frame_offset >= 0)
        return tcp_show_subset(frame, item->frame_offset, item);
    const bool cut = !item->is_part && item->kind == STREAM_PDU_CUT;
    tvbuff_t *tvb = tvb_new_child_real_data(frame, item->bytes, (unsigned)item->length,
                                            cut ? (int)item->total : item->length);
    add_new_data_source(pinfo, tvb,
                        item->piece_count > 1 ? "Reassembled Plato frame" : "Plato bytes");
    return tvb;
}

static bool has_gap(const stored_item *item)
{
    if (item->gap_reader == NULL)
        return item->gap != STREAM_GAP_NONE;
    return stream_reader_gap(item->gap_reader, item->direction, item->offset) != STREAM_GAP_NONE;
}

found_pdu tcp_show_found(const stored_item *item, uint32_t index)
{
    const bool verified = item->kind == STREAM_PDU_FRAME || item->kind == STREAM_PDU_SHORTENED;
    return (found_pdu){
        .framing = item->framing,
        .position = item->position,
        .index = index,
        .shortened = item->kind == STREAM_PDU_SHORTENED,
        .capture_gap = has_gap(item),
        .begin = item->begin,
        .pieces = item->pieces,
        .piece_count = item->piece_count,
        .silent = tcp_loss_is_silent(item->position),
        .checksum = verified ? &item->checksum : NULL,
    };
}

void tcp_show_part(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree, const stored_item *item)
{
    tvbuff_t *tvb = tcp_show_tvb(frame, pinfo, item);
    if (item->waits && item->completed_in == 0)
        plato_dissect_continuation(tvb, pinfo, tree);
    else
        plato_dissect_pdu_part(tvb, pinfo, tree, item->completed_in);
}

/* A packet whose payload is whole frames. */
static void show_frames(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree,
                        plato_conversation *conversation, const stored_packet *packet)
{
    const plato_limits limits = plato_pref_limits();
    int at = packet->frame_offset;
    const int end = at + (int)packet->length;
    const plato_framing framing = conversation->framing;
    found_pdu found = {
        .framing = framing != 0 ? framing : PLATO_FRAMING_HEADER,
        .position = (uint64_t)packet->packet << 32 | packet->ordinal,
    };
    while (at < end) {
        uint64_t total;
        if (plato_frame_length(found.framing, tvb_get_ptr(frame, at, end - at), (size_t)(end - at),
                               &limits, &total) != PLATO_OK ||
            total > (uint64_t)(end - at))
            return;
        found.silent = tcp_loss_is_silent(found.position);
        plato_process_pdu(tvb_new_subset_length(frame, at, (int)total), pinfo, tree, conversation,
                          &found);
        found.position++;
        found.index++;
        at += (int)total;
    }
}

static void show_item(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree,
                      const stored_item *item, uint32_t *index)
{
    if (item->is_part) {
        tcp_show_part(frame, pinfo, tree, item);
        return;
    }
    if (item->kind == STREAM_PDU_SKIPPED) {
        plato_process_skipped(tcp_show_tvb(frame, pinfo, item), pinfo, tree,
                              item->gap != STREAM_GAP_NONE);
        return;
    }
    const found_pdu found = tcp_show_found(item, (*index)++);
    plato_process_pdu(tcp_show_tvb(frame, pinfo, item), pinfo, tree, item->conversation, &found);
}

int tcp_show_packet(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree)
{
    const stored_packet *packet = tcp_store_packet(pinfo->num);
    const stored_item *item = tcp_store_items(pinfo->num);
    plato_conversation *conversation = packet != NULL ? plato_find_conversation(pinfo) : NULL;
    uint32_t index = 0;
    if (packet == NULL && item == NULL)
        return 0;
    if (conversation != NULL)
        show_frames(frame, pinfo, tree, conversation, packet);
    for (; item != NULL; item = item->next) {
        if (!item->superseded)
            show_item(frame, pinfo, tree, item, &index);
    }
    return (int)tvb_captured_length(frame);
}
