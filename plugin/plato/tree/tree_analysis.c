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
typedef struct branch {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *frame;
    proto_tree *tree;
} branch;

static proto_tree *tree_of(branch *b)
{
    proto_item *item;
    if (b->tree == NULL) {
        b->tree =
            proto_tree_add_subtree(b->frame, b->tvb, 0, 0, ett_analysis, &item, "Plato analysis");
        proto_item_set_generated(item);
    }
    return b->tree;
}

static void add_frame_number(branch *b, int hf, uint32_t number)
{
    if (number != 0)
        proto_item_set_generated(proto_tree_add_uint(tree_of(b), hf, b->tvb, 0, 0, number));
}

static void add_number(branch *b, int hf, uint64_t value)
{
    proto_item_set_generated(proto_tree_add_uint64(tree_of(b), hf, b->tvb, 0, 0, value));
}

static void add_time(branch *b, int hf, int64_t ns)
{
    const nstime_t time = {(time_t)(ns / 1000000000), (int)(ns % 1000000000)};
    proto_item_set_generated(proto_tree_add_time(tree_of(b), hf, b->tvb, 0, 0, &time));
}

static void add_expert(branch *b, plato_expert_id id)
{
    proto_tree_add_expert(tree_of(b), b->pinfo, plato_expert(id), b->tvb, 0, 0);
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

static void show_gap(branch *b, const analysis_verdict *verdict)
{
    const uint64_t count = verdict->gap_last - verdict->gap_first + 1;
    proto_tree_add_expert_format(tree_of(b), b->pinfo, plato_expert(EXPERT_GAP), b->tvb, 0, 0,
                                 "The sender skipped %" PRIu64 " id%s: %" PRIu64 "..%" PRIu64,
                                 count, count == 1 ? "" : "s", verdict->gap_first,
                                 verdict->gap_last);
    add_number(b, hf_gap_first, verdict->gap_first);
    add_number(b, hf_gap_last, verdict->gap_last);
    add_number(b, hf_gap_count, count);
}

static void show_times(branch *b, const analysis_verdict *verdict)
{
    if (verdict->flags & ANALYSIS_HAS_RESPONSE_TIME) {
        add_frame_number(b, hf_response_to, verdict->response_to);
        add_time(b, hf_response_time, verdict->response_time_ns);
    }
    /* where the PUSH came first, only later frames have told */
    if (verdict->flags & ANALYSIS_HAS_DELIVERY_TIME) {
        add_frame_number(b, hf_delivery_of, verdict->delivery_of);
        add_time(b, hf_delivery_time, verdict->delivery_time_ns);
    }
}

/* What only later frames can tell is shown on later passes alone, so that all modes agree. */
static void show_later(branch *b, const frame_judgement *judgement)
{
    const analysis_verdict *verdict = judgement->verdict;
    if (!PINFO_FD_VISITED(b->pinfo))
        return;
    add_frame_number(b, hf_response_in, verdict->response_in);
    for (const analysis_record *push = verdict->delivered_in; push != NULL;
         push = analysis_record_next_delivery(push))
        add_frame_number(b, hf_delivered_in, analysis_record_number(push));
    add_frame_number(b, hf_next_conn, verdict->next_conn);
    if (judgement->unacked)
        add_expert(b, EXPERT_UNACKED);
}

void plato_show_verdict(const frame_facts *facts, const frame_judgement *judgement, tvbuff_t *tvb,
                        packet_info *pinfo, proto_tree *tree)
{
    const analysis_verdict *verdict = judgement->verdict;
    branch b = {tvb, pinfo, tree, NULL};
    proto_item_set_generated(proto_tree_add_uint(tree, hf_stream, tvb, 0, 0, judgement->stream));
    if (facts->capture_gap)
        add_expert(&b, EXPERT_CAPTURE_GAP);
    if (verdict == NULL)
        return;
    if (verdict->flags & ANALYSIS_GAP)
        show_gap(&b, verdict);
    for (size_t i = 0; i < array_length(plain_flags); i++) {
        if (verdict->flags & plain_flags[i].flag)
            add_expert(&b, plain_flags[i].expert);
    }
    add_frame_number(&b, hf_duplicate_of, verdict->duplicate_of);
    add_frame_number(&b, hf_gap_in, verdict->gap_in);
    show_times(&b, verdict);
    add_frame_number(&b, hf_prev_conn, verdict->prev_conn);
    show_later(&b, judgement);
}

#define FRAME_FIELD(hf, name, filter, kind)                                                        \
    {                                                                                              \
        &hf,                                                                                       \
        {                                                                                          \
            name, filter, FT_FRAMENUM, BASE_NONE, kind, 0x0, NULL, HFILL                           \
        }                                                                                          \
    }
#define NUMBER_FIELD(hf, name, filter)                                                             \
    {                                                                                              \
        &hf,                                                                                       \
        {                                                                                          \
            name, filter, FT_UINT64, BASE_DEC, NULL, 0x0, NULL, HFILL                              \
        }                                                                                          \
    }
#define TIME_FIELD(hf, name, filter)                                                               \
    {                                                                                              \
        &hf,                                                                                       \
        {                                                                                          \
            name, filter, FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0, NULL, HFILL                      \
        }                                                                                          \
    }

void plato_register_verdict(int proto)
{
    static hf_register_info hf[] = {
        {&hf_stream, {"Stream", "plato.stream", FT_UINT32, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        FRAME_FIELD(hf_response_in, "Response in", "plato.response_in",
                    FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE)),
        FRAME_FIELD(hf_response_to, "Response to", "plato.response_to",
                    FRAMENUM_TYPE(FT_FRAMENUM_REQUEST)),
        TIME_FIELD(hf_response_time, "Response time", "plato.response_time"),
        NUMBER_FIELD(hf_gap_first, "First id missing", "plato.analysis.gap.first"),
        NUMBER_FIELD(hf_gap_last, "Last id missing", "plato.analysis.gap.last"),
        NUMBER_FIELD(hf_gap_count, "Ids missing", "plato.analysis.gap.count"),
        FRAME_FIELD(hf_gap_in, "Gap reported in", "plato.analysis.gap_filled.gap_in", NULL),
        FRAME_FIELD(hf_duplicate_of, "Repeat of", "plato.analysis.duplicate_of",
                    FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV)),
        FRAME_FIELD(hf_delivery_of, "Delivery of", "plato.delivery_of", NULL),
        FRAME_FIELD(hf_delivered_in, "Delivered in", "plato.delivered_in", NULL),
        TIME_FIELD(hf_delivery_time, "Delivery time", "plato.delivery_time"),
        FRAME_FIELD(hf_prev_conn, "Resumes the connection opened in", "plato.prev_conn", NULL),
        FRAME_FIELD(hf_next_conn, "Resumed in", "plato.next_conn", NULL),
    };
    static int *ett[] = {&ett_analysis};
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
