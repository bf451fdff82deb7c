/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report as JUnit XML: a test suite for the capture, a test case for each rule. */
#include "report.h"

/* Without what XML cannot hold at all, escaped. */
static void add_escaped(GString *out, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    for (char *p = valid; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t')
            *p = ' ';
    }
    char *escaped = g_markup_escape_text(valid, -1);
    g_string_append(out, escaped);
    g_free(escaped);
    g_free(valid);
}

static void add_attribute(GString *out, const char *name, const char *text)
{
    g_string_append_printf(out, " %s=\"", name);
    add_escaped(out, text);
    g_string_append_c(out, '"');
}

static void add_findings(GString *out, const check_findings *findings, unsigned show)
{
    const guint kept = findings->list != NULL ? findings->list->len : 0;
    const guint shown = MIN(kept, show);
    for (guint i = 0; i < shown; i++) {
        char *text = check_finding_text(&g_array_index(findings->list, check_finding, i));
        add_escaped(out, text);
        g_string_append_c(out, '\n');
        g_free(text);
    }
    if (findings->count > shown)
        g_string_append_printf(out, "... and %" PRIu64 " more\n", findings->count - shown);
}

/* The element inside a test case that did not simply pass. */
static const char *element_of(const verdict *each)
{
    if (each->status == STATUS_BROKEN)
        return "failure";
    return each->failed ? "error" : "skipped";
}

static void add_case(const verdicts *v, const verdict *each, GString *out)
{
    g_string_append(out, "    <testcase");
    add_attribute(out, "classname", v->name);
    add_attribute(out, "name", each->name);
    if (each->status == STATUS_OK) {
        g_string_append(out, "/>\n");
        return;
    }
    const char *element = element_of(each);
    g_string_append_printf(out, ">\n      <%s", element);
    add_attribute(out, "message", each->text);
    g_string_append_c(out, '>');
    if (each->rule != NULL) {
        add_findings(out, &each->rule->broken, v->settings->show);
        add_findings(out, &each->rule->unsure, v->settings->show);
    }
    g_string_append_printf(out, "</%s>\n    </testcase>\n", element);
}

void check_report_junit(const verdicts *v, GString *out)
{
    unsigned failures = 0;
    unsigned errors = 0;
    unsigned skipped = 0;
    for (guint i = 0; i < v->list->len; i++) {
        const verdict *each = &g_array_index(v->list, verdict, i);
        failures += each->status == STATUS_BROKEN;
        errors += each->failed && each->status != STATUS_BROKEN;
        skipped += !each->failed && each->status != STATUS_OK;
    }
    if (!v->settings->part)
        g_string_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    g_string_append(out, "  <testsuite");
    add_attribute(out, "name", v->name);
    g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n",
                           v->list->len, failures, errors, skipped);
    for (guint i = 0; i < v->list->len; i++)
        add_case(v, &g_array_index(v->list, verdict, i), out);
    g_string_append(out, "  </testsuite>\n");
    if (!v->settings->part)
        g_string_append(out, "</testsuites>\n");
}
