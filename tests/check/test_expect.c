/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expected exchanges. */
#include "run_tests.h"
#include "scenario.h"

#include <string.h>

typedef struct row {
    const char *script; /* lines of the group */
    const char *status;
    const char *packets; /* of what is broken, or unsure */
    const char *events;
} row;

static void judge(const row *r)
{
    char *rules = g_strdup_printf("[expect e]\n%s\n", r->script);
    scenario *s = scenario_run_file(rules, r->events);
    const check_instance *rule = scenario_rule(s, 0);
    const char *status = check_status_name(check_status_of(rule));
    char *packets =
        scenario_packets(strcmp(r->status, "unsure") == 0 ? &rule->unsure : &rule->broken);
    ck_assert_msg(strcmp(status, r->status) == 0, "\"%s\" of \"%s\": %s, not %s", r->script,
                  r->events, status, r->status);
    ck_assert_msg(strcmp(packets, r->packets) == 0, "\"%s\" of \"%s\": in \"%s\", not \"%s\"",
                  r->script, r->events, packets, r->packets);
    g_free(packets);
    g_free(rules);
    scenario_free(s);
}

#define LOGIN "0 c1 login 1001; 1 c1 ack login conn=7;"

static const row rows[] = {
    {"> LOGIN\n< ACK type=LOGIN code=0", "ok", "", LOGIN},
    {"> LOGIN\n< ACK type=LOGIN code=OK conn_id=7", "ok", "", LOGIN},
    {"> LOGIN\n< ACK type=LOGIN code=AUTH_FAILED", "broken", "2", LOGIN},
    {"- any\n- any", "ok", "", LOGIN},
    {"< LOGIN", "broken", "1", LOGIN},
    {"> LOGIN|RECONN", "ok", "", LOGIN},
    /* what comes between does not matter, unless it is forbidden */
    {"> LOGIN\n> UP", "ok", "", LOGIN "2 c1 heartbeat; 3 c1 up 4/1 a"},
    {"others = forbid\n> LOGIN\n> UP", "broken", "2", LOGIN "2 c1 up 4/1 a"},
    {"others = forbid\n> LOGIN\n< ACK\n> UP", "ok", "", LOGIN "2 c1 up 4/1 a"},
    /* optional, repeated and counted steps */
    {"? > HEARTBEAT\n> UP", "ok", "", LOGIN "2 c1 up 4/1 a"},
    {"others = forbid\n> LOGIN\n< ACK\n* > HEARTBEAT\n> UP", "ok", "", LOGIN "2 c1 up 4/1 a"},
    {"others = forbid\n> LOGIN\n< ACK\n* > HEARTBEAT\n> UP", "ok", "",
     LOGIN "2 c1 heartbeat; 3 c1 heartbeat; 4 c1 up 4/1 a"},
    {"+ > HEARTBEAT\n> UP", "broken", "1", LOGIN "2 c1 up 4/1 a"},
    {"2 > UP", "ok", "", "0 c1 up 4/1 a; 1 c1 up 4/2 a"},
    {"2 > UP", "broken", "1", "0 c1 up 4/1 a"},
    {"others = forbid\n1-2 > UP\n> HEARTBEAT", "ok", "",
     "0 c1 up 4/1 a; 1 c1 up 4/2 a; 2 c1 heartbeat"},
    {"others = forbid\n1-2 > UP\n> HEARTBEAT", "ok", "", "0 c1 up 4/1 a; 2 c1 heartbeat"},
    {"others = forbid\n1-2 > UP\n> HEARTBEAT", "broken", "3",
     "0 c1 up 4/1 a; 1 c1 up 4/2 a; 2 c1 up 4/3 a; 3 c1 heartbeat"},
    /* conditions */
    {"> UP client_id!=1", "ok", "", "0 c1 up 4/2 a"},
    {"> UP client_id<=1 session_id>=4", "ok", "", "0 c1 up 4/1 a"},
    {"> UP client_id<1", "broken", "1", "0 c1 up 4/1 a"},
    {"> UP client_id>1", "broken", "1", "0 c1 up 4/1 a"},
    {"> UP body=a", "ok", "", "0 c1 up 4/1 a"},
    {"> UP body=ab", "broken", "1", "0 c1 up 4/1 a"},
    {"> UP body!=ab", "ok", "", "0 c1 up 4/1 a"},
    {"- HEARTBEAT msg_len=5 var_head_len=4", "ok", "", "0 c1 heartbeat body=5"},
    {"> SYNC from_msg_id=2 to_msg_id=3", "ok", "", "0 c1 sync 4/2-3"},
    /* variables */
    {"> UP client_id=$x\n< ACK type=UP client_id=$x", "ok", "",
     "0 c1 up 4/7 a; 1 c1 ack up 4/7 msg=1"},
    {"> UP client_id=$x\n< ACK type=UP client_id=$x", "broken", "2",
     "0 c1 up 4/7 a; 1 c1 ack up 4/8 msg=1"},
    {"> UP client_id=$x\n> UP client_id=$x+1\n> UP client_id=$x-1", "ok", "",
     "0 c1 up 4/7 a; 1 c1 up 4/8 a; 2 c1 up 4/6 a"},
    /* times */
    {"> LOGIN\n< ACK within 1ms", "ok", "", LOGIN},
    {"> LOGIN\n< ACK within 1ms", "broken", "2", "0 c1 login 1; 2 c1 ack login"},
    {"> LOGIN\n< ACK within 9s", "unsure", "1", "0 c1 login 1; 2 - -"},
    /* which connections and devices */
    {"> UP", "ok", "", "0 c1 login 1; 1 c2 up 4/1 a"},
    {"match = each\n> UP", "broken", "1", "0 c1 login 1; 1 c2 up 4/1 a"},
    {"number = 0\n> UP", "broken", "1", "0 c1 login 1; 1 c2 up 4/1 a"},
    {"number = 1\n> UP", "ok", "", "0 c1 login 1; 1 c2 up 4/1 a"},
    {"number = 5\n> UP", "broken", "0", "0 c1 login 1; 1 c2 up 4/1 a"},
    {"of = device\n> LOGIN\n> UP", "ok", "", "0 c1 login 9; 1 c2 login 9; 2 c2 up 4/1 a"},
    {"of = device\nnumber = 8\n> LOGIN\n> UP", "broken", "0",
     "0 c1 login 9; 1 c2 login 9; 2 c2 up 4/1 a"},
    {"of = capture\n> LOGIN\n> UP", "ok", "", "0 c1 login 9; 1 c2 up 4/1 a"},
    {"> LOGIN\n> UP", "broken", "1", "0 c1 login 9; 1 c2 up 4/1 a"},
    /* what the capture lacks */
    {"> UP", "unsure", "1", "0 C1 login 1"},
    {"> UP", "unsure", "1", "0 c1 login 1; 1 c1 hole"},
    {"> UP", "unsure", "1", "0 c1 login 1; 1 c1 up 4/1 a bad"},
    {"> UP", "idle", "", "0 - -"},
};

