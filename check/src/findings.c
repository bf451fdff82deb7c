/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes where a rule is broken, or cannot be told. */
#include "world.h"

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
    add_finding(&rule->broken, frame != NULL ? frame->packet : 0, frame != NULL ? frame->index : 0,
                frame != NULL ? frame->conn->stream : UINT32_MAX, format, arguments);
    va_end(arguments);
}

void check_unsure(check_instance *rule, const check_frame *frame, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_finding(&rule->unsure, frame != NULL ? frame->packet : 0, frame != NULL ? frame->index : 0,
                frame != NULL ? frame->conn->stream : UINT32_MAX, format, arguments);
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
