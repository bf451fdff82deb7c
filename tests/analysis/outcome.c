/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(char *text, const char *format, ...)
{
    const size_t n = strlen(text);
    va_list args;
    va_start(args, format);
    if (n + 1 < OUTCOME_MAX)
        (void)vsnprintf(text + n, OUTCOME_MAX - n, format, args);
    va_end(args);
}

static void add_number(char *text, const char *name, uint32_t number)
{
    if (number != 0)
        add(text, " %s=%" PRIu32, name, number);
}

static void add_time(char *text, const char *name, int64_t ns)
{
    add(text, " %s=%" PRId64, name, ns / 1000000);
    if (ns % 1000000 != 0)
        add(text, "+%" PRId64 "ns", ns % 1000000);
}

void outcome_print(const analysis_verdict *v, const uint32_t *delivered_in, size_t count,
                   bool unacked, char text[OUTCOME_MAX])
{
    char line[OUTCOME_MAX] = "";
    if (v->flags & ANALYSIS_CAPTURE_GAP)
        add(line, v->withdrawn_flags & ANALYSIS_CAPTURE_GAP ? " was-missing" : " missing");
    if (v->flags & ANALYSIS_GAP)
        add(line, " %sgap=%" PRIu64 "-%" PRIu64, v->later_flags & ANALYSIS_GAP ? "later-" : "",
            v->gap_first, v->gap_last);
    if (v->flags & ANALYSIS_DUPLICATE)
        add(line, " dup=%" PRIu32, v->duplicate_of);
    if (v->flags & ANALYSIS_CONFLICT)
        add(line, " conflict");
    if (v->flags & ANALYSIS_OUT_OF_ORDER)
        add(line, " late-id");
    if (v->flags & ANALYSIS_GAP_FILLED)
        add(line, " fills=%" PRIu32, v->gap_in);
    add_number(line, "to", v->response_to);
    if (v->flags & ANALYSIS_HAS_RESPONSE_TIME)
        add_time(line, "rt", v->response_time_ns);
    if (v->flags & ANALYSIS_SLOW_RESPONSE)
        add(line, " slow");
    if (v->flags & ANALYSIS_HEARTBEAT_LATE)
        add(line, " late");
    add_number(line, "in", v->response_in);
    add_number(line, "of", v->delivery_of);
    if (v->flags & ANALYSIS_HAS_DELIVERY_TIME)
        add_time(line, "dt", v->delivery_time_ns);
    for (size_t i = 0; i < count; i++)
        add(line, "%s%" PRIu32, i == 0 ? " for=" : ",", delivered_in[i]);
    add_number(line, "prev", v->prev_conn);
    add_number(line, "next", v->next_conn);
    if (unacked)
        add(line, " unacked");
    (void)snprintf(text, OUTCOME_MAX, "%s", line[0] == ' ' ? line + 1 : "-");
}

void outcome_of(const analysis_state *a, const analysis_record *record, char text[OUTCOME_MAX])
{
    const analysis_verdict v = analysis_get_verdict(a, record);
    uint32_t delivered_in[HISTORY_MAX];
    size_t count = 0;
    for (const analysis_record *push = v.delivered_in; push != NULL && count < HISTORY_MAX;
         push = analysis_record_next_delivery(push))
        delivered_in[count++] = analysis_record_number(push);
    outcome_print(&v, delivered_in, count, analysis_is_unacked(a, record), text);
}
