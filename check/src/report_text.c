/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report for people, and as TAP (the Test Anything Protocol, version 13). */
#include "report.h"

/* Control characters would end a line. To be freed with g_free(). */
static char *plain(const char *text)
{
    char *copy = g_utf8_make_valid(text, -1);
    for (char *p = copy; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    }
    return copy;
}

static void list_findings(const check_findings *findings, unsigned show, const char *indent,
                          GString *out)
{
    const guint kept = findings->list != NULL ? findings->list->len : 0;
    const guint shown = MIN(kept, show);
    for (guint i = 0; i < shown; i++) {
        char *text = check_finding_text(&g_array_index(findings->list, check_finding, i));
        char *line = plain(text);
        g_string_append_printf(out, "%s%s\n", indent, line);
        g_free(line);
        g_free(text);
    }
    if (findings->count > shown)
        g_string_append_printf(out, "%s... and %" PRIu64 " more\n", indent,
                               findings->count - shown);
}

static void list_all(const verdicts *v, const verdict *each, const char *indent, GString *out)
{
    const check_instance *rule = each->rule;
    if (rule == NULL)
        return;
    char *unsure = g_strconcat(indent, "cannot tell: ", NULL);
    list_findings(&rule->broken, v->settings->show, indent, out);
    list_findings(&rule->unsure, v->settings->show, unsure, out);
    g_free(unsure);
}

void check_report_text(const verdicts *v, GString *out)
{
    char *capture = plain(v->name);
    g_string_append_printf(out, "Plato check of %s\n\n", capture);
    g_free(capture);
    for (guint i = 0; i < v->list->len; i++) {
        const verdict *each = &g_array_index(v->list, verdict, i);
        char *name = plain(each->name);
        const bool worth_saying = each->status == STATUS_BROKEN || each->status == STATUS_UNSURE;
        g_string_append_printf(out, "%-7s %-18s %s\n", check_status_name(each->status), name,
                               each->text);
        if (each->rule != NULL && each->status == STATUS_BROKEN)
            g_string_append_printf(out, "          %s (%s)\n", each->rule->rule->description,
                                   each->rule->rule->reference);
        if (worth_saying)
            list_all(v, each, "          ", out);
        g_free(name);
    }
    g_string_append_printf(out, "\n%u ok, %u broken, %u unsure, %u with nothing to judge\n",
                           v->counts[STATUS_OK], v->counts[STATUS_BROKEN], v->counts[STATUS_UNSURE],
                           v->counts[STATUS_IDLE]);
}

/* '#' begins a directive. */
static void tap_description(const char *text, GString *out)
{
    char *line = plain(text);
    for (const char *p = line; *p != '\0'; p++)
        g_string_append_c(out, *p == '#' ? '_' : *p);
    g_free(line);
}

void check_report_tap(const verdicts *v, GString *out)
{
    if (!v->settings->part)
        g_string_append_printf(out, "TAP version 13\n1..%u\n", v->list->len);
    for (guint i = 0; i < v->list->len; i++) {
        const verdict *each = &g_array_index(v->list, verdict, i);
        const bool skipped = !each->failed && each->status != STATUS_OK;
        g_string_append_printf(out, "%sok %u - ", each->failed ? "not " : "",
                               v->settings->first + i);
        tap_description(v->name, out);
        g_string_append(out, ": ");
        tap_description(each->name, out);
        if (skipped)
            g_string_append_printf(out, " # SKIP %s", each->text);
        g_string_append_c(out, '\n');
        if (!skipped && each->status != STATUS_OK) {
            g_string_append_printf(out, "# %s\n", each->text);
            list_all(v, each, "#   ", out);
        }
    }
    if (!v->settings->part && g_array_index(v->list, verdict, 0).failed)
        g_string_append(out, "Bail out! There was nothing to judge.\n");
}
