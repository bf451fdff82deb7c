/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the analysis found, in one generated subtree for each frame. */
#include "plato/tree/tree_analysis.h"

#include "plato/tree/expert.h"

static int hf_stream = -1;
static int hf_response_in = -1;
static int hf_response_to = -1;
static int hf_response_time = -1;
static int hf_gap_first = -1;
static int hf_gap_last = -1;
static int hf_gap_count = -1;
static int hf_gap_in = -1;
static int hf_duplicate_of = -1;
static int hf_delivery_of = -1;
static int hf_delivered_in = -1;
static int hf_delivery_time = -1;
static int hf_prev_conn = -1;
static int hf_next_conn = -1;
static int ett_analysis = -1;

/* The subtree is made when there is something to put into it. */
typedef struct analysis_tree {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *frame;
    proto_tree *tree;
} analysis_tree;

static proto_tree *tree_of(analysis_tree *to)
{
    proto_item *item;
    if (to->tree == NULL) {
        to->tree =
            proto_tree_add_subtree(to->frame, to->tvb, 0, 0, ett_analysis, &item, "Plato analysis");
        proto_item_set_generated(item);
    }
    return to->tree;
}

static void add_frame_number(analysis_tree *to, int hf, uint32_t number)
{
    if (number != 0)
        proto_item_set_generated(proto_tree_add_uint(tree_of(to), hf, to->tvb, 0, 0, number));
}

static void add_number(analysis_tree *to, int hf, uint64_t value)
{
    proto_item_set_generated(proto_tree_add_uint64(tree_of(to), hf, to->tvb, 0, 0, value));
}

static void add_time(analysis_tree *to, int hf, int64_t ns)
{
    const nstime_t duration = {(time_t)(ns / 1000000000), (int)(ns % 1000000000)};
    proto_item_set_generated(proto_tree_add_time(tree_of(to), hf, to->tvb, 0, 0, &duration));
}

static void add_expert(analysis_tree *to, plato_expert_id id)
{
    proto_tree_add_expert(tree_of(to), to->pinfo, plato_expert(id), to->tvb, 0, 0);
}

/* One row for each flag that is shown by its expert item alone. */
static const struct {
    analysis_verdict_flag flag;
    plato_expert_id expert;
} plain_flags[] = {
    {ANALYSIS_DUPLICATE, EXPERT_DUPLICATE},
    {ANALYSIS_CONFLICT, EXPERT_CONFLICT},
    {ANALYSIS_OUT_OF_ORDER, EXPERT_OUT_OF_ORDER},
    {ANALYSIS_GAP_FILLED, EXPERT_GAP_FILLED},
    {ANALYSIS_SLOW_RESPONSE, EXPERT_SLOW_RESPONSE},
    {ANALYSIS_HEARTBEAT_LATE, EXPERT_HEARTBEAT_LATE},
};

static void add_gap(analysis_tree *to, const analysis_verdict *verdict)
{
    const uint64_t count = verdict->gap_last - verdict->gap_first + 1;
    proto_tree_add_expert_format(tree_of(to), to->pinfo, plato_expert(EXPERT_GAP), to->tvb, 0, 0,
                                 "The sender skipped %" PRIu64 " id%s: %" PRIu64 "..%" PRIu64,
                                 count, count == 1 ? "" : "s", verdict->gap_first,
                                 verdict->gap_last);
    add_number(to, hf_gap_first, verdict->gap_first);
    add_number(to, hf_gap_last, verdict->gap_last);
    add_number(to, hf_gap_count, count);
}

static void add_times(analysis_tree *to, const analysis_verdict *verdict)
{
    if (verdict->flags & ANALYSIS_HAS_RESPONSE_TIME) {
        add_frame_number(to, hf_response_to, verdict->response_to);
        add_time(to, hf_response_time, verdict->response_time_ns);
    }
    /* where the PUSH came first, only later frames show it */
    if (verdict->flags & ANALYSIS_HAS_DELIVERY_TIME) {
        add_frame_number(to, hf_delivery_of, verdict->delivery_of);
        add_time(to, hf_delivery_time, verdict->delivery_time_ns);
    }
}

