/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about the latency and command protocols that users would name: form, replies, times. */
#include "rules.h"
#include "talk.h"

#include <plato/command.h>

/* ---- each message by itself ---- */

RULE_MESSAGE(rule_talk_form)
{
    (void)world;
    const plato_tap_message *record = message->record;
    const check_talk *conn = message->conn;
    const bool is_datagram = conn->tcp_stream == UINT32_MAX;
    rule->judged++;
    if (record->form == PLATO_TAP_CUT)
        talk_unsure(rule, conn, message->packet, "its end was not captured");
    else if (record->form == PLATO_TAP_WRONG)
        talk_broken(rule, conn, message->packet, "%s", record->remark);
    else if (record->form == PLATO_TAP_OUTSIDE && !conn->start_captured)
        talk_unsure(rule, conn, message->packet,
                    "%u bytes belong to no command, perhaps to one "
                    "that was not captured from its start",
                    record->length);
    else if (record->form == PLATO_TAP_OUTSIDE)
        talk_broken(rule, conn, message->packet, "%u bytes belong to no command", record->length);
    else if (is_datagram && record->remark != NULL) /* TCP cuts where it likes */
        talk_broken(rule, conn, message->packet, "%u bytes are no whole values", record->length);
}

RULE_MESSAGE(rule_talk_fits)
{
    (void)world;
    const analysis_rr_message *exchange = message->record->exchange;
    if (message->record->is_request || exchange == NULL)
        return;
    rule->judged++;
    if ((exchange->flags & ANALYSIS_RR_MISMATCH) != 0)
        talk_broken(rule, message->conn, message->packet,
                    "the reply does not fit the request of packet %u", exchange->peer->number);
    const bool is_unasked = (exchange->flags & ANALYSIS_RR_UNSOLICITED) != 0;
    if (exchange->peer != NULL || (message->record->error != 0 && !is_unasked))
        return; /* an error reply turns away a client that has not even spoken */
    if (is_unasked && (message->conn->start_captured || message->conn->tcp_stream == UINT32_MAX))
        talk_broken(rule, message->conn, message->packet, "a reply that nobody asked for");
    else
        talk_unsure(rule, message->conn, message->packet,
                    "a reply whose request was perhaps not captured");
}

RULE_MESSAGE(rule_talk_errors)
{
    (void)world;
    if (message->record->is_request || message->record->protocol == PLATO_TAP_LATENCY)
        return;
    rule->judged++;
    if (message->record->error == 0)
        return;
    rule->tally[0]++;
    if (rule->tally[0] > rule->param[0])
        talk_broken(rule, message->conn, message->packet, "error reply %u", message->record->error);
}

RULE_END(rule_talk_errors_end)
{
    (void)world;
    if (rule->judged > 0)
        rule->summary = g_strdup_printf("%" PRIu64 " error replies of %" PRIu64 " replies",
                                        rule->tally[0], rule->judged);
}

RULE_MESSAGE(rule_talk_capture)
{
    (void)world;
    rule->judged++;
    if (message->record->form == PLATO_TAP_CUT)
        check_broken_at(rule, message->packet, UINT32_MAX, "%s: the end of it was not captured",
                        talk_protocol_name(message->record->protocol));
}

RULE_END(rule_talk_capture_end)
{
    for (guint i = 0; i < world->talks->len; i++) {
        const check_talk *conn = g_ptr_array_index(world->talks, i);
        const char *name = talk_protocol_name(conn->protocol);
        if (!talk_is_of(rule, conn->protocol) || conn->tcp_stream == UINT32_MAX)
            continue;
        if (!conn->start_captured)
            check_broken_at(rule, conn->first_packet, UINT32_MAX,
                            "%s: the connection's start was not captured", name);
        if (conn->lossy)
            check_broken_at(rule, conn->first_packet, UINT32_MAX,
                            "%s: bytes of the connection are missing from the capture", name);
    }
}

/* ---- times ---- */

static void count_time(check_instance *rule, const check_message *message, int64_t ns)
{
    if (!rule_count_time(rule, ns))
        return;
    char *time = check_time_text(ns);
    talk_broken(rule, message->conn, message->packet, "took %s", time);
    g_free(time);
}

