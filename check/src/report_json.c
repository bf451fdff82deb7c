/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report as JSON: {"captures": [{"capture", "outcome", "rules": [...]}]}. */
#include "json_writer.h"
#include "report.h"

static void add_findings(check_json *json, const char *name, const check_findings *findings,
                         unsigned show)
{
    check_json_begin(json, name, '[');
    for (guint i = 0; findings->list != NULL && i < findings->list->len && i < show; i++) {
        const check_finding *finding = &g_array_index(findings->list, check_finding, i);
        check_json_begin(json, NULL, '{');
        if (finding->packet != 0)
            check_json_number(json, "packet", finding->packet);
        if (finding->packet != 0 && finding->index != UINT32_MAX)
            check_json_number(json, "index", finding->index);
        if (finding->stream != CHECK_NO_STREAM)
            check_json_number(json, "stream", finding->stream);
        check_json_text(json, "text", finding->text);
        check_json_end(json);
    }
    check_json_end(json);
}

static void add_rule(check_json *json, const verdicts *v, const verdict *each)
{
    check_json_begin(json, NULL, '{');
    check_json_text(json, "name", each->name);
    check_json_text(json, "status", check_status_name(each->status));
    check_json_text(json, "text", each->text);
    if (each->rule != NULL) {
        const check_instance *rule = each->rule;
        check_json_text(json, "meaning", rule->rule->description);
        check_json_text(json, "reference", rule->rule->reference);
        check_json_number(json, "judged", rule->judged);
        check_json_number(json, "broken_count", rule->broken.count);
        check_json_number(json, "unsure_count", rule->unsure.count);
        add_findings(json, "broken", &rule->broken, v->settings->show);
        add_findings(json, "unsure", &rule->unsure, v->settings->show);
    }
    check_json_end(json);
}

static const char *outcome_of(const verdicts *v)
{
    bool failed = false;
    for (guint i = 0; i < v->list->len; i++)
        failed = failed || g_array_index(v->list, verdict, i).failed;
    if (!failed)
        return "ok";
    if (g_array_index(v->list, verdict, 0).failed || v->counts[STATUS_BROKEN] == 0)
        return "unjudged";
    return "broken";
}

void check_report_json(const verdicts *v, GString *out)
{
    check_json json = {.out = out};
    if (!v->settings->part) {
        check_json_begin(&json, NULL, '{');
        check_json_begin(&json, "captures", '[');
    }
    check_json_begin(&json, NULL, '{');
    check_json_text(&json, "capture", v->name);
    check_json_text(&json, "outcome", outcome_of(v));
    check_json_begin(&json, "rules", '[');
    for (guint i = 0; i < v->list->len; i++)
        add_rule(&json, v, &g_array_index(v->list, verdict, i));
    while (json.depth > 0)
        check_json_end(&json);
}
