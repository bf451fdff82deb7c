/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that look at each frame by itself, or at what the analysis said of it. */
#include "rules.h"

RULE_FRAME(check_rule_crc)
{
    (void)capture;
    const check_frame_record *facts = frame->record;
    if (facts->frame.framing != PLATO_FRAMING_HEADER || facts->length_error != PLATO_OK)
        return; /* the variant has none */
    if (facts->checksum == CHECK_CHECKSUM_GOOD) {
        rule->judged++;
    } else if (facts->checksum == CHECK_CHECKSUM_BAD) {
        rule->judged++;
        check_broken(rule, frame, "CRC 0x%08x is wrong", facts->frame.crc32);
    } else if (!facts->complete) {
        check_unsure(rule, frame, "the frame was not captured whole");
    } else {
        check_unsure(rule, frame, "the CRC was not computed by its sender, or not verified");
    }
}

/* What is wrong with a frame's form; NULL for nothing. */
static const char *form_error(const check_frame_record *facts)
{
    if (facts->length_error != PLATO_OK)
        return plato_err_name(facts->length_error);
    if (facts->shortened)
        return "its length is damaged: another frame begins inside";
    if (facts->head_error != PLATO_OK)
        return plato_err_name(facts->head_error);
    if (facts->body_error != PLATO_OK)
        return plato_err_name(facts->body_error);
    return NULL;
}

RULE_FRAME(check_rule_malformed)
{
    const char *error = form_error(frame->record);
    rule->judged++;
    if (error == NULL)
        return;
    /* after missing bytes any bytes may look like a length */
    if (frame->record->length_error != PLATO_OK &&
        (frame->record->capture_gap || check_has_hole(capture, frame->conn, frame->upstream)))
        check_unsure(rule, frame, "%s, but the capture lacks bytes in front of it", error);
    else
        check_broken(rule, frame, "%s", error);
}

/* Then the type or the version may be what is damaged. */
static bool is_damaged(const check_frame_record *facts)
{
    return facts->checksum == CHECK_CHECKSUM_BAD || facts->length_error != PLATO_OK ||
           facts->shortened;
}

RULE_FRAME(check_rule_types)
{
    (void)capture;
    const uint32_t type = frame->record->frame.msg_type;
    if (frame->record->frame.framing != PLATO_FRAMING_HEADER && !frame->record->decoded)
        return;
    if (is_damaged(frame->record))
        return;
    rule->judged++;
    if (type < 64 && (rule->param[0] >> type & 1) != 0)
        return;
    if (plato_msg_type_name(type) != NULL)
        check_broken(rule, frame, "type %s is not allowed", plato_msg_type_name(type));
    else
        check_broken(rule, frame, "type %u is not allowed", type);
}

RULE_FRAME(check_rule_versions)
{
    (void)capture;
    if (is_damaged(frame->record))
        return;
    rule->judged++;
    const unsigned version = frame->record->frame.version;
    if (version >= 64 || (rule->param[0] >> version & 1) == 0)
        check_broken(rule, frame, "version %u is not allowed", version);
}

/* A verdict of the analysis that is a fault whenever it is said. */
RULE_FRAME(check_rule_flag)
{
    (void)capture;
    if (frame->head == NULL ||
        (frame->head->msg_type != PLATO_UP && frame->head->msg_type != PLATO_PUSH))
        return;
    rule->judged++;
    if ((frame->flags & rule->rule->detail) != 0)
        check_broken(rule, frame, "%s",
                     rule->rule->detail == ANALYSIS_CONFLICT
                         ? "this id was sent before with other content"
                         : "this id comes behind a higher one");
}

RULE_FRAME(check_rule_duplicates)
{
    (void)capture;
    if (frame->head == NULL ||
        (frame->head->msg_type != PLATO_UP && frame->head->msg_type != PLATO_PUSH))
        return;
    rule->judged++;
    if ((frame->flags & ANALYSIS_DUPLICATE) == 0)
        return;
    rule->tally[0]++;
    if (rule->tally[0] > rule->param[0])
        check_broken(rule, frame, "repeats frame %u", frame->record->verdict->duplicate_of);
}

