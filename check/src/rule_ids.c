/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about client_id and msg_id: what is counted, accepted, delivered and acknowledged. */
#include "rules.h"

static bool is_type(const check_frame *frame, plato_msg_type type)
{
    return frame->head != NULL && frame->head->msg_type == (uint32_t)type;
}

/* An ACK of UP with code 0, from the server. */
static bool is_acceptance(const check_frame *frame)
{
    return is_type(frame, PLATO_ACK) && !frame->upstream && frame->head->ack.type == PLATO_UP &&
           frame->head->ack.code == PLATO_ACK_OK;
}

/* ---- from client to server ---- */

/* Whether the bytes that were missing before this frame came, and no id is missing with them. */
static bool came_late(const check_frame *frame)
{
    const analysis_verdict *verdict = frame->record->verdict;
    return verdict != NULL && (verdict->withdrawn_flags & ANALYSIS_CAPTURE_GAP) != 0 &&
           (verdict->flags & ANALYSIS_GAP) == 0;
}

RULE_FRAME(check_rule_client_ids)
{
    if (!is_type(frame, PLATO_UP))
        return;
    const plato_head_up *up = &frame->head->up;
    const up_sequence *sequence = check_up_sequence(capture, frame->client, up->session_id);
    rule->judged++;
    if (up->client_id == 0) {
        check_broken(rule, frame, "client_id is 0");
        return;
    }
    if (!sequence->known) {
        if (up->client_id == 1 || came_late(frame))
            return;
        if (rule->param[0] != 0 && frame->client->whole && frame->client->lost[DIR_UP] == 0)
            check_broken(rule, frame, "the first client_id is %" PRIu64, up->client_id);
        else
            check_unsure(rule, frame,
                         "the first client_id here is %" PRIu64
                         "; the device may have sent others before",
                         up->client_id);
        return;
    }
    if (up->client_id <= sequence->highest + 1 || came_late(frame))
        return;
    if (frame->client->lost[DIR_UP] != sequence->lost)
        check_unsure(rule, frame,
                     "client_id %" PRIu64 " behind %" PRIu64 ", but the capture lacks bytes",
                     up->client_id, sequence->highest);
    else
        check_broken(rule, frame, "client_id %" PRIu64 " behind %" PRIu64, up->client_id,
                     sequence->highest);
}

RULE_FRAME(check_rule_window)
{
    if (!is_type(frame, PLATO_UP))
        return;
    const plato_head_up *up = &frame->head->up;
    const up_sequence *sequence = check_up_sequence(capture, frame->client, up->session_id);
    rule->judged++;
    uint64_t open = 1;
    if (sequence->open != NULL) {
        open = g_hash_table_size(sequence->open);
        if (g_hash_table_contains(sequence->open, &up->client_id))
            return; /* a repeat opens nothing */
        open++;
    }
    if (sequence->accepted_known && up->client_id <= sequence->accepted)
        return;
    if ((int64_t)open > rule->extreme)
        rule->extreme = (int64_t)open;
    if (open <= rule->param[0])
        return;
    if (frame->client->lost[DIR_DOWN] != sequence->window_lost ||
        check_has_hole(capture, frame->conn, false))
        check_unsure(rule, frame, "%" PRIu64 " messages without ACK, but the capture lacks bytes",
                     open);
    else
        check_broken(rule, frame, "%" PRIu64 " messages without ACK", open);
}

RULE_FRAME(check_rule_reconnect_ids)
{
    if (!is_type(frame, PLATO_UP))
        return;
    const plato_head_up *up = &frame->head->up;
    const up_sequence *sequence = check_up_sequence(capture, frame->client, up->session_id);
    if (!sequence->known || sequence->stream == frame->conn->stream)
        return;
    rule->judged++;
    if (frame->client->lost[DIR_UP] != sequence->lost)
        check_unsure(rule, frame, "bytes in front of it are missing from the capture");
    else if (up->client_id > sequence->highest + 1)
        check_broken(rule, frame,
                     "the new connection goes on at client_id %" PRIu64 " behind %" PRIu64,
                     up->client_id, sequence->highest);
    else if (up->client_id <= sequence->highest && (frame->flags & ANALYSIS_CONFLICT) != 0)
        check_broken(rule, frame,
                     "the new connection uses client_id %" PRIu64 " again for another message",
                     up->client_id);
}

