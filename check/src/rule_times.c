/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about time: what is answered, how fast, and what comes too early or too late. */
#include "rules.h"

/* ---- answers and their times ---- */

RULE_END(check_rule_unacked)
{
    const int64_t grace = (int64_t)rule->param[0];
    for (guint i = 0; i < capture->requests->len; i++) {
        const pending *p = &g_array_index(capture->requests, pending, i);
        const int answers = p->type == PLATO_UP ? DIR_DOWN : DIR_UP;
        if (check_verdict_now(capture, p->judged).response_in != 0)
            continue;
        if (capture->last_ns - p->time_ns <= grace)
            continue; /* the answer may have been under way when the capture ended */
        const check_conn *conn = g_ptr_array_index(capture->conns, p->stream);
        if (p->client->lost[answers] == p->lost &&
            !check_has_hole(capture, conn, answers == DIR_UP)) {
            if (check_is_unacked(capture, p->judged))
                check_broken_at(rule, p->packet, p->stream, "%s was never acknowledged",
                                check_type_name(p->type));
        } else
            check_unsure_at(
                rule, p->packet, p->stream,
                "%s has no ACK, but bytes that may hold it are missing from the capture",
                check_type_name(p->type));
    }
    rule->judged = capture->usable;
    if (capture->given_up > 0)
        check_unsure(rule, NULL, "%" PRIu64 " messages were too many to be watched",
                     capture->given_up);
}

/* What an ACK answers: of a client's it is a PUSH, whatever type the variant writes. */
static uint32_t answered_type(const check_frame *frame)
{
    return frame->upstream ? (uint32_t)PLATO_PUSH : frame->head->ack.type;
}

void check_rule_sum_up_longest(check_instance *rule, const char *words)
{
    if (rule->judged == 0)
        return;
    char *time = check_time_text(rule->extreme);
    rule->summary = g_strdup_printf("%s %s", words, time);
    g_free(time);
}

bool check_rule_count_time(check_instance *rule, int64_t ns)
{
    rule->judged++;
    if (ns > rule->extreme)
        rule->extreme = ns;
    if (ns <= (int64_t)rule->param[0])
        return false;
    rule->tally[0]++;
    return true;
}

static void count_time(check_instance *rule, const check_frame *frame, uint32_t packet,
                       uint32_t stream, int64_t ns)
{
    if (!check_rule_count_time(rule, ns))
        return;
    char *time = check_time_text(ns);
    if (frame != NULL)
        check_broken(rule, frame, "took %s", time);
    else
        check_broken_at(rule, packet, stream, "took %s", time);
    g_free(time);
}

/* Without ids the order says what an ACK answers: for sure only where the capture has all. */
static bool may_answer_another(const check_frame *frame)
{
    const check_conn *conn = frame->conn;
    const uint32_t type = answered_type(frame);
    const bool has_ids = (type == PLATO_UP || type == PLATO_PUSH) &&
                         (!frame->upstream || conn->framing == PLATO_FRAMING_HEADER);
    return !has_ids &&
           (!conn->start_captured || conn->lost[DIR_UP] > 0 || conn->lost[DIR_DOWN] > 0);
}

RULE_FRAME(check_rule_response_time)
{
    (void)capture;
    if (frame->head == NULL || frame->head->msg_type != PLATO_ACK ||
        (frame->flags & ANALYSIS_HAS_RESPONSE_TIME) == 0)
        return;
    const uint32_t type = answered_type(frame);
    if (type >= 64 || (rule->param[2] >> type & 1) == 0)
        return;
    const int64_t ns = frame->record->verdict->response_time_ns;
    if (ns > (int64_t)rule->param[0] && may_answer_another(frame)) {
        check_unsure(rule, frame, "what it answers may not have been captured");
        return;
    }
    count_time(rule, frame, 0, 0, ns);
}

