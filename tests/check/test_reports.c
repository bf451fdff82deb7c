/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The four formats of a report, the evidence, the outcome, and what bounds a run. */
#include "run_tests.h"
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

/* A rule of each status, with texts that each format has to escape. */
#define WORDS                                                                                      \
    "only,crc,versions,messages(label=a#b<c>;min=9),messages,first_frame,ack_codes,"               \
    "response_time,conflicts,command_form,error_replies"
#define EVENTS                                                                                     \
    "0 C1 login 1001; 1 C1 heartbeat bad; 2 C1 heartbeat bad; 3 C1 heartbeat bad;"                 \
    "4 C1 ack login conn=7; 5 t1 ask a; 6 t1 reply a wrong"

static void compare_report(const char *name, const char *words, const char *events)
{
    scenario *s = scenario_run(words, events);
    char *text = scenario_report(s);
    scenario_compare(name, text);
    g_free(text);
    scenario_free(s);
}

START_TEST(each_format)
{
    static const struct {
        const char *name;
        const char *words;
    } rows[] = {
        {"report.text", ",show=2," WORDS},
        {"report.tap", ",show=2,format=tap," WORDS},
        {"report.junit", ",show=2,format=junit," WORDS},
        {"report.json", ",show=2,format=json," WORDS},
        {"strict.text", ",strict,name=\"a\001b\"," WORDS},
        {"strict.tap", ",strict,format=tap,name=\"a#\001b\"," WORDS},
        {"strict.junit", ",strict,format=junit,name=\"a<\001b\"," WORDS},
        {"strict.json", ",strict,format=json,name=\"a<\001/b\"," WORDS},
        {"part.tap", ",part,first=5,format=tap," WORDS},
        {"part.junit", ",part,format=junit," WORDS},
        {"part.json", ",part,format=json," WORDS},
    };
    compare_report(rows[_i].name, rows[_i].words, EVENTS);
}
END_TEST

#define FORMATS 11

START_TEST(the_list_of_rules)
{
    FILE *file = tmpfile();
    ck_assert(check_write_rules(file));
    char *text = scenario_written(file);
    scenario_compare("rules.text", text);
    g_free(text);
}
END_TEST

START_TEST(a_file_that_does_not_take_the_report)
{
    scenario *s = scenario_run("", "0 c1 login 1");
    FILE *file = fopen("/dev/full", "w");
    if (file != NULL) { /* not everywhere */
        (void)setvbuf(file, NULL, _IONBF, 0);
        ck_assert(!check_run_report(scenario_check(s), file));
        ck_assert(!check_write_rules(file));
        (void)fclose(file);
    }
    scenario_free(s);
}
END_TEST

/* ---- outcomes ---- */