RULE_END(check_rule_duplicates_end)
{
    (void)capture;
    rule->summary = g_strdup_printf("%" PRIu64 " repeats of %" PRIu64 " messages", rule->tally[0],
                                    rule->judged);
}

RULE_FRAME(check_rule_ack_codes)
{
    (void)capture;
    if (frame->head == NULL || frame->head->msg_type != PLATO_ACK)
        return;
    rule->judged++;
    const uint32_t code = frame->head->ack.code;
    if (code < 64 && (rule->param[0] >> code & 1) != 0)
        return;
    const char *name = plato_ack_code_name(code);
    check_broken(rule, frame, "code %u (%s) is not allowed", code,
                 name != NULL ? name : "not in this version of the protocol");
}

RULE_FRAME(check_rule_messages)
{
    (void)capture;
    if (frame->head == NULL || frame->head->msg_type >= 64 ||
        (rule->param[2] >> frame->head->msg_type & 1) == 0)
        return;
    rule->judged++;
}

RULE_END(check_rule_messages_end)
{
    rule->summary = g_strdup_printf("%" PRIu64 " frames", rule->judged);
    uint64_t lost = 0;
    for (guint i = 0; i < capture->conns->len; i++) {
        const check_conn *conn = g_ptr_array_index(capture->conns, i);
        if (conn != NULL)
            lost += conn->lost[DIR_UP] + conn->lost[DIR_DOWN] + !conn->start_captured;
    }
    if (rule->judged < rule->param[0]) {
        if (lost > 0)
            check_unsure(rule, NULL,
                         "%" PRIu64 " frames, %" PRIu64 " wanted; some were not captured",
                         rule->judged, rule->param[0]);
        else
            check_broken(rule, NULL, "%" PRIu64 " frames, at least %" PRIu64 " wanted",
                         rule->judged, rule->param[0]);
    } else if (rule->param[1] != 0 && rule->judged > rule->param[1]) {
        check_broken(rule, NULL, "%" PRIu64 " frames, at most %" PRIu64 " wanted", rule->judged,
                     rule->param[1]);
    }
}

RULE_FRAME(check_rule_capture)
{
    (void)capture;
    rule->judged++;
    if (frame->record->capture_gap)
        check_broken(rule, frame, "bytes in front of this frame are missing from the capture");
    else if (!frame->record->complete && frame->record->length_error == PLATO_OK)
        check_broken(rule, frame, "the frame was cut when it was captured");
}

RULE_END(check_rule_capture_end)
{
    for (guint i = 0; i < capture->conns->len; i++) {
        const check_conn *conn = g_ptr_array_index(capture->conns, i);
        if (conn == NULL)
            continue;
        if (!conn->start_captured)
            check_broken_at(rule, 0, conn->stream, "the connection's start was not captured");
        for (int client = 0; client < 2; client++) {
            const char *who = client == 1 ? "client" : "server";
            if (check_is_unseen(capture, conn, client == 1))
                check_broken_at(rule, 0, conn->stream, "nothing of the %s was captured", who);
            else if (check_has_hole(capture, conn, client == 1))
                check_broken_at(rule, 0, conn->stream, "the capture lacks bytes of the %s", who);
        }
    }
}

void check_rule_continuation(check_instance *rule, const check_bytes *bytes)
{
    rule->judged++;
    if (bytes->excused)
        check_unsure_at(rule, bytes->packet, bytes->stream,
                        "%u bytes belong to no frame, but the capture lacks what came before them",
                        bytes->count);
    else
        check_broken_at(rule, bytes->packet, bytes->stream, "%u bytes belong to no frame",
                        bytes->count);
}

/* The types that only one side sends, as bits. */
#define FROM_CLIENT                                                                                \
    (1u << PLATO_LOGIN | 1u << PLATO_HEARTBEAT | 1u << PLATO_RECONN | 1u << PLATO_UP |             \
     1u << PLATO_SYNC)

