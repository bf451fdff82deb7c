/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about the latency and command protocols that users would name: form, replies, times. */
#include "command_conn.h"
#include "rules.h"

#include <plato/command.h>

/* ---- each message by itself ---- */

RULE_MESSAGE(check_rule_command_form)
{
    (void)capture;
    const check_message_record *record = message->record;
    const command_conn *conn = message->conn;
    const bool is_datagram = conn->tcp_stream == CHECK_NO_STREAM;
    rule->judged++;
    if (record->form == CHECK_FORM_CUT)
        check_command_unsure(rule, conn, message->packet, "its end was not captured");
    else if (record->form == CHECK_FORM_WRONG)
        check_command_broken(rule, conn, message->packet, "%s", record->remark);
    else if (record->form == CHECK_FORM_OUTSIDE && !conn->start_captured)
        check_command_unsure(rule, conn, message->packet,
                             "%u bytes belong to no command, perhaps to one "
                             "that was not captured from its start",
                             record->length);
    else if (record->form == CHECK_FORM_OUTSIDE)
        check_command_broken(rule, conn, message->packet, "%u bytes belong to no command",
                             record->length);
    else if (is_datagram && record->remark != NULL) /* TCP cuts where it likes */
        check_command_broken(rule, conn, message->packet, "%u bytes are no whole values",
                             record->length);
}

RULE_MESSAGE(check_rule_command_fits)
{
    (void)capture;
    const analysis_rr_message *exchange = message->record->exchange;
    if (message->record->is_request || exchange == NULL)
        return;
    rule->judged++;
    if ((exchange->flags & ANALYSIS_RR_MISMATCH) != 0)
        check_command_broken(rule, message->conn, message->packet,
                             "the reply does not fit the request of packet %u",
                             exchange->peer->number);
    const bool is_unasked = (exchange->flags & ANALYSIS_RR_UNSOLICITED) != 0;
    if (exchange->peer != NULL || (message->record->error != 0 && !is_unasked))
        return; /* an error reply turns away a client that has not even spoken */
    if (is_unasked &&
        (message->conn->start_captured || message->conn->tcp_stream == CHECK_NO_STREAM))
        check_command_broken(rule, message->conn, message->packet, "a reply that nobody asked for");
    else
        check_command_unsure(rule, message->conn, message->packet,
                             "a reply whose request was perhaps not captured");
}

RULE_MESSAGE(check_rule_command_errors)
{
    (void)capture;
    if (message->record->is_request || message->record->protocol == CHECK_LATENCY)
        return;
    rule->judged++;
    if (message->record->error == 0)
        return;
    rule->tally[0]++;
    if (rule->tally[0] > rule->param[0])
        check_command_broken(rule, message->conn, message->packet, "error reply %u",
                             message->record->error);
}

RULE_END(check_rule_command_errors_end)
{
    (void)capture;
    if (rule->judged > 0)
        rule->summary = g_strdup_printf("%" PRIu64 " error replies of %" PRIu64 " replies",
                                        rule->tally[0], rule->judged);
}

RULE_MESSAGE(check_rule_command_capture)
{
    (void)capture;
    rule->judged++;
    if (message->record->form == CHECK_FORM_CUT)
        check_broken_at(rule, message->packet, CHECK_NO_STREAM,
                        "%s: the end of it was not captured",
                        check_protocol_name(message->record->protocol));
}

RULE_END(check_rule_command_capture_end)
{
    for (guint i = 0; i < capture->command_conns->len; i++) {
        const command_conn *conn = g_ptr_array_index(capture->command_conns, i);
        const char *name = check_protocol_name(conn->protocol);
        if (!check_speaks_of(rule, conn->protocol) || conn->tcp_stream == CHECK_NO_STREAM)
            continue;
        if (!conn->start_captured)
            check_broken_at(rule, conn->first_packet, CHECK_NO_STREAM,
                            "%s: the connection's start was not captured", name);
        if (conn->lossy)
            check_broken_at(rule, conn->first_packet, CHECK_NO_STREAM,
                            "%s: bytes of the connection are missing from the capture", name);
    }
}

/* ---- times ---- */

static void count_time(check_instance *rule, const check_message *message, int64_t ns)
{
    if (!check_rule_count_time(rule, ns))
        return;
    char *time = check_time_text(ns);
    check_command_broken(rule, message->conn, message->packet, "took %s", time);
    g_free(time);
}

