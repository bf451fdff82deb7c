/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds the analysis on the first pass, and asks it for verdicts on every one. */
#include "plato/pdu/analysis_feed.h"

#include "plato/pdu/analysis_store.h"

/* One instance for each capture file. */
static plato_analysis *analysis;

static void *file_alloc(void *user _U_, size_t size)
{
    return wmem_alloc(wmem_file_scope(), size);
}

static void *file_resize(void *user _U_, void *ptr, size_t size)
{
    return wmem_realloc(wmem_file_scope(), ptr, size);
}

/* Everything goes with the file at once. */
static void file_release(void *user _U_, void *ptr _U_)
{
}

static plato_analysis *analysis_of_file(void)
{
    static const plato_allocator allocator = {NULL, file_alloc, file_resize, file_release};
    const plato_analysis_config config = {
        (int64_t)plato_pref.slow_response_ms * 1000000,
        (int64_t)plato_pref.heartbeat_interval_s * 1000000000,
    };
    if (analysis == NULL)
        analysis = plato_analysis_new(&config, &allocator);
    return analysis;
}

static void forget_file(void)
{
    judged_clear();
    plato_analysis_free(analysis);
    analysis = NULL;
}

/* A bad CRC, a malformed head, an impossible or damaged length: shown, but no evidence. */
static bool is_evidence(const frame_facts *facts)
{
    return plato_pref.analyze && facts->decoded && facts->length_error == PLATO_OK &&
           !facts->shortened && facts->head_error == PLATO_OK &&
           facts->crc.status != PROTO_CHECKSUM_E_BAD &&
           facts->frame.var_head.n == facts->frame.var_head_len;
}

static plato_direction direction_of(bool upstream)
{
    return upstream ? PLATO_UPSTREAM : PLATO_DOWNSTREAM;
}

/* What the snaplen cut off cannot be compared: then contents are equal if their lengths are. */
static void describe_content(const frame_facts *facts, plato_observation *observation)
{
    observation->content_len = facts->complete ? (uint32_t)facts->content.n : facts->frame.msg_len;
    observation->content_digest = facts->complete ? plato_analysis_digest(facts->content) : 0;
}

static const plato_judged *feed(plato_analysis *a, packet_info *pinfo,
                                const plato_conversation *conversation, const frame_facts *facts,
                                bool upstream)
{
    plato_observation observation = {
        .number = pinfo->num,
        .connection = conversation->stream,
        .direction = direction_of(upstream),
        .framing = facts->frame.framing,
        .time_ns = plato_time_of(pinfo),
        .head = &facts->head,
    };
    describe_content(facts, &observation);
    return plato_analysis_frame(a, &observation);
}

/* A frame that is seen for the first time; NULL if its turn is over. */
static const judged_frame *judge_new(packet_info *pinfo, plato_conversation *conversation,
                                     const frame_facts *facts, bool upstream)
{
    judged_frame *frame = judged_add(pinfo->num, (uint32_t)facts->position);
    if (frame == NULL)
        return NULL;
    plato_analysis *a = analysis_of_file();
    if (is_evidence(facts))
        frame->judged = feed(a, pinfo, conversation, facts, upstream);
    const plato_identity identity = plato_analysis_identity(a, conversation->stream);
    conversation->identity = judged_keep_identity(identity, conversation->identity);
    frame->identity = conversation->identity;
    return frame;
}

static void look_up_verdict(packet_info *pinfo, const plato_judged *judged,
                            frame_judgement *judgement)
{
    plato_verdict *verdict = wmem_new(pinfo->pool, plato_verdict);
    *verdict = plato_analysis_verdict(analysis, judged);
    judgement->judged = judged;
    judgement->verdict = verdict;
    judgement->flags = verdict->flags & ~verdict->later_flags;
    if (PINFO_FD_VISITED(pinfo))
        judgement->unacked = plato_analysis_unacked(analysis, judged);
}

frame_judgement plato_judge_frame(packet_info *pinfo, plato_conversation *conversation,
                                  const frame_facts *facts)
{
    const bool upstream = plato_is_upstream(pinfo, conversation, facts->position,
                                            facts->decoded ? &facts->head : NULL);
    frame_judgement judgement = {.upstream = upstream};
    plato_number_stream(conversation);
    judgement.stream = conversation->stream;
    if (!plato_pref.analyze)
        return judgement;
    const judged_frame *frame = PINFO_FD_VISITED(pinfo)
                                    ? judged_find(pinfo->num, (uint32_t)facts->position)
                                    : judge_new(pinfo, conversation, facts, upstream);
    if (frame == NULL)
        return judgement;
    const plato_identity identity = judged_identity(frame->identity);
    judgement.device_id = identity.device_id;
    judgement.conn_id = identity.conn_id;
    if (frame->judged != NULL)
        look_up_verdict(pinfo, frame->judged, &judgement);
    return judgement;
}

bool plato_judge_unacked(const plato_judged *judged)
{
    return plato_analysis_unacked(analysis, judged);
}

plato_verdict plato_judge_again(const plato_judged *judged)
{
    return plato_analysis_verdict(analysis, judged);
}

void plato_judge_loss(packet_info *pinfo, plato_conversation *conversation)
{
    if (!plato_pref.analyze || !conversation->has_stream)
        return;
    const bool upstream = plato_side_of(pinfo) == conversation->client_side;
    plato_analysis_loss(analysis_of_file(), conversation->stream, direction_of(upstream),
                        pinfo->num);
}

void plato_register_judge(void)
{
    register_cleanup_routine(forget_file);
}
