/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules for every server (docs/commands.md): what it does about wrong formats, unknown objects,
 * floods and silent connections.
 */
#include "command_conn.h"
#include "rules.h"

#include <plato/command.h>

static bool is_reply(const check_message *message)
{
    return !message->record->is_request && message->record->form == CHECK_FORM_WHOLE &&
           message->record->protocol != CHECK_LATENCY;
}

/* ---- wrong format: one error reply, then the end ---- */

RULE_MESSAGE(check_rule_format_refused)
{
    (void)capture;
    const command_conn *conn = message->conn;
    const analysis_rr_message *reply = message->record->exchange;
    const uint32_t code = message->record->error;
    if (!is_reply(message) || conn->wrong == NULL || reply == NULL || reply->peer != conn->wrong)
        return;
    rule->judged++;
    /* 429 and 503 are said to whatever it was */
    if (code == 0 || code == PLATO_COMMAND_UNKNOWN)
        check_command_broken(rule, conn, message->packet,
                             "what could not be read in packet %u is answered %s",
                             conn->wrong_packet, code == 0 ? "as if it could" : "with error 404");
}

RULE_END(check_rule_format_refused_end)
{
    const int64_t grace = (int64_t)rule->param[0];
    for (guint i = 0; i < capture->command_conns->len; i++) {
        const command_conn *conn = check_command_conn_at(capture, rule, i);
        if (conn == NULL || conn->wrong == NULL || conn->wrong_answered ||
            conn->protocol == CHECK_LATENCY || capture->last_ns - conn->wrong_ns <= grace)
            continue;
        const int64_t client = conn->closed_ns[DIR_UP];
        if (conn->fatal_packet != 0 || (client != NEVER && client - conn->wrong_ns <= grace &&
                                        conn->closed_ns[DIR_DOWN] == NEVER))
            continue; /* an earlier one was refused, or the client did not wait */
        if (conn->closed_ns[DIR_DOWN] != NEVER && conn->closed_ns[DIR_DOWN] <= conn->wrong_ns)
            continue;
        rule->judged++;
        check_command_broken(rule, conn, conn->wrong_packet,
                             "what cannot be read is not answered with an error");
    }
}

RULE_MESSAGE(check_rule_format_closed)
{
    (void)capture;
    const command_conn *conn = message->conn;
    if (is_reply(message) && conn->fatal_packet != 0)
        check_command_broken(rule, conn, message->packet,
                             "the server goes on behind its error %u in packet %u",
                             conn->fatal_code, conn->fatal_packet);
}

RULE_END(check_rule_format_closed_end)
{
    for (guint i = 0; i < capture->command_conns->len; i++) {
        const command_conn *conn = check_command_conn_at(capture, rule, i);
        if (conn == NULL || conn->fatal_packet == 0)
            continue;
        const int64_t limit = conn->fatal_ns + (int64_t)rule->param[0];
        const int64_t server = conn->closed_ns[DIR_DOWN];
        const int64_t client = conn->closed_ns[DIR_UP];
        rule->judged++;
        if ((server != NEVER && server <= limit) || (client != NEVER && client <= limit))
            continue;
        if (server != NEVER)
            check_command_broken(rule, conn, conn->fatal_packet,
                                 "error %u, and the server closes too late", conn->fatal_code);
        else if (capture->last_ns <= limit)
            check_command_unsure(
                rule, conn, conn->fatal_packet,
                "error %u, and the capture does not show whether the server closes",
                conn->fatal_code);
        else
            check_command_broken(rule, conn, conn->fatal_packet,
                                 "error %u, and the server does not close", conn->fatal_code);
    }
}

/* ---- unknown object: an error reply, and the connection goes on ---- */

RULE_MESSAGE(check_rule_unknown)
{
    (void)capture;
    if (is_reply(message) && message->record->error == PLATO_COMMAND_UNKNOWN)
        rule->judged++;
}

/* Where 404 was the last word, and the server closed at once. */
RULE_END(check_rule_unknown_end)
{
    for (guint i = 0; i < capture->command_conns->len; i++) {
        const command_conn *conn = check_command_conn_at(capture, rule, i);
        if (conn == NULL || conn->last_code != PLATO_COMMAND_UNKNOWN)
            continue;
        const int64_t server = conn->closed_ns[DIR_DOWN];
        const int64_t client = conn->closed_ns[DIR_UP];
        if (server == NEVER || (client != NEVER && client <= server) ||
            server - conn->last_reply_ns > (int64_t)rule->param[0])
            continue;
        if (conn->replies == 1)
            check_command_unsure(
                rule, conn, conn->last_reply_packet,
                "error 404, and the server closes, perhaps because connections are short");
        else
            check_command_broken(rule, conn, conn->last_reply_packet,
                                 "error 404, and the server closes");
    }
}

