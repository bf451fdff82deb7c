/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/pdu_scan.h"

#include "plato/pdu/checksum.h"
#include "plato/pdu/framing.h"
#include "plato/pdu/pdu_fragment.h"
#include "plato/pdu/position.h"
#include "plato/pdu/prefs.h"
#include "plato/process_pdu.h"

#include <stream/pdu.h>

typedef struct pdu_scan {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    plato_conversation *conversation;
    bool can_desegment;
    int offset; /* of the first byte not yet consumed */
    stream_checksum checksum;
    stream_pdu_reader reader;
    bool continues_pdu; /* the next frame may have begun in an earlier packet */
    bool after_cut; /* frames may be among bytes that the snaplen cut off, and none came since */
} pdu_scan;

static tvbuff_t *bytes_of(const pdu_scan *scan, const stream_pdu *pdu)
{
    const int length = (int)pdu->length;
    return pdu->kind == STREAM_PDU_CUT
               ? tvb_new_subset_length_caplen(scan->tvb, scan->offset, length, (int)pdu->total)
               : tvb_new_subset_length(scan->tvb, scan->offset, length);
}

static void process_frame(pdu_scan *scan, const stream_pdu *pdu, tvbuff_t *tvb)
{
    const uint64_t position = plato_take_position(scan->pinfo);
    found_pdu found = {
        .framing = scan->reader.framing,
        .position = position,
        .index = (uint32_t)position,
        .shortened = pdu->kind == STREAM_PDU_SHORTENED,
        .capture_gap = scan->after_cut,
        .checksum = &pdu->checksum,
    };
    if (scan->continues_pdu)
        found.begin = plato_take_fragment(scan->pinfo, scan->conversation, position);
    scan->after_cut = false;
    if (!PINFO_FD_VISITED(scan->pinfo))
        plato_keep_checksum(scan->conversation, position, &scan->checksum);
    plato_process_pdu(tvb, scan->pinfo, scan->tree, scan->conversation, &found);
}

/* What the bytes at `offset` begin with. False: more of them are requested. */
static bool process_next(pdu_scan *scan, scan_end *end)
{
    const int captured = tvb_captured_length_remaining(scan->tvb, scan->offset);
    const int reported = tvb_reported_length_remaining(scan->tvb, scan->offset);
    const stream_pdu_bytes bytes = {
        .p = captured > 0 ? tvb_get_ptr(scan->tvb, scan->offset, captured) : NULL,
        .captured = captured > 0 ? (size_t)captured : 0,
        .reported = (uint64_t)reported,
        .more = scan->can_desegment,
    };
    scan->checksum = plato_checksum_at(scan->conversation, plato_next_position(scan->pinfo));
    const stream_pdu pdu = stream_pdu_next(&scan->reader, &bytes);
    if (pdu.kind == STREAM_PDU_NEED_MORE) {
        const uint64_t missing = pdu.length - (uint64_t)reported;
        const bool exact = pdu.length > stream_pdu_header_len(scan->reader.framing);
        end->desegment_len =
            exact && scan->reader.in_sync ? (uint32_t)missing : DESEGMENT_ONE_MORE_SEGMENT;
        return false;
    }
    if (pdu.kind == STREAM_PDU_SKIPPED && pdu.length > 0)
        plato_process_skipped(bytes_of(scan, &pdu), scan->pinfo, scan->tree, scan->after_cut);
    else if (pdu.kind != STREAM_PDU_SKIPPED)
        process_frame(scan, &pdu, bytes_of(scan, &pdu));
    scan->continues_pdu = false;
    scan->after_cut = scan->after_cut || pdu.frames_lost;
    scan->offset += (int)(pdu.consume < (uint64_t)reported ? pdu.consume : (uint64_t)reported);
    return true;
}

scan_end plato_scan_pdus(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                         plato_conversation *conversation, bool can_desegment)
{
    const plato_resync_budget budget = PLATO_RESYNC_BUDGET_DEFAULT;
    const int captured = (int)tvb_captured_length(tvb);
    pdu_scan scan = {
        .tvb = tvb,
        .pinfo = pinfo,
        .tree = tree,
        .conversation = conversation,
        .can_desegment = can_desegment,
        .continues_pdu = true,
        .reader = {.limits = plato_pref_limits(), .in_sync = true, .budget = budget},
    };
    scan_end end = {0};
    scan.reader.checksum = &scan.checksum;
    if (captured > 0)
        scan.reader.framing = plato_find_framing(pinfo, conversation, tvb_get_ptr(tvb, 0, captured),
                                                 (size_t)captured, true);
    while (captured > 0 && tvb_reported_length_remaining(tvb, scan.offset) > 0 &&
           process_next(&scan, &end))
        ;
    end.consumed = scan.offset;
    if (!PINFO_FD_VISITED(pinfo))
        plato_set_fragment(pinfo, conversation, scan.reader.framing,
                           end.desegment_len != 0 && scan.reader.in_sync, scan.continues_pdu);
    return end;
}