/* By nearest rank: of all times, param 1 percent have to be within the limit. */
RULE_END(check_rule_time_end)
{
    (void)capture;
    const uint64_t hundred = 100000;
    const uint64_t wanted = rule->judged / hundred * rule->param[1] +
                            (rule->judged % hundred * rule->param[1] + hundred - 1) / hundred;
    const uint64_t within = rule->judged - rule->tally[0];
    char *worst = check_time_text(rule->extreme);
    char *limit = check_time_text((int64_t)rule->param[0]);
    if (rule->judged > 0)
        rule->summary = g_strdup_printf("%" PRIu64 " of %" PRIu64 " within %s, the worst %s",
                                        within, rule->judged, limit, worst);
    g_free(limit);
    g_free(worst);
    if (within < wanted)
        return;
    check_forget_broken(rule); /* those over the limit are few enough */
}

RULE_FRAME(check_rule_delivery_time)
{
    (void)capture;
    if (frame->head != NULL && (frame->flags & ANALYSIS_HAS_DELIVERY_TIME) != 0)
        count_time(rule, frame, 0, 0, frame->record->verdict->delivery_time_ns);
}

RULE_END(check_rule_delivery_end)
{
    for (guint i = 0; i < capture->deliveries->len; i++) {
        const pending *p = &g_array_index(capture->deliveries, pending, i);
        const analysis_verdict verdict = check_verdict_now(capture, p->judged);
        if ((verdict.flags & ANALYSIS_HAS_DELIVERY_TIME) != 0)
            count_time(rule, NULL, p->packet, p->stream, verdict.delivery_time_ns);
    }
    check_rule_time_end(capture, rule);
}

/* ---- silence ---- */

/* The client's silence before this frame; false if it is not known. */
static bool silence_before(const check_frame *frame, int64_t *ns)
{
    const check_conn *conn = frame->conn;
    if (!frame->upstream || conn->last_ns[DIR_UP] == NEVER)
        return false;
    *ns = frame->time_ns - conn->last_ns[DIR_UP];
    return true;
}

RULE_FRAME(check_rule_heartbeat)
{
    (void)capture;
    const check_conn *conn = frame->conn;
    const int64_t shortest = (int64_t)rule->param[1];
    int64_t silence;
    if (!silence_before(frame, &silence))
        return;
    rule->judged++;
    if (silence > rule->extreme)
        rule->extreme = silence;
    if (silence > (int64_t)rule->param[0]) {
        char *time = check_time_text(silence);
        if (conn->lost[DIR_UP] != conn->lost_then[DIR_UP])
            check_unsure(rule, frame, "nothing for %s, but the capture lacks bytes", time);
        else
            check_broken(rule, frame, "nothing from the client for %s", time);
        g_free(time);
    }
    if (shortest > 0 && frame->head != NULL && frame->head->msg_type == PLATO_HEARTBEAT &&
        conn->heartbeat_ns != NEVER && frame->time_ns - conn->heartbeat_ns < shortest) {
        char *time = check_time_text(frame->time_ns - conn->heartbeat_ns);
        check_broken(rule, frame, "only %s after the HEARTBEAT before", time);
        g_free(time);
    }
}

/* A connection that was not closed, and whose client says nothing any more. */
RULE_END(check_rule_heartbeat_end)
{
    for (guint i = 0; i < capture->conns->len; i++) {
        const check_conn *conn = g_ptr_array_index(capture->conns, i);
        if (conn == NULL || conn->last_ns[DIR_UP] == NEVER || check_is_closed(capture, conn))
            continue;
        const int64_t silence = capture->last_ns - conn->last_ns[DIR_UP];
        if (silence <= (int64_t)rule->param[0])
            continue;
        char *time = check_time_text(silence);
        check_unsure_at(rule, conn->last_packet[DIR_UP], conn->stream,
                        "nothing from the client for %s until the capture ended; no end of the "
                        "connection was seen",
                        time);
        g_free(time);
    }
    check_rule_sum_up_longest(rule, "longest silence");
}