START_TEST(outcomes_and_their_evidence)
{
    static const struct {
        const char *words;
        const char *events;
        check_outcome outcome;
        const char *evidence;
    } rows[] = {
        {",only,crc", "0 c1 heartbeat", CHECK_OUTCOME_OK, "1 frames of Plato in 1 packets"},
        {",only,crc", "0 c1 heartbeat; 1 c1 heartbeat bad", CHECK_OUTCOME_BROKEN,
         "2 frames of Plato in 2 packets"},
        {",only,crc", "0 c1 heartbeat cut", CHECK_OUTCOME_OK, "1 frames of Plato in 1 packets"},
        {",only,crc,strict", "0 c1 heartbeat cut", CHECK_OUTCOME_UNJUDGED,
         "1 frames of Plato in 1 packets"},
        {",only,crc,strict,malformed", "0 c1 heartbeat; 1 c1 login badbody cut",
         CHECK_OUTCOME_BROKEN, "2 frames of Plato in 2 packets"},
        {"", "0 c1 login 1; 1 t1 ask a", CHECK_OUTCOME_OK,
         "1 frames of Plato and 1 messages of the command protocols in 2 packets"},
        {"", "", CHECK_OUTCOME_UNJUDGED, "the capture holds no packets"},
        {"", "0 - -", CHECK_OUTCOME_UNJUDGED,
         "the capture holds no Plato, nor latency probes, nor commands"},
        {",only,crc", "0 t1 ask a", CHECK_OUTCOME_UNJUDGED,
         "the capture holds no Plato, which rules were asked for"},
        {",only,command_form", "0 c1 login 1", CHECK_OUTCOME_UNJUDGED,
         "the capture holds no latency probes and no commands, which rules were asked for"},
        {"", "0 c1 login 1 unfed", CHECK_OUTCOME_UNJUDGED, "the preference plato.analyze is off"},
        {"", "0 c1 login 1 bad", CHECK_OUTCOME_UNJUDGED, "no frame of Plato can be read"},
        {"", "0 t1 ask a wrong", CHECK_OUTCOME_UNJUDGED,
         "no latency probe and no command can be read"},
    };
    scenario *s = scenario_run(rows[_i].words, rows[_i].events);
    char *text = scenario_report(s);
    char **lines = g_strsplit(text, "\n", 4);
    const char *evidence = lines[2] + strlen("ok      evidence           ");
    ck_assert_str_eq(evidence, rows[_i].evidence);
    ck_assert_str_eq(check_outcome_name(check_run_outcome(scenario_check(s))),
                     check_outcome_name(rows[_i].outcome));
    g_strfreev(lines);
    g_free(text);
    scenario_free(s);
}
END_TEST

#define OUTCOMES 13

START_TEST(records_of_another_build)
{
    char *error = NULL;
    static const check_lookups none;
    check_run *run = check_run_new(check_settings_read(",out=a,status=b", &error), &none, NULL);
    check_run_packet(run, 5);
    check_run_other_build(run);
    check_run_end(run);
    ck_assert_int_eq(check_run_outcome(run), CHECK_OUTCOME_UNJUDGED);
    ck_assert_str_eq(check_run_report_path(run), "a");
    ck_assert_str_eq(check_run_status_path(run), "b");
    check_run_free(run);
    check_run_free(NULL);
    check_settings_free(NULL);
}
END_TEST

/* Without answers of the caller nothing is claimed. */
START_TEST(a_run_without_lookups)
{
    char *error = NULL;
    static const check_lookups none;
    check_run *run = check_run_new(check_settings_read("", &error), &none, NULL);
    const analysis_verdict verdict = {.flags = 0};
    const check_tcp_record syn = {.packet = 1, .flags = CHECK_TCP_SYN, .source_port = 1};
    const check_frame_record frame = {
        .packet = 1,
        .tcp_stream = CHECK_NO_STREAM,
        .start_captured = true,
        .upstream = true,
        .frame = {.framing = PLATO_FRAMING_HEADER,
                  .version = PLATO_VERSION_ON_WIRE,
                  .msg_type = PLATO_UP},
        .complete = true,
        .decoded = true,
        .head = {.msg_type = PLATO_UP, .up = {.session_id = 4, .client_id = 1}},
        .judged = (const analysis_record *)&verdict,
        .verdict = &verdict};
    check_run_packet(run, 0);
    check_run_tcp(run, &syn);
    check_run_frame(run, &frame);
    check_run_packet(run, 100 * CHECK_NS_PER_SECOND);
    check_run_end(run);
    check_run_frame(run, &frame); /* too late: ignored */
    check_run_end(run);
    ck_assert_int_eq(check_run_outcome(run), CHECK_OUTCOME_BROKEN); /* login_first */
    check_run_free(run);
}
END_TEST

/* ---- bounds ---- */

/* UPs or PUSHes, of which each skips one id. To be freed with g_free(). */
static char *many_holes(unsigned count, const char *type)
{
    GString *events = g_string_new(NULL);
    for (unsigned i = 0; i < count; i++)
        g_string_append_printf(events, "0 c1 %s 4/%u a;", type, 1 + 2 * i);
    return g_string_free(events, FALSE);
}