RULE_FRAME(check_rule_accept_order)
{
    if (!is_type(frame, PLATO_ACK) || frame->upstream || frame->head->ack.type != PLATO_UP)
        return;
    const plato_head_ack *ack = &frame->head->ack;
    if (ack->code != PLATO_ACK_OK && ack->code != PLATO_ACK_OUT_OF_ORDER)
        return;
    const up_sequence *sequence = check_up_sequence(capture, frame->client, ack->session_id);
    rule->judged++;
    if (!sequence->accepted_known)
        return;
    const bool lost = frame->client->lost[DIR_DOWN] != sequence->accepted_lost;
    const uint64_t expected = sequence->accepted + 1;
    if (ack->code == PLATO_ACK_OUT_OF_ORDER ? ack->client_id == expected
                                            : ack->client_id <= expected)
        return;
    if (lost)
        check_unsure(rule, frame, "bytes in front of it are missing from the capture");
    else if (ack->code == PLATO_ACK_OUT_OF_ORDER)
        check_broken(rule, frame,
                     "OUT_OF_ORDER expects client_id %" PRIu64 ", but %" PRIu64
                     " was accepted last",
                     ack->client_id, sequence->accepted);
    else
        check_broken(rule, frame, "client_id %" PRIu64 " is accepted behind %" PRIu64,
                     ack->client_id, sequence->accepted);
}

RULE_FRAME(check_rule_same_msg_id)
{
    if (!is_acceptance(frame))
        return;
    const plato_head_ack *ack = &frame->head->ack;
    const uint64_t key[4] = {frame->client->key[0], frame->client->key[1], ack->session_id,
                             ack->client_id};
    const cache_entry *stored = check_cache_find(&capture->accepted_ups, key);
    if (stored == NULL)
        return;
    rule->judged++;
    if (stored->value[0] != ack->msg_id)
        check_broken(rule, frame, "msg_id %" PRIu64 ", but %" PRIu64 " in packet %" PRIu64,
                     ack->msg_id, stored->value[0], stored->value[1]);
}

/* ---- msg_id ---- */

static void judge_given(const check_capture *capture, check_instance *rule,
                        const check_frame *frame)
{
    const plato_head_ack *ack = &frame->head->ack;
    const uint64_t key[4] = {ack->session_id, ack->msg_id, 0, 0};
    const cache_entry *assigned = check_cache_find(&capture->assigned, key);
    if (assigned == NULL)
        return;
    if (assigned->value[0] != frame->client->key[0] ||
        assigned->value[1] != frame->client->key[1]) {
        if (frame->client->device_id != 0 && assigned->value[0] == 1)
            check_broken(rule, frame,
                         "msg_id %" PRIu64
                         " was given to another device's message in packet %" PRIu64,
                         ack->msg_id, assigned->value[3]);
    } else if (assigned->value[2] != ack->client_id) {
        check_broken(rule, frame,
                     "msg_id %" PRIu64 " was given to client_id %" PRIu64 " in packet %" PRIu64,
                     ack->msg_id, assigned->value[2], assigned->value[3]);
    }
}

RULE_FRAME(check_rule_msg_ids)
{
    if (!is_acceptance(frame))
        return;
    const plato_head_ack *ack = &frame->head->ack;
    const up_sequence *sequence = check_up_sequence(capture, frame->client, ack->session_id);
    rule->judged++;
    judge_given(capture, rule, frame);
    if (sequence->accepted_known && ack->client_id > sequence->accepted &&
        ack->msg_id <= sequence->accepted_msg)
        check_broken(rule, frame,
                     "msg_id %" PRIu64 " for client_id %" PRIu64 ", but %" PRIu64
                     " for the earlier %" PRIu64,
                     ack->msg_id, ack->client_id, sequence->accepted_msg, sequence->accepted);
}

RULE_FRAME(check_rule_no_echo)
{
    if (!is_type(frame, PLATO_PUSH))
        return;
    const plato_head_push *push = &frame->head->push;
    const down_sequence *sequence = check_down_sequence(capture, frame->client, push->session_id);
    rule->judged++;
    if (check_idset_has(&sequence->own, push->msg_id))
        check_broken(rule, frame, "msg_id %" PRIu64 " is pushed to the device that sent it",
                     push->msg_id);
}

/* ---- from server to client ---- */

/* The ids that were seen and not acknowledged since: there may be more, never fewer. */
RULE_FRAME(check_rule_push_window)
{
    if (!is_type(frame, PLATO_PUSH))
        return;
    const plato_head_push *push = &frame->head->push;
    const down_sequence *sequence = check_down_sequence(capture, frame->client, push->session_id);
    const uint64_t acked = sequence->has_acked ? sequence->acked : 0;
    if (push->msg_id <= acked || check_idset_has(&sequence->waiting, push->msg_id) ||
        check_sync_of(frame->conn, push->session_id, push->msg_id) != NULL)
        return; /* what is sent again, or asked for */
    rule->judged++;
    const uint64_t open = check_idset_above(&sequence->waiting, acked) + 1;
    if (open <= rule->param[0])
        return;
    if (frame->client->lost[DIR_UP] > 0 || check_has_hole(capture, frame->conn, true))
        check_unsure(rule, frame, "%" PRIu64 " messages without ACK, but the capture lacks bytes",
                     open);
    else
        check_broken(rule, frame, "%" PRIu64 " messages without ACK", open);
}