static bool is_answer(const check_message *message)
{
    const analysis_rr_message *exchange = message->record->exchange;
    return !message->record->is_request && exchange != NULL && exchange->peer != NULL;
}

RULE_MESSAGE(check_rule_command_time)
{
    (void)capture;
    if (is_answer(message))
        count_time(rule, message, analysis_rr_time_ns(message->record->exchange));
}

RULE_MESSAGE(check_rule_command_probes)
{
    (void)capture;
    if (message->record->protocol == CHECK_LATENCY && is_answer(message))
        count_time(rule, message, analysis_rr_time_ns(message->record->exchange));
}

RULE_END(check_rule_command_probes_end)
{
    uint64_t lost = 0;
    for (guint i = 0; i < capture->command_conns->len; i++) {
        const command_conn *conn = g_ptr_array_index(capture->command_conns, i);
        for (const GList *l = conn->unanswered.head; l != NULL; l = l->next) {
            const pending_request *probe = (const pending_request *)l->data;
            if (conn->protocol != CHECK_LATENCY || probe->exchange->peer != NULL ||
                capture->last_ns - probe->time_ns <= (int64_t)rule->param[0])
                continue; /* the reply may have been under way when the capture ended */
            rule->judged++;
            rule->tally[0]++;
            lost++;
            check_command_broken(rule, conn, probe->packet, "no reply to this probe");
        }
    }
    check_rule_time_end(capture, rule);
    if (rule->summary != NULL) {
        char *times = rule->summary;
        rule->summary = g_strdup_printf("%s, %" PRIu64 " lost", times, lost);
        g_free(times);
    }
}

RULE_MESSAGE(check_rule_command_pace)
{
    (void)capture;
    const analysis_rr_message *probe = message->record->exchange;
    if (message->record->protocol != CHECK_LATENCY || !message->record->is_request || probe == NULL)
        return;
    rule->judged++;
    if ((probe->flags & ANALYSIS_RR_IN_FLIGHT) != 0)
        check_command_broken(rule, message->conn, message->packet,
                             "an earlier probe is still under way");
    else if ((probe->flags & ANALYSIS_RR_TOO_SOON) != 0)
        check_command_broken(rule, message->conn, message->packet,
                             "less than 1 s behind the last probe or reply");
}

/* ---- every command is answered ---- */

RULE_MESSAGE(check_rule_command_answered)
{
    (void)capture;
    if (message->record->protocol != CHECK_LATENCY && message->record->is_request &&
        message->record->exchange != NULL)
        rule->judged++;
}

/* Whether the server had said that it would answer nothing more. */
static bool has_refused(const command_conn *conn)
{
    return conn->last_code != 0 && conn->last_code != PLATO_COMMAND_UNKNOWN &&
           conn->closed_ns[DIR_DOWN] != NEVER;
}

static void judge_unanswered(const check_capture *capture, check_instance *rule,
                             const command_conn *conn, const pending_request *request)
{
    const int64_t grace = (int64_t)rule->param[0];
    const int64_t client = conn->closed_ns[DIR_UP];
    const int64_t server = conn->closed_ns[DIR_DOWN];
    if (capture->last_ns - request->time_ns <= grace || has_refused(conn) ||
        (server != NEVER && server <= request->time_ns) ||
        (client != NEVER && client - request->time_ns <= grace &&
         (server == NEVER || client <= server)))
        return;
    if (server != NEVER && conn->replies == 1)
        check_command_unsure(rule, conn, request->packet,
                             "the server closed behind its first reply, as on short connections");
    else
        check_command_broken(rule, conn, request->packet, "this command was never answered");
}

RULE_END(check_rule_command_answered_end)
{
    for (guint i = 0; i < capture->command_conns->len; i++) {
        const command_conn *conn = check_command_conn_at(capture, rule, i);
        if (conn == NULL || conn->protocol == CHECK_LATENCY)
            continue;
        for (const GList *l = conn->unanswered.head; l != NULL; l = l->next)
            judge_unanswered(capture, rule, conn, (const pending_request *)l->data);
        if (conn->forgot)
            check_command_unsure(rule, conn, conn->first_packet,
                                 "too many commands wait to be watched");
    }
}