static bool is_answer(const check_message *message)
{
    const analysis_rr_message *exchange = message->record->exchange;
    return !message->record->is_request && exchange != NULL && exchange->peer != NULL;
}

RULE_MESSAGE(rule_talk_time)
{
    (void)world;
    if (is_answer(message))
        count_time(rule, message, analysis_rr_time_ns(message->record->exchange));
}

RULE_MESSAGE(rule_talk_probes)
{
    (void)world;
    if (message->record->protocol == PLATO_TAP_LATENCY && is_answer(message))
        count_time(rule, message, analysis_rr_time_ns(message->record->exchange));
}

RULE_END(rule_talk_probes_end)
{
    uint64_t lost = 0;
    for (guint i = 0; i < world->talks->len; i++) {
        const check_talk *conn = g_ptr_array_index(world->talks, i);
        for (const GList *l = conn->asked.head; l != NULL; l = l->next) {
            const talk_request *probe = (const talk_request *)l->data;
            if (conn->protocol != PLATO_TAP_LATENCY || probe->exchange->peer != NULL ||
                world->last_ns - probe->time_ns <= (int64_t)rule->param[0])
                continue; /* the reply may have been under way when the capture ended */
            rule->judged++;
            rule->tally[0]++;
            lost++;
            talk_broken(rule, conn, probe->packet, "no reply to this probe");
        }
    }
    rule_time_end(world, rule);
    if (rule->summary != NULL) {
        char *times = rule->summary;
        rule->summary = g_strdup_printf("%s, %" PRIu64 " lost", times, lost);
        g_free(times);
    }
}

RULE_MESSAGE(rule_talk_pace)
{
    (void)world;
    const analysis_rr_message *probe = message->record->exchange;
    if (message->record->protocol != PLATO_TAP_LATENCY || !message->record->is_request ||
        probe == NULL)
        return;
    rule->judged++;
    if ((probe->flags & ANALYSIS_RR_IN_FLIGHT) != 0)
        talk_broken(rule, message->conn, message->packet, "an earlier probe is still under way");
    else if ((probe->flags & ANALYSIS_RR_TOO_SOON) != 0)
        talk_broken(rule, message->conn, message->packet,
                    "less than 1 s behind the last probe or reply");
}

/* ---- every command is answered ---- */

RULE_MESSAGE(rule_talk_answered)
{
    (void)world;
    if (message->record->protocol != PLATO_TAP_LATENCY && message->record->is_request &&
        message->record->exchange != NULL)
        rule->judged++;
}

/* Whether the server had said that it would answer nothing more. */
static bool has_refused(const check_talk *conn)
{
    return conn->last_code != 0 && conn->last_code != PLATO_COMMAND_UNKNOWN &&
           conn->closed_ns[DIR_DOWN] != NEVER;
}

static void judge_unanswered(const check_world *world, check_instance *rule, const check_talk *conn,
                             const talk_request *request)
{
    const int64_t grace = (int64_t)rule->param[0];
    const int64_t client = conn->closed_ns[DIR_UP];
    const int64_t server = conn->closed_ns[DIR_DOWN];
    if (world->last_ns - request->time_ns <= grace || has_refused(conn) ||
        (server != NEVER && server <= request->time_ns) ||
        (client != NEVER && client - request->time_ns <= grace &&
         (server == NEVER || client <= server)))
        return;
    if (server != NEVER && conn->replies == 1)
        talk_unsure(rule, conn, request->packet,
                    "the server closed behind its first reply, as on short connections");
    else
        talk_broken(rule, conn, request->packet, "this command was never answered");
}

RULE_END(rule_talk_answered_end)
{
    for (guint i = 0; i < world->talks->len; i++) {
        const check_talk *conn = talk_at(world, rule, i);
        if (conn == NULL || conn->protocol == PLATO_TAP_LATENCY)
            continue;
        for (const GList *l = conn->asked.head; l != NULL; l = l->next)
            judge_unanswered(world, rule, conn, (const talk_request *)l->data);
        if (conn->forgot)
            talk_unsure(rule, conn, conn->first_packet, "too many commands wait to be watched");
    }
}