START_TEST(findings_are_counted_and_not_all_kept)
{
    GString *events = g_string_new(NULL);
    for (unsigned i = 0; i < CHECK_FINDINGS_MAX + 5; i++)
        g_string_append(events, "0 c1 heartbeat bad;");
    scenario *s = scenario_run(",only,crc", events->str);
    const check_findings *broken = &scenario_rule(s, 0)->broken;
    ck_assert_uint_eq(broken->count, CHECK_FINDINGS_MAX + 5);
    ck_assert_uint_eq(broken->list->len, CHECK_FINDINGS_MAX);
    ck_assert_uint_eq(g_array_index(broken->list, check_finding, CHECK_FINDINGS_MAX - 1).packet,
                      CHECK_FINDINGS_MAX);
    scenario_free(s);
    g_string_free(events, TRUE);
}
END_TEST

#define WATCHED 65536u /* holes, things that one side has to do, commands of a connection */

START_TEST(holes_beyond_the_bound_are_reported_at_once)
{
    char *events = many_holes(WATCHED + 2, "up");
    scenario *s = scenario_run(",only,gaps", events);
    const check_findings *broken = &scenario_rule(s, 0)->broken;
    ck_assert_uint_eq(broken->count, WATCHED + 1);
    ck_assert_uint_eq(g_array_index(broken->list, check_finding, 0).packet, WATCHED + 2);
    ck_assert_uint_eq(g_array_index(broken->list, check_finding, 1).packet, 2);
    scenario_free(s);
    g_free(events);
}
END_TEST

START_TEST(what_is_not_watched_any_more_is_said)
{
    char *events = many_holes(WATCHED + 3, "push");
    scenario *s = scenario_run(",only,hole_asked", events);
    ck_assert_uint_eq(scenario_rule(s, 0)->broken.count, 0);
    ck_assert_uint_eq(scenario_rule(s, 0)->unsure.count, 1); /* once */
    scenario_free(s);
    g_free(events);
}
END_TEST

START_TEST(commands_that_wait_are_bounded)
{
    GString *events = g_string_new(NULL);
    for (unsigned i = 0; i < WATCHED + 1; i++)
        g_string_append(events, "0 t1 ask a;");
    scenario *s = scenario_run(",only,command_answered", events->str);
    ck_assert_uint_eq(scenario_rule(s, 0)->broken.count, 0);
    ck_assert_uint_eq(scenario_rule(s, 0)->unsure.count, 1);
    scenario_free(s);
    g_string_free(events, TRUE);
}
END_TEST

/* Of requests that are answered by count, the oldest are dropped. */
START_TEST(requests_that_wait_are_bounded)
{
    GString *events = g_string_new(NULL);
    for (unsigned i = 0; i < 1030; i++)
        g_string_append(events, "0 c1 heartbeat;");
    g_string_append(events, "9000 - -");
    scenario *s = scenario_run(",only,heartbeat_answered", events->str);
    const check_findings *broken = &scenario_rule(s, 0)->broken;
    ck_assert_uint_eq(broken->count, 1024);
    ck_assert_uint_eq(g_array_index(broken->list, check_finding, 0).packet, 7);
    scenario_free(s);
    g_string_free(events, TRUE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check: reports");
    TCase *tcase = tcase_create("check: reports");
    tcase_add_loop_test(tcase, each_format, 0, FORMATS);
    tcase_add_test(tcase, the_list_of_rules);
    tcase_add_test(tcase, a_file_that_does_not_take_the_report);
    tcase_add_loop_test(tcase, outcomes_and_their_evidence, 0, OUTCOMES);
    tcase_add_test(tcase, records_of_another_build);
    tcase_add_test(tcase, a_run_without_lookups);
    tcase_add_test(tcase, findings_are_counted_and_not_all_kept);
    tcase_add_test(tcase, holes_beyond_the_bound_are_reported_at_once);
    tcase_add_test(tcase, what_is_not_watched_any_more_is_said);
    tcase_add_test(tcase, commands_that_wait_are_bounded);
    tcase_add_test(tcase, requests_that_wait_are_bounded);
    suite_add_tcase(suite, tcase);
    return run_suites(&suite, 1);
}
