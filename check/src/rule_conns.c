/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about a connection: how it begins, what is answered, how it ends. */
#include "rules.h"

RULE_FRAME(check_rule_login_first)
{
    (void)capture;
    const check_conn *conn = frame->conn;
    if (!frame->upstream || conn->frames[DIR_UP] > 0)
        return;
    if (!conn->start_captured || conn->lost[DIR_UP] > 0) {
        check_unsure(rule, frame, "what this connection begins with was not captured");
        return;
    }
    if (frame->head == NULL) {
        check_unsure(rule, frame, "the connection's first frame cannot be read");
        return;
    }
    rule->judged++;
    const uint32_t type = frame->head->msg_type;
    if (type != PLATO_LOGIN && type != PLATO_RECONN)
        check_broken(rule, frame, "the connection begins with %s", check_type_name(type));
}

/* Types that a server serves after a login only. */
RULE_FRAME(check_rule_login_gate)
{
    (void)capture;
    const check_conn *conn = frame->conn;
    if (frame->head == NULL || frame->upstream || conn->logged_in)
        return;
    const uint32_t type = frame->head->msg_type;
    const plato_head_ack *ack = &frame->head->ack;
    const bool serves =
        type == PLATO_PUSH || (type == PLATO_ACK && ack->code == PLATO_ACK_OK &&
                               ack->type != PLATO_LOGIN && ack->type != PLATO_RECONN);
    if (!serves) {
        rule->judged += type == PLATO_ACK;
        return;
    }
    if (!conn->start_captured || conn->lost[DIR_DOWN] > 0) {
        check_unsure(rule, frame, "whether the client is logged in was not captured");
        return;
    }
    rule->judged++;
    check_broken(rule, frame, "%s%s in front of an accepted LOGIN or RECONN", check_type_name(type),
                 type == PLATO_ACK ? " with code 0" : "");
}

/* ---- requests that are answered by count ---- */

RULE_FRAME(check_rule_answers)
{
    (void)capture;
    if (frame->head != NULL && frame->head->msg_type == rule->rule->detail && frame->upstream)
        rule->judged++;
}

static void judge_open_request(const check_capture *capture, check_instance *rule,
                               const check_conn *conn, const open_request *request)
{
    const int64_t grace = (int64_t)rule->param[0];
    const int64_t closed = check_closed_by(capture, conn, true);
    const char *name = check_type_name((uint32_t)rule->rule->detail);
    if (capture->last_ns - request->time_ns <= grace)
        return;
    if (closed != NEVER && closed - request->time_ns <= grace)
        return; /* the client went before there was an answer */
    if (conn->lost[DIR_DOWN] != request->lost || check_has_hole(capture, conn, false))
        check_unsure_at(rule, request->packet, conn->stream,
                        "%s has no ACK, but bytes that may hold it are missing from the capture",
                        name);
    else
        check_broken_at(rule, request->packet, conn->stream, "%s was never acknowledged", name);
}

RULE_END(check_rule_answers_end)
{
    for (guint i = 0; i < capture->conns->len; i++) {
        const check_conn *conn = g_ptr_array_index(capture->conns, i);
        if (conn == NULL || conn->framing != PLATO_FRAMING_HEADER)
            continue;
        for (const GList *l = conn->requests[rule->rule->detail].head; l != NULL; l = l->next)
            judge_open_request(capture, rule, conn, (const open_request *)l->data);
    }
}

/* Whether the request that an ACK names may have come before what was captured. */
static bool may_be_unseen(const check_frame *frame, int direction)
{
    return !frame->conn->start_captured || frame->client->lost[direction] > 0 ||
           !frame->client->whole;
}

static void no_request(check_instance *rule, const check_frame *frame, int direction)
{
    const char *name = check_type_name(frame->head->ack.type);
    if (may_be_unseen(frame, direction))
        check_unsure(rule, frame, "the ACK's %s was perhaps not captured", name);
    else
        check_broken(rule, frame, "there is no %s that this ACK answers", name);
}

static void judge_ack_of_push(check_capture *capture, check_instance *rule,
                              const check_frame *frame)
{
    const plato_head_ack *ack = &frame->head->ack;
    const down_sequence *down = check_down_sequence(capture, frame->client, ack->session_id);
    rule->judged++;
    if ((frame->flags & ANALYSIS_HAS_RESPONSE_TIME) != 0)
        return;
    if (!down->known || ack->msg_id > down->highest)
        no_request(rule, frame, DIR_DOWN);
}

