/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every rule kept, broken, unsure and idle. */
#include "report.h"
#include "rows.h"
#include "run_tests.h"
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

static const rows *const tables[] = {&rows_frames, &rows_conns, &rows_ids, &rows_commands};

static const char *const statuses[] = {"ok", "broken", "unsure", "idle"};

/* What a rule never says, by its nature. Every other rule has rows for all four. */
static const struct {
    const char *rule;
    const char *status;
    const char *why;
} never[] = {
    {"continuation", "ok", "it is asked of bytes outside of frames alone, and they are a fault"},
    {"capture", "unsure", "what the capture lacks is its fault"},
    {"types", "unsure", "damaged frames are not judged"},
    {"versions", "unsure", "damaged frames are not judged"},
    {"ack_codes", "unsure", "a code that was read was sent"},
    {"conflicts", "unsure", "both frames were read"},
    {"order", "unsure", "both frames were read"},
    {"duplicates", "unsure", "both frames were read"},
    {"delivery_time", "unsure", "all three frames were read"},
    {"conn_ids", "unsure", "both ACKs were read"},
    {"state_kept", "unsure", "all three frames were read"},
    {"direction", "unsure", "connections without their start are not judged"},
    {"empty_bodies", "unsure", "the header was read"},
    {"ack_fields", "unsure", "the head was read"},
    {"sync_range", "unsure", "the head was read"},
    {"same_msg_id", "unsure", "both ACKs were read"},
    {"msg_ids", "unsure", "both ACKs were read"},
    {"no_echo", "unsure", "both frames were read"},
    {"command_capture", "unsure", "what the capture lacks is its fault"},
};

static const row *row_at(size_t i)
{
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        if (i < tables[t]->count)
            return &tables[t]->rows[i];
        i -= tables[t]->count;
    }
    return NULL;
}

static const check_findings *findings_of(const check_instance *rule, const char *status)
{
    static const check_findings none;
    return strcmp(status, "broken") == 0   ? &rule->broken
           : strcmp(status, "unsure") == 0 ? &rule->unsure
                                           : &none;
}

static void judge(const row *r)
{
    char *words = g_strdup_printf(",only,%s", r->rule);
    scenario *s = scenario_run(words, r->events);
    const check_instance *rule = scenario_rule(s, 0);
    const char *status = check_status_name(check_status_of(rule));
    char *packets = scenario_packets(findings_of(rule, r->status));
    ck_assert_msg(strcmp(status, r->status) == 0, "%s of \"%s\": %s, not %s", r->rule, r->events,
                  status, r->status);
    ck_assert_msg(strcmp(packets, r->packets) == 0, "%s of \"%s\": in \"%s\", not \"%s\"", r->rule,
                  r->events, packets, r->packets);
    g_free(packets);
    g_free(words);
    scenario_free(s);
}

START_TEST(every_row)
{
    judge(row_at((size_t)_i));
}
END_TEST

static void print_findings(GString *out, const char *status, const check_findings *findings)
{
    for (guint i = 0; findings->list != NULL && i < findings->list->len; i++) {
        char *text = check_finding_text(&g_array_index(findings->list, check_finding, i));
        g_string_append_printf(out, "    %s: %s\n", status, text);
        g_free(text);
    }
}

/* What people read does not change unless somebody means it to. */
START_TEST(the_text_of_every_finding)
{
    GString *out = g_string_new(NULL);
    const row *r;
    for (size_t i = 0; (r = row_at(i)) != NULL; i++) {
        char *words = g_strdup_printf(",only,%s", r->rule);
        scenario *s = scenario_run(words, r->events);
        const check_instance *rule = scenario_rule(s, 0);
        g_string_append_printf(out, "%s: %s\n", r->rule, r->events);
        if (rule->summary != NULL)
            g_string_append_printf(out, "    %s\n", rule->summary);
        print_findings(out, "broken", &rule->broken);
        print_findings(out, "unsure", &rule->unsure);
        scenario_free(s);
        g_free(words);
    }
    scenario_compare("findings.text", out->str);
    g_string_free(out, TRUE);
}
END_TEST

static bool is_of_rule(const char *with_params, const char *name)
{
    const size_t n = strlen(name);
    return strncmp(with_params, name, n) == 0 && (with_params[n] == '\0' || with_params[n] == '(');
}

static bool has_row(const char *name, const char *status)
{
    const row *r;
    for (size_t i = 0; (r = row_at(i)) != NULL; i++) {
        if (is_of_rule(r->rule, name) && strcmp(r->status, status) == 0)
            return true;
    }
    return false;
}

static bool is_impossible(const char *name, const char *status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(never); i++) {
        if (strcmp(never[i].rule, name) == 0 && strcmp(never[i].status, status) == 0)
            return true;
    }
    return false;
}

START_TEST(every_rule_has_rows_for_all_that_it_can_say)
{
    const check_rule *rule;
    size_t impossible = 0;
    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        for (size_t s = 0; s < G_N_ELEMENTS(statuses); s++) {
            const bool exempt = is_impossible(rule->name, statuses[s]);
            impossible += exempt;
            ck_assert_msg(has_row(rule->name, statuses[s]) != exempt, "%s: %s is %s", rule->name,
                          statuses[s], exempt ? "said, and listed as impossible" : "never tested");
        }
    }
    ck_assert_uint_eq(impossible, G_N_ELEMENTS(never));
}
END_TEST

/* A rule that finds fault with what keeps another one would be found by nobody else. */
START_TEST(a_good_exchange_keeps_all_rules)
{
    scenario *s = scenario_run(
        ",capture,ack_codes,order,duplicates,command_capture,error_replies",
        "0 c1 login 1001; 1 c1 ack login conn=7; 2 c2 login 1002; 3 c2 ack login conn=8;"
        "10 c1 up 4/1 a; 11 c1 ack up 4/1 msg=1; 12 c2 push 4/1 a; 13 c2 ack push 4/1;"
        "20 c2 up 4/1 b; 21 c2 ack up 4/1 msg=2; 22 c1 push 4/2 b; 23 c1 ack push 4/2;"
        "30 c1 heartbeat; 31 c1 ack heartbeat; 40 c1 sync 4/2-2; 41 c1 push 4/2 b;"
        "42 c1 ack sync 4; 50 t1 ask ping; 51 t1 reply ping; 60 u1 ask 1; 61 u1 reply 1;"
        "70 c1 fin; 71 c1 fin by=server; 72 c2 fin; 73 c2 fin by=server; 74 t1 fin;"
        "75 t1 fin by=server");
    for (guint i = 0; i + 1 < check_run_test_count(scenario_check(s)); i++) {
        const check_instance *rule = scenario_rule(s, i);
        const check_status status = check_status_of(rule);
        ck_assert_msg(status == STATUS_OK || status == STATUS_IDLE ||
                          strcmp(rule->rule->name, "duplicates") == 0,
                      "%s: %s", rule->rule->name, check_status_name(status));
    }
    scenario_free(s);
}
END_TEST

int main(void)
{
    size_t count = 0;
    while (row_at(count) != NULL)
        count++;
    Suite *suite = suite_create("check: rules");
    TCase *tcase = tcase_create("check: rules");
    tcase_add_loop_test(tcase, every_row, 0, (int)count);
    tcase_add_test(tcase, the_text_of_every_finding);
    tcase_add_test(tcase, every_rule_has_rows_for_all_that_it_can_say);
    tcase_add_test(tcase, a_good_exchange_keeps_all_rules);
    suite_add_tcase(suite, tcase);
    return run_suites(&suite, 1);
}