START_TEST(every_row)
{
    judge(&rows[_i]);
}
END_TEST

START_TEST(what_was_not_met_is_named)
{
    scenario *s = scenario_run_file("[expect e]\n> LOGIN\n< ACK type=LOGIN code=0 within 1ms\n",
                                    "0 c1 login 1001; 1 c1 ack login conn=7 code=7; 9 - -");
    const check_findings *broken = &scenario_rule(s, 0)->broken;
    ck_assert_uint_eq(broken->count, 1);
    ck_assert_str_eq(g_array_index(broken->list, check_finding, 0).text,
                     "line 3, '< ACK type=LOGIN code=0 within 1ms', was not met; the step before "
                     "was, in packet 1; then came '< ACK type=LOGIN code=7 conn_id=7' in packet 2");
    scenario_free(s);
}
END_TEST

START_TEST(several_expectations_are_judged_apart)
{
    scenario *s = scenario_run_file("[expect a]\n> LOGIN\n[expect b]\n> UP\n", LOGIN);
    ck_assert_int_eq(check_status_of(scenario_rule(s, 0)), STATUS_OK);
    ck_assert_int_eq(check_status_of(scenario_rule(s, 1)), STATUS_BROKEN);
    scenario_free(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check: expectations");
    TCase *tcase = tcase_create("check: expectations");
    tcase_add_loop_test(tcase, every_row, 0, (int)G_N_ELEMENTS(rows));
    tcase_add_test(tcase, what_was_not_met_is_named);
    tcase_add_test(tcase, several_expectations_are_judged_apart);
    suite_add_tcase(suite, tcase);
    return run_suites(&suite, 1);
}
