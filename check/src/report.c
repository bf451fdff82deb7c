/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what rules found to verdicts. */
#include "report.h"

char *check_finding_text(const check_finding *finding)
{
    GString *text = g_string_new(NULL);
    if (finding->packet != 0)
        g_string_append_printf(text, "packet %u", finding->packet);
    if (finding->stream != CHECK_NO_STREAM)
        g_string_append_printf(text, text->len > 0 ? " (connection %u)" : "connection %u",
                               finding->stream);
    if (text->len > 0)
        g_string_append(text, ": ");
    g_string_append(text, finding->text);
    return g_string_free(text, FALSE);
}

static char *sentence_of(const check_instance *rule, check_status status)
{
    GString *text = g_string_new(NULL);
    switch (status) {
    case STATUS_BROKEN:
        g_string_printf(text, "broken %" PRIu64 " time%s", rule->broken.count,
                        rule->broken.count == 1 ? "" : "s");
        break;
    case STATUS_UNSURE:
        g_string_printf(text, "cannot tell in %" PRIu64 " place%s", rule->unsure.count,
                        rule->unsure.count == 1 ? "" : "s");
        break;
    case STATUS_IDLE:
        g_string_assign(text, "nothing to judge");
        break;
    default:
        g_string_assign(text, "holds");
        break;
    }
    if (rule->summary != NULL)
        g_string_append_printf(text, "; %s", rule->summary);
    return g_string_free(text, FALSE);
}

/* Whether somebody asked for a rule about Plato, or about the command protocols. */
static bool asks_for(const check_settings *settings, bool commands)
{
    for (guint i = 0; i < settings->rules->len; i++) {
        const check_instance *rule = g_ptr_array_index(settings->rules, i);
        if (rule->named && (rule->rule->message != NULL) == commands)
            return true;
    }
    return false;
}

/* Why nothing was judged; NULL if it was. */
const char *check_lack_of_evidence(const check_settings *settings, const check_capture *capture)
{
    if (capture->other_build)
        return "plato.so and platocheck.so are not of the same build; install both together";
    if (capture->packets == 0)
        return "the capture holds no packets";
    if (capture->frames == 0 && capture->messages == 0)
        return "the capture holds no Plato, nor latency probes, nor commands";
    if (capture->frames == 0 && asks_for(settings, false))
        return "the capture holds no Plato, which rules were asked for";
    if (capture->messages == 0 && asks_for(settings, true))
        return "the capture holds no latency probes and no commands, which rules were asked for";
    if (capture->not_judged)
        return "the preference plato.analyze is off";
    if (capture->frames > 0 && capture->usable == 0)
        return "no frame of Plato can be read";
    if (capture->frames == 0 && capture->readable == 0)
        return "no latency probe and no command can be read";
    return NULL;
}

/* "24 frames of Plato and 3 messages of the command protocols in 35 packets" */
static char *evidence_text(const check_capture *capture)
{
    GString *text = g_string_new(NULL);
    if (capture->frames > 0)
        g_string_append_printf(text, "%" PRIu64 " frames of Plato", capture->frames);
    if (capture->messages > 0)
        g_string_append_printf(text, "%s%" PRIu64 " messages of the command protocols",
                               capture->frames > 0 ? " and " : "", capture->messages);
    g_string_append_printf(text, " in %u packets", capture->packets);
    return g_string_free(text, FALSE);
}

static void add_evidence(verdicts *v, const check_capture *capture)
{
    const char *lack = check_lack_of_evidence(v->settings, capture);
    verdict evidence = {.name = g_strdup("evidence"),
                        .status = lack == NULL ? STATUS_OK : STATUS_UNSURE,
                        .failed = lack != NULL};
    evidence.text = lack != NULL ? g_strdup(lack) : evidence_text(capture);
    v->counts[evidence.status]++;
    g_array_append_val(v->list, evidence);
}

verdicts check_judge(const check_settings *settings, const check_capture *capture)
{
    verdicts v = {.settings = settings,
                  .name = settings->name != NULL ? settings->name : "capture",
                  .list = g_array_new(FALSE, FALSE, sizeof(verdict))};
    add_evidence(&v, capture);
    for (guint i = 0; i < settings->rules->len; i++) {
        const check_instance *rule = g_ptr_array_index(settings->rules, i);
        const check_status status = check_status_of(rule);
        const verdict each = {
            .name = rule->label != NULL ? g_strdup_printf("%s %s", rule->rule->name, rule->label)
                                        : g_strdup(rule->rule->name),
            .status = status,
            .rule = rule,
            .text = sentence_of(rule, status),
            .failed = status == STATUS_BROKEN || (status == STATUS_UNSURE && settings->strict),
        };
        v.counts[status]++;
        g_array_append_val(v.list, each);
    }
    return v;
}

void check_verdicts_clear(verdicts *v)
{
    for (guint i = 0; i < v->list->len; i++) {
        g_free(g_array_index(v->list, verdict, i).name);
        g_free(g_array_index(v->list, verdict, i).text);
    }
    g_array_unref(v->list);
}