RULE_FRAME(check_rule_push_ack)
{
    if (!is_type(frame, PLATO_ACK) || !frame->upstream || frame->head->ack.type != PLATO_PUSH ||
        frame->head->ack.code != PLATO_ACK_OK)
        return;
    const plato_head_ack *ack = &frame->head->ack;
    const down_sequence *sequence = check_down_sequence(capture, frame->client, ack->session_id);
    idrange hole;
    if (!sequence->known || ack->msg_id < sequence->base)
        return;
    rule->judged++;
    uint64_t first = sequence->base;
    if (sequence->has_acked && sequence->acked >= first)
        first = sequence->acked + 1;
    const uint64_t last = MIN(ack->msg_id, sequence->highest);
    if (first > last || !check_idset_hole(&sequence->seen, first, last, &hole))
        return;
    if (frame->client->lost[DIR_DOWN] > 0 || !frame->client->whole)
        check_unsure(rule, frame,
                     "covers %" PRIu64 "..%" PRIu64
                     ", which may be among the bytes that the capture lacks",
                     hole.first, hole.last);
    else
        check_broken(rule, frame, "covers %" PRIu64 "..%" PRIu64 ", which did not come", hole.first,
                     hole.last);
}

/* The lowest pushed id above what is acknowledged. */
static bool waits_for_ack(const down_sequence *sequence, uint64_t below, uint64_t *id)
{
    for (uint64_t i = sequence->acked + 1; i < below && i - sequence->acked <= IDSET_RANGES_MAX;
         i++) {
        if (check_idset_has(&sequence->pushed, i)) {
            *id = i;
            return true;
        }
    }
    return false;
}

RULE_FRAME(check_rule_resume)
{
    if (!is_type(frame, PLATO_PUSH))
        return;
    const plato_head_push *push = &frame->head->push;
    const check_conn *conn = frame->conn;
    const down_sequence *sequence = check_down_sequence(capture, frame->client, push->session_id);
    uint64_t waits;
    if (!sequence->known || sequence->highest == 0 || conn->opened_ns == NEVER ||
        (sequence->push_stream == conn->stream && sequence->push_epoch == conn->epoch) ||
        check_sync_of(conn, push->session_id, push->msg_id) != NULL ||
        !check_idset_lowest(&sequence->pushed, &waits))
        return;
    rule->judged++;
    if (frame->client->lost[DIR_UP] > 0 || frame->client->lost[DIR_DOWN] > 0) {
        check_unsure(rule, frame, "bytes of this device are missing from the capture");
    } else if (sequence->has_acked && push->msg_id <= sequence->acked) {
        /* an ACK that was on its way when the connection broke need not have arrived */
        if (push->msg_id <= sequence->arrived &&
            sequence->arrived_ns + (int64_t)rule->param[0] < conn->opened_ns)
            check_broken(rule, frame,
                         "begins at msg_id %" PRIu64 ", but %" PRIu64
                         " was acknowledged in packet %u",
                         push->msg_id, sequence->arrived, sequence->arrived_packet);
    } else if (sequence->has_acked && waits_for_ack(sequence, push->msg_id, &waits)) {
        check_broken(rule, frame,
                     "begins at msg_id %" PRIu64 ", but %" PRIu64 " is not acknowledged",
                     push->msg_id, waits);
    }
}

static bool conn_lost_since(const check_frame *frame, const open_request *request)
{
    return frame->conn->lost[DIR_DOWN] != request->lost;
}

/* At the ACK of a SYNC: every message of the range that is known to exist was pushed, or is the
 * client's own. */
RULE_FRAME(check_rule_sync_complete)
{
    if (!is_type(frame, PLATO_ACK) || frame->upstream || frame->head->ack.type != PLATO_SYNC ||
        frame->head->ack.code != PLATO_ACK_OK)
        return;
    const plato_head_ack *ack = &frame->head->ack;
    const open_request *sync = NULL;
    for (const GList *l = frame->conn->requests[PLATO_SYNC].head; l != NULL && sync == NULL;
         l = l->next) {
        if (((const open_request *)l->data)->session_id == ack->session_id)
            sync = (const open_request *)l->data;
    }
    if (sync == NULL)
        return;
    rule->judged++;
    const session_state *session = check_session(capture, ack->session_id);
    const down_sequence *sequence = check_down_sequence(capture, frame->client, ack->session_id);
    uint64_t last = MIN(sync->to, session->highest);
    if (ack->msg_id != 0 && ack->msg_id < last)
        last = ack->msg_id; /* the server says how far it went */
    for (uint64_t id = sync->from; id <= last && id - sync->from < IDSET_RANGES_MAX; id++) {
        if (check_idset_has(&sync->pushed, id) || check_idset_has(&sequence->own, id))
            continue;
        if (conn_lost_since(frame, sync))
            check_unsure(rule, frame, "bytes of the answer are missing from the capture");
        else if (check_idset_has(&session->pushed, id))
            check_broken(rule, frame, "the SYNC of packet %u is answered without msg_id %" PRIu64,
                         sync->packet, id);
        else
            check_unsure(rule, frame,
                         "the SYNC of packet %u is answered without msg_id %" PRIu64
                         ", which may be the client's own",
                         sync->packet, id);
        return;
    }
}