/* What only later frames can show is added on later passes alone, so that all modes agree. */
static void add_later(analysis_tree *to, const pdu_analysis *analysis)
{
    const analysis_verdict *verdict = analysis->verdict;
    if (!PINFO_FD_VISITED(to->pinfo))
        return;
    add_frame_number(to, hf_response_in, verdict->response_in);
    for (const analysis_record *push = verdict->delivered_in; push != NULL;
         push = analysis_record_next_delivery(push))
        add_frame_number(to, hf_delivered_in, analysis_record_number(push));
    add_frame_number(to, hf_next_conn, verdict->next_conn);
    if (analysis->unacked)
        add_expert(to, EXPERT_UNACKED);
}

void plato_add_analysis_tree(const pdu_info *facts, const pdu_analysis *analysis, tvbuff_t *tvb,
                             packet_info *pinfo, proto_tree *tree)
{
    const analysis_verdict *verdict = analysis->verdict;
    analysis_tree to = {tvb, pinfo, tree, NULL};
    proto_item_set_generated(proto_tree_add_uint(tree, hf_stream, tvb, 0, 0, analysis->stream));
    if (facts->capture_gap)
        add_expert(&to, EXPERT_CAPTURE_GAP);
    if (facts->silent && PINFO_FD_VISITED(pinfo))
        add_expert(&to, EXPERT_SILENT);
    if (verdict == NULL)
        return;
    if (verdict->flags & ANALYSIS_GAP)
        add_gap(&to, verdict);
    for (size_t i = 0; i < array_length(plain_flags); i++) {
        if (verdict->flags & plain_flags[i].flag)
            add_expert(&to, plain_flags[i].expert);
    }
    add_frame_number(&to, hf_duplicate_of, verdict->duplicate_of);
    add_frame_number(&to, hf_gap_in, verdict->gap_in);
    add_times(&to, verdict);
    add_frame_number(&to, hf_prev_conn, verdict->prev_conn);
    add_later(&to, analysis);
}

void plato_register_tree_analysis(int proto)
{
    static hf_register_info hf[] = {
        {&hf_stream, {"Stream", "plato.stream", FT_UINT32, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_response_in,
         {"Response in", "plato.response_in", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0x0, NULL, HFILL}},
        {&hf_response_to,
         {"Response to", "plato.response_to", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0, NULL, HFILL}},
        {&hf_response_time,
         {"Response time", "plato.response_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0, NULL,
          HFILL}},
        {&hf_gap_first,
         {"First id missing", "plato.analysis.gap.first", FT_UINT64, BASE_DEC, NULL, 0x0, NULL,
          HFILL}},
        {&hf_gap_last,
         {"Last id missing", "plato.analysis.gap.last", FT_UINT64, BASE_DEC, NULL, 0x0, NULL,
          HFILL}},
        {&hf_gap_count,
         {"Ids missing", "plato.analysis.gap.count", FT_UINT64, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_gap_in,
         {"Gap reported in", "plato.analysis.gap_filled.gap_in", FT_FRAMENUM, BASE_NONE, NULL, 0x0,
          NULL, HFILL}},
        {&hf_duplicate_of,
         {"Repeat of", "plato.analysis.duplicate_of", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV), 0x0, NULL, HFILL}},
        {&hf_delivery_of,
         {"Delivery of", "plato.delivery_of", FT_FRAMENUM, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&hf_delivered_in,
         {"Delivered in", "plato.delivered_in", FT_FRAMENUM, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&hf_delivery_time,
         {"Delivery time", "plato.delivery_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0, NULL,
          HFILL}},
        {&hf_prev_conn,
         {"Resumes the connection opened in", "plato.prev_conn", FT_FRAMENUM, BASE_NONE, NULL, 0x0,
          NULL, HFILL}},
        {&hf_next_conn,
         {"Resumed in", "plato.next_conn", FT_FRAMENUM, BASE_NONE, NULL, 0x0, NULL, HFILL}},
    };
    static int *ett[] = {&ett_analysis};
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
