/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/process_pdu.h"

#include "plato/pdu/analysis_feed.h"
#include "plato/tree/tree_frame.h"
#include "taps/tap.h"

void plato_process_pdu(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                       plato_conversation *conversation, const found_pdu *found)
{
    pdu_info facts;
    const flow_packet packet = flow_packet_of(pinfo);
    plato_examine_pdu(tvb, conversation, found, &facts);
    const pdu_analysis analysis = plato_analyze_pdu(pinfo->pool, &packet, conversation, &facts);
    plato_dissect_pdu(&facts, &analysis, tvb, pinfo, tree);
    plato_tap_frame(pinfo, &facts, &analysis);
}

void plato_process_skipped(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool after_unseen)
{
    plato_dissect_continuation(tvb, pinfo, tree);
    plato_tap_bytes_skipped(pinfo, tvb_reported_length(tvb), after_unseen);
}