RULE_FRAME(check_rule_ack_pairs)
{
    if (frame->head == NULL || frame->head->msg_type != PLATO_ACK)
        return;
    const plato_head_ack *ack = &frame->head->ack;
    if (frame->upstream) {
        if (ack->type == PLATO_PUSH)
            judge_ack_of_push(capture, rule, frame);
        return;
    }
    if (ack->code >= PLATO_ACK_MALFORMED && ack->code <= PLATO_ACK_TOO_LARGE)
        return; /* of a frame that could not be read, perhaps not here either */
    if (ack->code == PLATO_ACK_OVERLOADED)
        return; /* said to a connection that was not even heard */
    rule->judged++;
    switch (ack->type) {
    case PLATO_LOGIN:
    case PLATO_RECONN:
    case PLATO_HEARTBEAT:
        if (g_queue_is_empty(&frame->conn->requests[ack->type]))
            no_request(rule, frame, DIR_UP);
        break;
    case PLATO_SYNC: {
        bool found = false;
        for (const GList *l = frame->conn->requests[PLATO_SYNC].head; l != NULL; l = l->next)
            found = found || ((const open_request *)l->data)->session_id == ack->session_id;
        if (!found)
            no_request(rule, frame, DIR_UP);
        break;
    }
    case PLATO_UP:
        if ((frame->flags & ANALYSIS_HAS_RESPONSE_TIME) == 0 &&
            ack->code != PLATO_ACK_OUT_OF_ORDER && ack->code != PLATO_ACK_RATE_LIMITED)
            no_request(rule, frame, DIR_UP);
        break;
    default:
        if (ack->code == PLATO_ACK_OK)
            check_broken(rule, frame, "%s is never acknowledged by a server",
                         check_type_name(ack->type));
        break;
    }
}

/* ---- conn_ids ---- */

static bool is_login_ack(const check_frame *frame)
{
    return frame->head != NULL && !frame->upstream && frame->head->msg_type == PLATO_ACK &&
           (frame->head->ack.type == PLATO_LOGIN || frame->head->ack.type == PLATO_RECONN);
}

RULE_FRAME(check_rule_conn_ids)
{
    if (!is_login_ack(frame) || frame->head->ack.code != PLATO_ACK_OK)
        return;
    const uint64_t conn_id = frame->head->ack.conn_id;
    const issued_conn_id *issued = check_find_conn_id(capture, frame->conn, conn_id);
    rule->judged++;
    if (issued != NULL &&
        (issued->stream != frame->conn->stream || issued->client != frame->client))
        check_broken(rule, frame, "conn_id %" PRIu64 " was given before, in packet %u", conn_id,
                     issued->packet);
}

/* When its connection ended, or said something last. */
static int64_t end_of(const check_capture *capture, const check_conn *conn)
{
    int64_t end = MAX(conn->last_ns[DIR_UP], conn->last_ns[DIR_DOWN]);
    for (int client = 0; client < 2; client++)
        end = MAX(end, check_closed_by(capture, conn, client == 1));
    return end;
}

RULE_FRAME(check_rule_state_kept)
{
    if (!is_login_ack(frame) || frame->head->ack.type != PLATO_RECONN)
        return;
    const open_request *reconn = g_queue_peek_head(&frame->conn->requests[PLATO_RECONN]);
    const issued_conn_id *issued =
        reconn != NULL ? check_find_conn_id(capture, frame->conn, reconn->conn_id) : NULL;
    /* when the device has been given another one since, this one need not be good any more */
    if (issued == NULL || issued->client->conn_id != reconn->conn_id)
        return;
    rule->judged++;
    const int64_t ended = end_of(capture, g_ptr_array_index(capture->conns, issued->stream));
    if (frame->head->ack.code != PLATO_ACK_UNKNOWN_CONN ||
        frame->time_ns - ended > (int64_t)rule->param[0])
        return;
    char *time = check_time_text(frame->time_ns - ended);
    check_broken(rule, frame,
                 "conn_id %" PRIu64 ", given in packet %u, is forgotten %s after its connection",
                 reconn->conn_id, issued->packet, time);
    g_free(time);
}

/* ---- the server closes ---- */

RULE_FRAME(check_rule_close)
{
    (void)capture;
    const check_conn *conn = frame->conn;
    if (conn->fatal_packet == 0 || frame->upstream)
        return;
    check_broken(rule, frame, "the server goes on behind its ACK of code %u in packet %u",
                 conn->fatal_code, conn->fatal_packet);
}

RULE_END(check_rule_close_end)
{
    for (guint i = 0; i < capture->conns->len; i++) {
        const check_conn *conn = g_ptr_array_index(capture->conns, i);
        if (conn == NULL || conn->fatal_packet == 0 || conn->framing != PLATO_FRAMING_HEADER)
            continue;
        rule->judged++;
        const int64_t limit = conn->fatal_ns + (int64_t)rule->param[0];
        const int64_t server = check_closed_by(capture, conn, false);
        const int64_t client = check_closed_by(capture, conn, true);
        if ((server != NEVER && server <= limit) || (client != NEVER && client <= limit))
            continue;
        if (server != NEVER && server > limit)
            check_broken_at(rule, conn->fatal_packet, conn->stream,
                            "code %u, and the server closes too late", conn->fatal_code);
        else if (capture->last_ns <= limit || !conn->start_captured ||
                 check_tcp_state_of(capture, conn) == NULL ||
                 check_has_hole(capture, conn, false) || check_may_have_closed(capture, conn))
            check_unsure_at(rule, conn->fatal_packet, conn->stream,
                            "code %u, and the capture does not show whether the server closes",
                            conn->fatal_code);
        else
            check_broken_at(rule, conn->fatal_packet, conn->stream,
                            "code %u, and the server does not close", conn->fatal_code);
    }
}
