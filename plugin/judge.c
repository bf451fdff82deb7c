/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds the analysis on the first pass and keeps its verdicts with their frames. */
#include "judge.h"

#include <string.h>

/* Key of proto data with file scope. */
#define KEY_JUDGED 2u

/* Kept with each frame, for the whole file. */
typedef struct judged_frame {
    const plato_verdict *verdict;
    uint64_t device_id;
    uint64_t conn_id;
    uint32_t flags; /* of the verdict, as known at once */
} judged_frame;

/* Kept with each packet: its frames by their ordinal. A list would be searched from its start. */
typedef struct judged_packet {
    judged_frame *frames;
    uint32_t count;
    uint32_t room;
} judged_packet;

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

/* FNV-1a: content is compared, not protected. */
static uint64_t digest(plato_span content)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < content.n; i++)
        hash = (hash ^ content.p[i]) * 0x100000001b3u;
    return hash;
}

static int64_t as_ns(const nstime_t *time)
{
    return (int64_t)time->secs * 1000000000 + time->nsecs;
}

static plato_direction direction_of(bool upstream)
{
    return upstream ? PLATO_UPSTREAM : PLATO_DOWNSTREAM;
}

/* What the snaplen cut off cannot be compared: then contents are equal if their lengths are. */
static void describe_content(const frame_facts *facts, plato_observation *observation)
{
    observation->content_len = facts->complete ? facts->content.n : facts->frame.msg_len;
    observation->content_digest = facts->complete ? digest(facts->content) : 0;
}

static void feed(packet_info *pinfo, const plato_conversation *conversation,
                 const frame_facts *facts, bool upstream, judged_frame *judged)
{
    plato_observation observation = {
        .number = pinfo->num,
        .connection = conversation->stream,
        .direction = direction_of(upstream),
        .framing = facts->frame.framing,
        .time_ns = as_ns(&pinfo->abs_ts),
        .head = &facts->head,
    };
    plato_analysis *a = analysis_of_file();
    describe_content(facts, &observation);
    if (is_evidence(facts))
        judged->verdict = plato_analysis_frame(a, &observation);
    if (judged->verdict != NULL)
        judged->flags = judged->verdict->flags;
    judged->device_id = plato_analysis_device(a, conversation->stream);
    judged->conn_id = plato_analysis_conn_id(a, conversation->stream);
}

static judged_packet *packet_of(packet_info *pinfo)
{
    judged_packet *packet = p_get_proto_data(wmem_file_scope(), pinfo, proto_plato, KEY_JUDGED);
    if (packet == NULL) {
        packet = wmem_new0(wmem_file_scope(), judged_packet);
        p_add_proto_data(wmem_file_scope(), pinfo, proto_plato, KEY_JUDGED, packet);
    }
    return packet;
}

static judged_frame *add_frame(judged_packet *packet)
{
    if (packet->count == packet->room) {
        packet->room = packet->room == 0 ? 1 : packet->room * 2;
        packet->frames =
            wmem_realloc(wmem_file_scope(), packet->frames, packet->room * sizeof *packet->frames);
    }
    judged_frame *frame = &packet->frames[packet->count++];
    memset(frame, 0, sizeof *frame);
    return frame;
}

frame_judgement plato_judge_frame(packet_info *pinfo, plato_conversation *conversation,
                                  const frame_facts *facts)
{
    const uint32_t ordinal = (uint32_t)facts->position;
    const bool upstream = plato_is_upstream(pinfo, conversation, facts->position,
                                            facts->decoded ? &facts->head : NULL);
    frame_judgement judgement = {.upstream = upstream};
    plato_number_stream(conversation);
    judgement.stream = conversation->stream;
    if (!plato_pref.analyze)
        return judgement;
    judged_packet *packet = packet_of(pinfo);
    if (!PINFO_FD_VISITED(pinfo) && ordinal == packet->count)
        feed(pinfo, conversation, facts, upstream, add_frame(packet));
    if (ordinal >= packet->count)
        return judgement;
    const judged_frame *judged = &packet->frames[ordinal];
    judgement.verdict = judged->verdict;
    judgement.flags = judged->flags;
    judgement.device_id = judged->device_id;
    judgement.conn_id = judged->conn_id;
    if (judged->verdict != NULL && PINFO_FD_VISITED(pinfo))
        judgement.unacked = plato_analysis_unacked(analysis, judged->verdict);
    return judgement;
}

bool plato_judge_unacked(const plato_verdict *verdict)
{
    return plato_analysis_unacked(analysis, verdict);
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