RULE_FRAME(check_rule_silence)
{
    (void)capture;
    const check_conn *conn = frame->conn;
    int64_t silence;
    if (!silence_before(frame, &silence))
        return;
    rule->judged++;
    if (silence <= (int64_t)rule->param[0])
        return;
    char *time = check_time_text(silence);
    if (conn->lost[DIR_UP] != conn->lost_then[DIR_UP])
        check_unsure(rule, frame, "open after %s of silence, but the capture lacks bytes", time);
    else
        check_broken(rule, frame, "the connection is still open after %s of silence", time);
    g_free(time);
}

/* Connections that were closed too late, or not at all. */
RULE_END(check_rule_silence_end)
{
    for (guint i = 0; i < capture->conns->len; i++) {
        const check_conn *conn = g_ptr_array_index(capture->conns, i);
        if (conn == NULL || conn->last_ns[DIR_UP] == NEVER || conn->framing != PLATO_FRAMING_HEADER)
            continue;
        const int64_t closed =
            MAX(check_closed_by(capture, conn, true), check_closed_by(capture, conn, false));
        const int64_t silence =
            (closed != NEVER ? closed : capture->last_ns) - conn->last_ns[DIR_UP];
        if (silence <= (int64_t)rule->param[0])
            continue;
        char *time = check_time_text(silence);
        if (closed == NEVER || conn->lost[DIR_UP] != conn->lost_then[DIR_UP])
            check_unsure_at(rule, conn->last_packet[DIR_UP], conn->stream,
                            "no end of the connection was seen for %s behind this frame", time);
        else
            check_broken_at(rule, conn->last_packet[DIR_UP], conn->stream,
                            "the connection ends only %s behind this last frame of the client",
                            time);
        g_free(time);
    }
}

RULE_FRAME(check_rule_first_frame)
{
    const check_conn *conn = frame->conn;
    if (!frame->upstream || conn->frames[DIR_UP] > 0)
        return;
    const tcp_state *tcp = check_tcp_state_of(capture, conn);
    if (tcp == NULL || tcp->syn_ns == NEVER) {
        check_unsure(rule, frame, "the connection's start was not captured");
        return;
    }
    rule->judged++;
    const int64_t took = frame->time_ns - tcp->syn_ns;
    if (took <= (int64_t)rule->param[0])
        return;
    char *time = check_time_text(took);
    if (conn->lost[DIR_UP] > 0)
        check_unsure(rule, frame, "%s after connecting, but the capture lacks bytes", time);
    else
        check_broken(rule, frame, "the first frame is complete %s after connecting", time);
    g_free(time);
}

/* ---- frames that take their time ---- */

static void keep_slowest(check_instance *rule, int64_t took)
{
    if (took > rule->extreme)
        rule->extreme = took;
}

RULE_FRAME(check_rule_frame_time)
{
    (void)capture;
    const check_first_byte *begin = &frame->record->first_byte;
    rule->judged++;
    if (begin->packet == 0)
        return;
    const int64_t took = frame->time_ns - begin->time_ns;
    keep_slowest(rule, took);
    if (took <= (int64_t)rule->param[0])
        return;
    char *time = check_time_text(took);
    check_broken(rule, frame, "complete %s after its first byte in packet %u", time, begin->packet);
    g_free(time);
}

typedef struct unfinished_check {
    const check_capture *capture;
    check_instance *rule;
} unfinished_check;

/* A frame that never ended: the connection has to end instead. */
static void judge_unfinished(const check_unfinished *frame, void *user)
{
    const check_capture *capture = ((const unfinished_check *)user)->capture;
    check_instance *rule = ((const unfinished_check *)user)->rule;
    if (frame->framing == PLATO_FRAMING_MSGCMD)
        return;
    const int64_t closed = check_stream_closed(capture, frame->tcp_stream);
    const int64_t open = (closed != NEVER ? closed : capture->last_ns) - frame->first_byte.time_ns;
    rule->judged++;
    keep_slowest(rule, open);
    if (open <= (int64_t)(rule->param[0] + rule->param[1]))
        return;
    char *time = check_time_text(open);
    if (check_stream_has_hole(capture, frame->tcp_stream, frame->sender_port))
        check_unsure_at(rule, frame->first_byte.packet, frame->connection,
                        "the frame that begins here did not end within %s, but the capture lacks "
                        "bytes",
                        time);
    else
        check_broken_at(rule, frame->first_byte.packet, frame->connection,
                        "the frame that begins here has not ended, and the connection is still "
                        "open after %s",
                        time);
    g_free(time);
}

