/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report as JSON: {"captures": [{"capture", "outcome", "rules": [...]}]}. */
#include "report.h"

#include <wsutil/json_dumper.h>

static void add_text(json_dumper *json, const char *name, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    json_dumper_set_member_name(json, name);
    json_dumper_value_string(json, valid);
    g_free(valid);
}

static void add_number(json_dumper *json, const char *name, uint64_t number)
{
    json_dumper_set_member_name(json, name);
    json_dumper_value_anyf(json, "%" PRIu64, number);
}

static void add_findings(json_dumper *json, const char *name, const check_findings *findings,
                         unsigned show)
{
    json_dumper_set_member_name(json, name);
    json_dumper_begin_array(json);
    for (guint i = 0; findings->list != NULL && i < findings->list->len && i < show; i++) {
        const check_finding *finding = &g_array_index(findings->list, check_finding, i);
        json_dumper_begin_object(json);
        if (finding->packet != 0)
            add_number(json, "packet", finding->packet);
        if (finding->packet != 0 && finding->index != UINT32_MAX)
            add_number(json, "index", finding->index);
        if (finding->stream != UINT32_MAX)
            add_number(json, "stream", finding->stream);
        add_text(json, "text", finding->text);
        json_dumper_end_object(json);
    }
    json_dumper_end_array(json);
}

static void add_rule(json_dumper *json, const verdicts *v, const verdict *each)
{
    json_dumper_begin_object(json);
    add_text(json, "name", each->name);
    add_text(json, "status", verdict_status_text(each->status));
    add_text(json, "text", each->text);
    if (each->rule != NULL) {
        const check_instance *rule = each->rule;
        add_text(json, "meaning", rule->rule->meaning);
        add_text(json, "reference", rule->rule->reference);
        add_number(json, "judged", rule->judged);
        add_number(json, "broken_count", rule->broken.count);
        add_number(json, "unsure_count", rule->unsure.count);
        add_findings(json, "broken", &rule->broken, v->settings->show);
        add_findings(json, "unsure", &rule->unsure, v->settings->show);
    }
    json_dumper_end_object(json);
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

void report_json(const verdicts *v, GString *out)
{
    json_dumper json = {.output_string = out, .flags = JSON_DUMPER_FLAGS_PRETTY_PRINT};
    const bool whole = !v->settings->part;
    if (whole) {
        json_dumper_begin_object(&json);
        json_dumper_set_member_name(&json, "captures");
        json_dumper_begin_array(&json);
    }
    json_dumper_begin_object(&json);
    add_text(&json, "capture", v->capture);
    add_text(&json, "outcome", outcome_of(v));
    json_dumper_set_member_name(&json, "rules");
    json_dumper_begin_array(&json);
    for (guint i = 0; i < v->list->len; i++)
        add_rule(&json, v, &g_array_index(v->list, verdict, i));
    json_dumper_end_array(&json);
    json_dumper_end_object(&json);
    if (whole) {
        json_dumper_end_array(&json);
        json_dumper_end_object(&json);
    }
    (void)json_dumper_finish(&json); /* adds the line's end */
}
