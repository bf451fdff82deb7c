/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes where a rule is broken, or cannot be told. */
#include "capture.h"

#include <assert.h>

static void add_finding(check_findings *findings, uint32_t packet, uint32_t index, uint32_t stream,
                        const char *format, va_list arguments)
{
    findings->count++;
    if (findings->list == NULL)
        findings->list = g_array_new(FALSE, FALSE, sizeof(check_finding));
    if (findings->list->len >= CHECK_FINDINGS_MAX)
        return;
    const check_finding finding = {packet, index, stream, g_strdup_vprintf(format, arguments)};
    g_array_append_val(findings->list, finding);
}

void check_broken(check_instance *rule, const check_frame *frame, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_finding(&rule->broken, frame != NULL ? frame->packet : 0,
                frame != NULL ? frame->record->index : 0,
                frame != NULL ? frame->conn->stream : CHECK_NO_STREAM, format, arguments);
    va_end(arguments);
}

void check_unsure(check_instance *rule, const check_frame *frame, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_finding(&rule->unsure, frame != NULL ? frame->packet : 0,
                frame != NULL ? frame->record->index : 0,
                frame != NULL ? frame->conn->stream : CHECK_NO_STREAM, format, arguments);
    va_end(arguments);
}

void check_broken_at(check_instance *rule, uint32_t packet, uint32_t stream, const char *format,
                     ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_finding(&rule->broken, packet, UINT32_MAX, stream, format, arguments);
    va_end(arguments);
}

void check_unsure_at(check_instance *rule, uint32_t packet, uint32_t stream, const char *format,
                     ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_finding(&rule->unsure, packet, UINT32_MAX, stream, format, arguments);
    va_end(arguments);
}

void check_findings_clear(check_findings *findings)
{
    for (guint i = 0; findings->list != NULL && i < findings->list->len; i++)
        g_free(g_array_index(findings->list, check_finding, i).text);
    if (findings->list != NULL)
        g_array_unref(findings->list);
    *findings = (check_findings){NULL, 0};
}

void check_forget_broken(check_instance *rule)
{
    check_findings_clear(&rule->broken);
}

check_status check_status_of(const check_instance *rule)
{
    if (rule->broken.count > 0)
        return STATUS_BROKEN;
    if (rule->unsure.count > 0)
        return STATUS_UNSURE;
    return rule->judged > 0 ? STATUS_OK : STATUS_IDLE;
}

const char *check_status_name(check_status status)
{
    static const char *const words[] = {"ok", "broken", "unsure", "idle"};
    assert(status < G_N_ELEMENTS(words));
    return words[status];
}