/* ---- floods: error 429, and the end if they go on ---- */

/* How much may still come; runs full with time. In millionths. */
typedef struct bucket {
    int64_t level;
    int64_t then_ns;
    bool said; /* that it is empty */
} bucket;

#define ONE INT64_C(1000000)
#define COUNT_MAX INT64_C(1000000000) /* keeps products inside 64 bits */

static int64_t count_of(uint64_t param)
{
    return param < (uint64_t)COUNT_MAX ? (int64_t)param : COUNT_MAX;
}

/* Takes one out of the connection's bucket; true where it is empty for the first time. `rate` in a
 * second. */
static bool is_too_much(check_instance *rule, const check_message *message, int64_t rate,
                        int64_t most)
{
    if (rule->table == NULL)
        rule->table = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    bucket *b = g_hash_table_lookup(rule->table, message->conn);
    if (b == NULL) {
        b = g_new(bucket, 1);
        *b = (bucket){most * ONE, message->time_ns, false};
        g_hash_table_insert(rule->table, message->conn, b);
    }
    const int64_t passed = MIN(MAX(message->time_ns - b->then_ns, 0), 3600 * CHECK_NS_PER_SECOND);
    b->level = MIN(most * ONE, b->level + passed / 1000 * rate);
    b->then_ns = message->time_ns;
    if (b->level >= ONE) {
        b->level -= ONE;
        return false;
    }
    const bool is_first = !b->said;
    b->said = true;
    return is_first;
}

RULE_MESSAGE(check_rule_flood_refused)
{
    (void)capture;
    const int64_t rate = MIN(count_of(rule->param[0]), 1000000);
    const int64_t most =
        count_of(rule->param[1]) +
        rate * (MIN((int64_t)rule->param[2], 3600 * CHECK_NS_PER_SECOND) / 1000000) / 1000;
    if (!is_reply(message) || message->record->error == PLATO_COMMAND_TOO_FAST ||
        message->record->exchange == NULL || message->record->exchange->peer == NULL)
        return;
    rule->judged++;
    if (is_too_much(rule, message, rate, most))
        check_command_broken(rule, message->conn, message->packet,
                             "answered, although more than %" PRIu64 " came at once, and %" PRIu64
                             " in a second",
                             rule->param[1], rule->param[0]);
}

RULE_MESSAGE(check_rule_flood_closed)
{
    (void)capture;
    if (!is_reply(message) || message->record->error != PLATO_COMMAND_TOO_FAST)
        return;
    rule->judged++;
    /* one more than the patience: with that the server closes */
    if (is_too_much(rule, message, 1, count_of(rule->param[0]) + 1))
        check_command_broken(rule, message->conn, message->packet,
                             "refused with 429 for more than %" PRIu64 " times, and not closed",
                             rule->param[0]);
}

/* ---- silence, and commands that do not end ---- */

RULE_MESSAGE(check_rule_command_nothing)
{
    (void)capture;
    (void)rule;
    (void)message; /* the connections are judged at the end */
}

typedef const time_span *(*span_of)(const command_conn *conn);

static const time_span *silence_of(const command_conn *conn)
{
    return &conn->silence;
}

static const time_span *unfinished_of(const command_conn *conn)
{
    return &conn->unfinished;
}

/* `of_commands`: of connections on which TCP's bytes are those of commands. */
static void judge_spans(const check_capture *capture, check_instance *rule, span_of span,
                        bool of_commands, const char *what)
{
    for (guint i = 0; i < capture->command_conns->len; i++) {
        const command_conn *conn = check_command_conn_at(capture, rule, i);
        if (conn == NULL || conn->tcp_stream == CHECK_NO_STREAM ||
            (of_commands && !check_sees_command_bytes(conn)))
            continue;
        const time_span *longest = span(conn);
        rule->judged++;
        if (longest->ns > rule->extreme)
            rule->extreme = longest->ns;
        if (longest->ns <= (int64_t)rule->param[0])
            continue;
        char *time = check_time_text(longest->ns);
        check_command_broken(rule, conn, longest->packet,
                             "the connection is still open after %s %s", time, what);
        g_free(time);
    }
    check_rule_sum_up_longest(rule, "longest");
}

RULE_END(check_rule_command_idle_end)
{
    judge_spans(capture, rule, silence_of, false, "of silence");
}

RULE_END(check_rule_command_slow_end)
{
    judge_spans(capture, rule, unfinished_of, true, "of a command that does not end");
}
