/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds the analysis on the first pass, and looks up its verdicts on every one. */
#include "plato/pdu/analysis_feed.h"

#include "plato/pdu/analysis_store.h"
#include "plato/pdu/pdu_fields.h"
#include "plato/pdu/prefs.h"

/* One instance for each capture file. */
static analysis_state *engine;

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

static analysis_state *engine_of_file(void)
{
    static const plato_allocator allocator = {NULL, file_alloc, file_resize, file_release};
    const analysis_config config = {
        (int64_t)plato_pref.slow_response_ms * 1000000,
        (int64_t)plato_pref.heartbeat_interval_s * 1000000000,
    };
    if (engine == NULL)
        engine = analysis_new(&config, &allocator);
    return engine;
}

static void reset(void)
{
    store_clear();
    analysis_free(engine);
    engine = NULL;
}

/* A bad CRC, a malformed head, an impossible or damaged length: shown, but no evidence. */
static bool is_evidence(const pdu_info *facts)
{
    return plato_pref.analyze && facts->decoded && facts->length_error == PLATO_OK &&
           !facts->shortened && facts->head_error == PLATO_OK &&
           facts->crc.status != STREAM_CHECKSUM_BAD && plato_pdu_head_is_whole(facts);
}

/* The snaplen cut off some of its head. */
static bool is_unread(const pdu_info *facts)
{
    return plato_pref.analyze && facts->length_error == PLATO_OK && !facts->shortened &&
           !facts->complete && !plato_pdu_head_is_whole(facts);
}

static analysis_direction direction_of(bool upstream)
{
    return upstream ? ANALYSIS_UPSTREAM : ANALYSIS_DOWNSTREAM;
}

/* What the snaplen cut off cannot be compared: then contents are equal if their lengths are. */
static void describe_content(const pdu_info *facts, analysis_observation *observation)
{
    observation->content_len = facts->complete ? (uint32_t)facts->content.n : facts->frame.msg_len;
    observation->content_digest = facts->complete ? analysis_digest(facts->content) : 0;
}

static const analysis_record *feed(analysis_state *a, const flow_packet *packet,
                                   const plato_conversation *conversation, const pdu_info *facts,
                                   bool upstream)
{
    analysis_observation observation = {
        .number = packet->number,
        .connection = conversation->stream,
        .direction = direction_of(upstream),
        .framing = facts->frame.framing,
        .time_ns = packet->time_ns,
        .head = &facts->head,
    };
    describe_content(facts, &observation);
    return analysis_frame(a, &observation);
}

/* A frame that is seen for the first time; NULL if its turn is over. */
static const stored_pdu *feed_new(const flow_packet *packet, plato_conversation *conversation,
                                  const pdu_info *facts, bool upstream)
{
    stored_pdu *frame = store_add((uint32_t)(facts->position >> 32), (uint32_t)facts->position);
    if (frame == NULL)
        return NULL;
    analysis_state *a = engine_of_file();
    if (is_evidence(facts))
        frame->handle = feed(a, packet, conversation, facts, upstream);
    else if (is_unread(facts)) /* its ids are not known */
        analysis_loss(a, conversation->stream, direction_of(upstream), packet->number);
    const analysis_identity identity = analysis_get_identity(a, conversation->stream);
    conversation->identity = store_keep_identity(identity, conversation->identity);
    frame->identity = conversation->identity;
    return frame;
}

static void lookup_verdict(wmem_allocator_t *scope, bool visited, const analysis_record *handle,
                           pdu_analysis *analysis)
{
    analysis_verdict *verdict = wmem_new(scope, analysis_verdict);
    *verdict = analysis_get_verdict(engine, handle);
    analysis->handle = handle;
    analysis->verdict = verdict;
    analysis->flags = verdict->flags & ~verdict->later_flags;
    if (visited) { /* what bytes that came late, or had to wait, have shown is known now */
        const uint32_t known = ANALYSIS_GAP | ANALYSIS_HAS_RESPONSE_TIME | ANALYSIS_SLOW_RESPONSE;
        analysis->flags =
            verdict->flags & ~verdict->withdrawn_flags & ~(verdict->later_flags & ~known);
    }
    if (visited)
        analysis->unacked = analysis_is_unacked(engine, handle);
}

pdu_analysis plato_analyze_pdu(wmem_allocator_t *scope, const flow_packet *packet,
                               plato_conversation *conversation, const pdu_info *facts)
{
    const bool upstream = plato_is_upstream(packet, conversation, facts->frame.framing,
                                            facts->decoded ? &facts->head : NULL);
    pdu_analysis analysis = {.upstream = upstream};
    plato_number_stream(conversation);
    analysis.stream = conversation->stream;
    if (!plato_pref.analyze)
        return analysis;
    const stored_pdu *frame =
        packet->visited ? store_find((uint32_t)(facts->position >> 32), (uint32_t)facts->position)
                        : feed_new(packet, conversation, facts, upstream);
    if (frame == NULL)
        return analysis;
    const analysis_identity identity = store_identity(frame->identity);
    analysis.device_id = identity.device_id;
    analysis.conn_id = identity.conn_id;
    if (frame->handle != NULL && scope != NULL)
        lookup_verdict(scope, packet->visited, frame->handle, &analysis);
    return analysis;
}

bool plato_is_unacked(const analysis_record *handle)
{
    return analysis_is_unacked(engine, handle);
}

analysis_verdict plato_current_verdict(const analysis_record *handle)
{
    return analysis_get_verdict(engine, handle);
}

uint32_t plato_report_unseen_segment(const flow_packet *packet, plato_conversation *conversation)
{
    if (!plato_pref.analyze || !conversation->has_stream)
        return 0;
    const bool upstream = packet->direction == conversation->client_direction;
    return analysis_loss(engine_of_file(), conversation->stream, direction_of(upstream),
                         packet->number);
}

void plato_report_late_segment(uint32_t loss)
{
    if (engine != NULL)
        analysis_loss_filled(engine, loss);
}

void plato_register_analysis_feed(void)
{
    register_cleanup_routine(reset);
}