RULE_END(check_rule_frame_time_end)
{
    unfinished_check check = {capture, rule};
    if (capture->lookups.unfinished != NULL)
        capture->lookups.unfinished(judge_unfinished, &check, capture->user);
    if (rule->extreme == 0)
        return;
    char *time = check_time_text(rule->extreme);
    rule->summary = g_strdup_printf("the slowest took %s", time);
    g_free(time);
}

/* ---- repeats ---- */

/* `first` before the first repeat, then twice that, four times, ..., at most `longest`. */
static int64_t shortest_wait(int64_t first, int64_t longest, uint64_t transmissions)
{
    int64_t wait = first;
    for (uint64_t i = 1; i < transmissions && wait < longest; i++)
        wait *= 2;
    return wait < longest ? wait : longest;
}

/* Whether the server has refused an UP of this session since `since_ns`. */
static bool was_refused(check_capture *capture, const check_client *client, uint64_t session_id,
                        int64_t since_ns)
{
    const up_sequence *up = check_up_sequence(capture, client, session_id);
    return up->refused && up->refused_ns >= since_ns;
}

/* Whether some other message of this sequence was acknowledged since: then the times start again.
 */
static bool has_progressed(const check_capture *capture, const check_frame *frame,
                           uint64_t session_id, int64_t since_ns)
{
    if (frame->head->msg_type == PLATO_UP)
        return check_up_sequence(capture, frame->client, session_id)->accepted_ns > since_ns;
    return check_down_sequence(capture, frame->client, session_id)->acked_ns > since_ns;
}

RULE_FRAME(check_rule_resend)
{
    if (frame->head == NULL || (frame->flags & ANALYSIS_DUPLICATE) == 0)
        return;
    const plato_head *head = frame->head;
    const bool is_up = head->msg_type == PLATO_UP;
    const uint64_t session_id = check_session_of(head);
    const uint64_t id = is_up ? head->up.client_id : head->push.msg_id;
    const uint64_t key[4] = {frame->client->key[0] << 1 | (frame->upstream ? 1 : 0),
                             frame->client->key[1], session_id, id};
    const cache_entry *sent = check_cache_find(&capture->transmissions, key);
    if (sent == NULL || sent->value[1] != frame->conn->stream ||
        sent->value[2] != frame->conn->epoch)
        return; /* at once, after a reconnect */
    if (!is_up && check_sync_of(frame->conn, session_id, id) != NULL)
        return; /* the client asked for it */
    if (is_up && was_refused(capture, frame->client, session_id, (int64_t)sent->value[0]))
        return; /* it has been answered: when to try again is the client's business */
    rule->judged++;
    const int64_t waited = frame->time_ns - (int64_t)sent->value[0];
    const bool again =
        rule->param[2] == 0 || has_progressed(capture, frame, session_id, (int64_t)sent->value[0]);
    const int64_t wait = shortest_wait((int64_t)rule->param[0], 30 * CHECK_NS_PER_SECOND,
                                       again ? 1 : sent->value[3]);
    if (waited >= wait - (int64_t)rule->param[1])
        return;
    char *is = check_time_text(waited);
    char *should = check_time_text(wait);
    /* what the other side said meanwhile: a SYNC, a refusal, an ACK of another message */
    if (frame->conn->lost[is_up ? DIR_DOWN : DIR_UP] > 0)
        check_unsure(rule, frame, "sent again after %s, but the capture lacks bytes", is);
    else if (frame->late || sent->value[4] != 0)
        check_unsure(rule, frame, "sent again after %s, but TCP delivered one of the two late", is);
    else
        check_broken(rule, frame, "sent again after %s, not %s", is, should);
    g_free(is);
    g_free(should);
}
