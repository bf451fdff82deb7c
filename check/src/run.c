/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run: who sees each record, and in which order; the results. */
#include "command_conn.h"
#include "report.h"
#include "settings.h"

#include <assert.h>

struct check_run {
    check_settings *settings;
    check_capture *capture;
    bool over;
};

check_run *check_run_new(check_settings *settings, const check_lookups *lookups, void *user)
{
    check_run *run = g_new0(check_run, 1);
    run->settings = settings;
    run->capture = check_capture_new(lookups, user);
    check_commands_init(run->capture);
    return run;
}

void check_run_free(check_run *run)
{
    if (run == NULL)
        return;
    check_capture_free(run->capture);
    check_settings_free(run->settings);
    g_free(run);
}

/* The rules that are at work; those that are off are not among them. */
static check_instance *rule_at(const check_run *run, guint i)
{
    return i < run->settings->rules->len ? g_ptr_array_index(run->settings->rules, i) : NULL;
}

/* ---- feeding ---- */

void check_run_packet(check_run *run, int64_t time_ns)
{
    if (run->over)
        return;
    check_capture_packet(run->capture, time_ns);
}

void check_run_tcp(check_run *run, const check_tcp_record *record)
{
    if (run->over)
        return;
    const tcp_segment segment = check_capture_tcp(run->capture, record);
    check_command_tcp(run->capture, &segment);
}

void check_run_frame(check_run *run, const check_frame_record *record)
{
    if (run->over)
        return;
    assert(record->judged == NULL || record->verdict != NULL);
    const check_frame frame = check_capture_enter_frame(run->capture, record);
    check_instance *rule;
    for (guint i = 0; (rule = rule_at(run, i)) != NULL; i++) {
        if (rule->rule->frame == NULL)
            continue;
        if (rule->rule->header_only && record->frame.framing != PLATO_FRAMING_HEADER)
            continue;
        rule->rule->frame(run->capture, rule, &frame);
    }
    check_capture_add_frame(run->capture, &frame);
}

void check_run_skipped(check_run *run, const check_skipped_record *record)
{
    if (run->over)
        return;
    const check_bytes bytes = check_capture_skipped(run->capture, record);
    check_instance *rule;
    for (guint i = 0; (rule = rule_at(run, i)) != NULL; i++) {
        if (rule->rule->skipped != NULL)
            rule->rule->skipped(rule, &bytes);
    }
}

void check_run_message(check_run *run, const check_message_record *record)
{
    if (run->over)
        return;
    const check_message message = check_command_enter(run->capture, record);
    check_instance *rule;
    for (guint i = 0; (rule = rule_at(run, i)) != NULL; i++) {
        if (rule->rule->message != NULL && check_speaks_of(rule, record->protocol))
            rule->rule->message(run->capture, rule, &message);
    }
    check_command_add(&message);
}

void check_run_other_build(check_run *run)
{
    run->capture->other_build = true;
}

void check_run_end(check_run *run)
{
    if (run->over)
        return;
    run->over = true;
    check_capture_end(run->capture);
    check_commands_end(run->capture);
    check_instance *rule;
    for (guint i = 0; (rule = rule_at(run, i)) != NULL; i++) {
        const bool has_any = rule->rule->message != NULL ? run->capture->command_conns->len > 0
                                                         : run->capture->frames > 0;
        if (rule->rule->end != NULL && has_any)
            rule->rule->end(run->capture, rule);
    }
}

/* ---- results ---- */

bool check_run_report(const check_run *run, FILE *file)
{
    static void (*const formats[])(const verdicts *v, GString *out) = {
        [FORMAT_TEXT] = check_report_text,
        [FORMAT_TAP] = check_report_tap,
        [FORMAT_JUNIT] = check_report_junit,
        [FORMAT_JSON] = check_report_json,
    };
    assert(run->over);
    verdicts v = check_judge(run->settings, run->capture);
    GString *out = g_string_new(NULL);
    formats[run->settings->format](&v, out);
    const bool ok = fwrite(out->str, 1, out->len, file) == out->len;
    g_string_free(out, TRUE);
    check_verdicts_clear(&v);
    return ok;
}

check_outcome check_run_outcome(const check_run *run)
{
    assert(run->over);
    verdicts v = check_judge(run->settings, run->capture);
    const unsigned broken = v.counts[STATUS_BROKEN];
    const unsigned unsure = v.counts[STATUS_UNSURE];
    check_verdicts_clear(&v);
    if (check_lack_of_evidence(run->settings, run->capture) != NULL)
        return CHECK_OUTCOME_UNJUDGED;
    if (broken > 0)
        return CHECK_OUTCOME_BROKEN;
    return unsure > 0 && run->settings->strict ? CHECK_OUTCOME_UNJUDGED : CHECK_OUTCOME_OK;
}

unsigned check_run_test_count(const check_run *run)
{
    return run->settings->rules->len + 1;
}

const char *check_run_report_path(const check_run *run)
{
    return run->settings->out;
}

const char *check_run_status_path(const check_run *run)
{
    return run->settings->status;
}

const char *check_outcome_name(check_outcome outcome)
{
    static const char *const words[] = {"ok", "broken", "unjudged"};
    assert(outcome < G_N_ELEMENTS(words));
    return words[outcome];
}

bool check_write_rules(FILE *file)
{
    const check_rule *rule;
    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        (void)fprintf(file, "%s%s\n    %s\n    see %s\n", rule->name,
                      rule->on_by_default ? "" : "  (off by default)", rule->description,
                      rule->reference);
        for (size_t p = 0; p < CHECK_PARAMS && rule->params[p].name != NULL; p++)
            (void)fprintf(file, "    %s=%s: %s\n", rule->params[p].name,
                          rule->params[p].default_value, rule->params[p].description);
    }
    return ferror(file) == 0;
}