RULE_FRAME(check_rule_direction)
{
    (void)capture;
    if (frame->head == NULL || frame->head->msg_type > PLATO_SYNC)
        return;
    if (!frame->conn->start_captured)
        return; /* then the client is known by the types alone */
    rule->judged++;
    const uint32_t type = frame->head->msg_type;
    const uint32_t acked = type == PLATO_ACK ? frame->head->ack.type : 0;
    bool client = (FROM_CLIENT >> type & 1) != 0;
    if (type == PLATO_ACK) {
        if (acked > PLATO_SYNC || acked == PLATO_ACK)
            return;
        client = acked == PLATO_PUSH;
        if (frame->head->ack.code != PLATO_ACK_OK && !frame->upstream)
            return; /* whatever the client sent may be refused */
    }
    if (client != frame->upstream)
        check_broken(rule, frame, "%s%s%s comes from the %s", check_type_name(type),
                     type == PLATO_ACK ? " of " : "",
                     type == PLATO_ACK ? check_type_name(acked) : "",
                     frame->upstream ? "client" : "server");
}

enum { CONN_ID = 1 << 0, CLIENT_ID = 1 << 1, SESSION_ID = 1 << 2, MSG_ID = 1 << 3 };

/* What an ACK with code 0 has to carry, by the type that it acknowledges. */
static const struct {
    plato_msg_type type;
    unsigned fields;
} ack_fields[] = {
    {PLATO_LOGIN, CONN_ID},
    {PLATO_RECONN, CONN_ID},
    {PLATO_UP, CLIENT_ID | SESSION_ID | MSG_ID},
    {PLATO_PUSH, SESSION_ID | MSG_ID},
    {PLATO_SYNC, SESSION_ID},
};

/* The first field that it lacks; NULL if none. */
static const char *missing_field(const plato_head_ack *ack, unsigned fields)
{
    const struct {
        unsigned field;
        uint64_t value;
        const char *name;
    } rows[] = {
        {CONN_ID, ack->conn_id, "conn_id"},
        {CLIENT_ID, ack->client_id, "client_id"},
        {SESSION_ID, ack->session_id, "session_id"},
        {MSG_ID, ack->msg_id, "msg_id"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if ((fields & rows[i].field) != 0 && rows[i].value == 0)
            return rows[i].name;
    }
    return NULL;
}

RULE_FRAME(check_rule_ack_fields)
{
    (void)capture;
    if (frame->head == NULL || frame->head->msg_type != PLATO_ACK ||
        frame->head->ack.code != PLATO_ACK_OK)
        return;
    const plato_head_ack *ack = &frame->head->ack;
    for (size_t i = 0; i < G_N_ELEMENTS(ack_fields); i++) {
        if ((uint32_t)ack_fields[i].type != ack->type)
            continue;
        const char *name = missing_field(ack, ack_fields[i].fields);
        rule->judged++;
        if (name != NULL)
            check_broken(rule, frame, "the ACK of %s has no %s", check_type_name(ack->type), name);
    }
}

RULE_FRAME(check_rule_empty_bodies)
{
    (void)capture;
    const uint32_t empty =
        1u << PLATO_HEARTBEAT | 1u << PLATO_RECONN | 1u << PLATO_ACK | 1u << PLATO_SYNC;
    if (frame->head == NULL || frame->head->msg_type > PLATO_SYNC ||
        (empty >> frame->head->msg_type & 1) == 0)
        return;
    rule->judged++;
    if (frame->record->frame.msg_len != 0)
        check_broken(rule, frame, "%s has a body of %u bytes",
                     check_type_name(frame->head->msg_type), frame->record->frame.msg_len);
}

RULE_FRAME(check_rule_sync_range)
{
    (void)capture;
    if (frame->head == NULL || frame->head->msg_type != PLATO_SYNC)
        return;
    rule->judged++;
    const plato_head_sync *sync = &frame->head->sync;
    if (sync->session_id == 0)
        check_broken(rule, frame, "SYNC names no session");
    else if (sync->to_msg_id < sync->from_msg_id || sync->to_msg_id == 0)
        check_broken(rule, frame, "SYNC asks for %" PRIu64 "..%" PRIu64, sync->from_msg_id,
                     sync->to_msg_id);
}
