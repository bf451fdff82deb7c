/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of parameters, the words of an option, files of rules, and what is said of wrong ones. */
#include "run_tests.h"
#include "scenario.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---- values ---- */

START_TEST(values_of_each_kind)
{
    static const struct {
        check_kind kind;
        const char *text;
        uint64_t value;
    } rows[] = {
        {KIND_COUNT, "0", 0},
        {KIND_COUNT, "18446744073709551615", UINT64_MAX},
        {KIND_TIME, "1ns", 1},
        {KIND_TIME, "2us", 2000},
        {KIND_TIME, "250ms", 250000000},
        {KIND_TIME, "1.5s", 1500000000},
        {KIND_TIME, "1.5 s", 1500000000},
        {KIND_TIME, "2min", 120000000000},
        {KIND_TIME, "1h", 3600000000000},
        {KIND_PERCENT, "100", 100000},
        {KIND_PERCENT, "99.9", 99900},
        {KIND_PERCENT, "0.001", 1},
        {KIND_TYPES, "UP", 1u << PLATO_UP},
        {KIND_TYPES, "up|PUSH", 1u << PLATO_UP | 1u << PLATO_PUSH},
        {KIND_TYPES, "up + 63", 1u << PLATO_UP | UINT64_C(1) << 63},
        {KIND_TYPES, "any", UINT64_MAX},
        {KIND_CODES, "OK|OUT_OF_ORDER", 1u | 1u << 10},
        {KIND_CODES, "0|10", 1u | 1u << 10},
        {KIND_VERSIONS, "1|2", 6},
        {KIND_PROTOCOLS, "latency|bincmd", 5},
        {KIND_PROTOCOLS, "TextCmd", 2},
        {KIND_BOOL, "yes", 1},
        {KIND_BOOL, "True", 1},
        {KIND_BOOL, "on", 1},
        {KIND_BOOL, "1", 1},
        {KIND_BOOL, "no", 0},
        {KIND_BOOL, "false", 0},
        {KIND_BOOL, "off", 0},
        {KIND_BOOL, "0", 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t value = 77;
        char *error = NULL;
        ck_assert_msg(check_read_value(rows[i].kind, rows[i].text, &value, &error), "%s: %s",
                      rows[i].text, error);
        ck_assert_msg(value == rows[i].value, "%s: %" PRIu64, rows[i].text, value);
    }
}
END_TEST

START_TEST(wrong_values_of_each_kind)
{
    static const struct {
        check_kind kind;
        const char *text;
        const char *wanted;
    } rows[] = {
        {KIND_COUNT, "", "a number such as 10"},
        {KIND_COUNT, "-1", "a number such as 10"},
        {KIND_COUNT, "18446744073709551616", "a number such as 10"},
        {KIND_COUNT, "1x", "a number such as 10"},
        {KIND_TIME, "5", "a time with its unit (ns, us, ms, s, min, h), such as 250ms"},
        {KIND_TIME, "s", "a time with its unit (ns, us, ms, s, min, h), such as 250ms"},
        {KIND_TIME, ".5s", "a time with its unit (ns, us, ms, s, min, h), such as 250ms"},
        {KIND_TIME, "-1s", "a time with its unit (ns, us, ms, s, min, h), such as 250ms"},
        {KIND_TIME, "1d", "a time with its unit (ns, us, ms, s, min, h), such as 250ms"},
        {KIND_TIME, "9999999999h", "a time with its unit (ns, us, ms, s, min, h), such as 250ms"},
        {KIND_PERCENT, "0", "percent, above 0 and up to 100, such as 99.9"},
        {KIND_PERCENT, "100.1", "percent, above 0 and up to 100, such as 99.9"},
        {KIND_PERCENT, "1e1", "percent, above 0 and up to 100, such as 99.9"},
        {KIND_TYPES, "", "message types such as UP|PUSH, or any"},
        {KIND_TYPES, "UP|DOWN", "message types such as UP|PUSH, or any"},
        {KIND_TYPES, "64", "message types such as UP|PUSH, or any"},
        {KIND_CODES, "FINE", "ACK codes such as OK|OUT_OF_ORDER or 0|10, or any"},
        {KIND_VERSIONS, "one", "versions such as 1|2, or any"},
        {KIND_PROTOCOLS, "0", "latency, textcmd or bincmd, several with | between them, or any"},
        {KIND_BOOL, "2", "yes or no"},
        {KIND_BOOL, "", "yes or no"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t value;
        char *error = NULL;
        ck_assert_msg(!check_read_value(rows[i].kind, rows[i].text, &value, &error), "%s",
                      rows[i].text);
        char *expected = g_strdup_printf("'%s' is not %s", rows[i].text, rows[i].wanted);
        ck_assert_str_eq(error, expected);
        g_free(expected);
        g_free(error);
    }
}
END_TEST

START_TEST(times_for_people)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        {0, "0 us"},
        {1, "0.001 us"},
        {1500, "1.5 us"},
        {1000000, "1 ms"},
        {999999999, "1000 ms"},
        {1500000000, "1.5 s"},
        {60000000000, "1 min"},
        {5400000000000, "90 min"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text = check_time_text(rows[i].ns);
        ck_assert_str_eq(text, rows[i].text);
        g_free(text);
    }
}
END_TEST

/* The tables of rules themselves. */
START_TEST(every_default_is_a_value)
{
    const check_rule *rule;
    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        ck_assert_ptr_eq(check_find_rule(rule->name), rule);
        ck_assert_ptr_nonnull(rule->description);
        ck_assert_ptr_nonnull(rule->reference);
        const bool of_frames = rule->frame != NULL || rule->skipped != NULL;
        ck_assert(rule->message == NULL || !of_frames);
        ck_assert(rule->message != NULL || of_frames || rule->end != NULL);
        for (size_t p = 0; p < CHECK_PARAMS && rule->params[p].name != NULL; p++) {
            uint64_t value;
            char *error = NULL;
            ck_assert_msg(check_read_value(rule->params[p].kind, rule->params[p].default_value,
                                           &value, &error),
                          "%s of %s: %s", rule->params[p].name, rule->name, error);
        }
    }
}
END_TEST

/* ---- words ---- */

static check_settings *read_words(const char *words)
{
    char *error = NULL;
    check_settings *settings = check_settings_read(words, &error);
    ck_assert_msg(settings != NULL, "%s: %s", words, error);
    return settings;
}

static const check_instance *rule_of(const check_settings *settings, guint i)
{
    ck_assert_uint_lt(i, settings->rules->len);
    return g_ptr_array_index(settings->rules, i);
}

START_TEST(no_words_are_all_rules_on_by_default)
{
    check_settings *settings = read_words("");
    const check_rule *rule;
    guint on = 0;
    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        if (rule->on_by_default)
            ck_assert_ptr_eq(rule_of(settings, on++)->rule, rule);
    }
    ck_assert_uint_eq(on, settings->rules->len);
    ck_assert_uint_eq(settings->show, 10);
    ck_assert_uint_eq(settings->first, 1);
    check_settings_free(settings);
}
END_TEST

START_TEST(words_of_all_kinds)
{
    check_settings *settings =
        read_words(",only;strict, part,crc,heartbeat(max=1s;min=2ms),heartbeat(label=b,max=3s) ,"
                   "format=junit,out=\"a,\\\"b\\\"\",status=st,name=c d,first=7,show=3,");
    ck_assert(settings->only && settings->strict && settings->part);
    ck_assert_int_eq(settings->format, FORMAT_JUNIT);
    ck_assert_str_eq(settings->out, "a,\"b\"");
    ck_assert_str_eq(settings->status, "st");
    ck_assert_str_eq(settings->name, "c d");
    ck_assert_uint_eq(settings->first, 7);
    ck_assert_uint_eq(settings->show, 3);
    ck_assert_uint_eq(settings->rules->len, 3);
    ck_assert_str_eq(rule_of(settings, 0)->rule->name, "crc");
    ck_assert_ptr_null(rule_of(settings, 1)->label);
    ck_assert_uint_eq(rule_of(settings, 1)->param[0], 1000000000);
    ck_assert_uint_eq(rule_of(settings, 1)->param[1], 2000000);
    ck_assert_str_eq(rule_of(settings, 2)->label, "b");
    ck_assert_uint_eq(rule_of(settings, 2)->param[0], 3000000000);
    ck_assert_uint_eq(rule_of(settings, 2)->param[1], 0);
    check_settings_free(settings);
}
END_TEST

START_TEST(what_is_off_is_not_at_work)
{
    check_settings *all = read_words("");
    check_settings *settings = read_words(",crc(off),malformed(off=yes),messages(off=no)");
    ck_assert_uint_eq(settings->rules->len, all->rules->len - 2);
    ck_assert_str_eq(rule_of(settings, 0)->rule->name, "continuation");
    check_settings_free(settings);
    check_settings_free(all);
}
END_TEST

static void assert_error(const char *words, const char *begins)
{
    char *error = NULL;
    ck_assert_msg(check_settings_read(words, &error) == NULL, "%s is taken", words);
    ck_assert_msg(g_str_has_prefix(error, begins), "%s: %s", words, error);
    g_free(error);
}

START_TEST(wrong_words)
{
    static const struct {
        const char *words;
        const char *error;
    } rows[] = {
        {"crc", "words are separated by , or ;: this is neither at 'crc'"},
        {",crc crc", "words are separated by , or ;: this is neither at 'crc'"},
        {",(max=1s)", "a rule's name is missing at '(max=1s)'"},
        {",crcs", "there is no rule 'crcs'; there are: crc, malformed, continuation, "},
        {",heartbeat(max=1s", "a closing bracket is missing at ''"},
        {",heartbeat(max)", "a parameter is written name=value; this is none at ')'"},
        {",heartbeat(maxi=1s)",
         "the rule heartbeat has no parameter 'maxi'; its parameters: max, min"},
        {",crc(max=1s)", "the rule crc has no parameter 'max'; its parameters: none"},
        {",heartbeat(max=1)", "max of heartbeat: '1' is not a time with its unit"},
        {",heartbeat(off=maybe)", "'maybe' is not yes or no"},
        {",format=xml", "there is no format 'xml'; there are: text, tap, junit, json"},
        {",colour=red", "there is no setting 'colour'; there are: file, format, out, status, "
                        "name, first, show"},
        {",first=x", "'x' is not a number such as 10"},
        {",show=1000000001", "1000000001 is too large"},
        {",name=\"a", "a quotation mark is missing at ''"},
        {",only", "no rule is left to judge by"},
        {",only,crc(off)", "no rule is left to judge by"},
        {",file=/nonexistent/rules", "Failed to open file"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_error(rows[i].words, rows[i].error);
}
END_TEST

/* ---- files of rules ---- */

/* The error about a file with this text, without its path; to be freed. NULL: there is none. */
static char *error_of_file(const char *text, gssize length)
{
    char *path = scenario_file(text, length);
    char *words = g_strdup_printf(",file=%s", path);
    char *error = NULL;
    check_settings *settings = check_settings_read(words, &error);
    ck_assert((settings == NULL) == (error != NULL));
    check_settings_free(settings);
    (void)g_remove(path);
    if (error != NULL) {
        char **parts = g_strsplit(error, path, -1);
        g_free(error);
        error = g_strjoinv("FILE", parts);
        g_strfreev(parts);
    }
    g_free(words);
    g_free(path);
    return error;
}

START_TEST(a_file_of_rules)
{
    char *path = scenario_file("# a comment\n\n[check]\nonly = yes\nstrict=no\nshow = 5000\n"
                               "[rule heartbeat]\n  max = 1s  \n[rule heartbeat slow]\nmax = 9s\n"
                               "[rule crc]\noff = yes\n[expect e]\n> UP\n",
                               -1);
    char *words = g_strdup_printf(",file=%s,heartbeat(max=2s)", path);
    check_settings *settings = read_words(words);
    ck_assert(settings->only && !settings->strict);
    ck_assert_uint_eq(settings->show, CHECK_FINDINGS_MAX);
    ck_assert_uint_eq(settings->rules->len, 3);
    ck_assert_uint_eq(rule_of(settings, 0)->param[0], 2000000000); /* the later word counts */
    ck_assert_str_eq(rule_of(settings, 1)->label, "slow");
    ck_assert_uint_eq(rule_of(settings, 1)->param[0], 9000000000);
    ck_assert_str_eq(rule_of(settings, 2)->label, "e");
    check_settings_free(settings);
    (void)g_remove(path);
    g_free(words);
    g_free(path);
}
END_TEST

START_TEST(wrong_files)
{
    static const struct {
        const char *text;
        const char *error;
    } rows[] = {
        {"max = 1s\n", "FILE:1: this stands in no group"},
        {"[check\n", "FILE:1: a ] is missing"},
        {"[other]\nx\n",
         "FILE:1: a group is [check], [rule NAME], [rule NAME LABEL] or [expect NAME]"},
        {"[check]\nnonsense\n", "FILE:2: a setting is written name = value"},
        {"[check]\nonly = perhaps\n", "FILE:2: 'perhaps' is not yes or no"},
        {"[check]\nformat = tap\n",
         "FILE:2: [check] has no setting 'format'; it has: only, strict, show"},
        {"[rule heartbeat]\nmax = 1\n\n[check]\nshow = x\n",
         "FILE:2: max of heartbeat: '1' is not a time with its unit (ns, us, ms, s, min, h), such "
         "as 250ms\nFILE:5: 'x' is not a number such as 10"},
        {"[expect a]\n> UP\n[expect a]\n> UP\n",
         "FILE:3: there is an [expect a] already, in line 1"},
        {"[expect a]\n[check]\n", "FILE:1: [expect a] expects nothing"},
        {"[expect a]\n? > UP\n", "FILE:1: [expect a] expects nothing"},
        {"[expect a]\n> DOWN\n", "FILE:2: 'DOWN' is not message types such as UP|PUSH, or any"},
        {"[expect a]\nUP\n", "FILE:2: neither a setting (name = value) nor a step"},
        {"[expect a]\n>\n", "FILE:2: the message type is missing"},
        {"[expect a]\n3 UP\n", "FILE:2: a step begins with > (from the client), < (from the "
                               "server) or - (either)"},
        {"[expect a]\n0 > UP\n", "FILE:2: '0' is no number of times"},
        {"[expect a]\n257 > UP\n", "FILE:2: '257' is no number of times"},
        {"[expect a]\n256 > UP\n> UP\n", "FILE:3: more than 256 steps"},
        {"[expect a]\n> UP client_id\n",
         "FILE:2: 'client_id' is no condition (field=value), nor 'within'"},
        {"[expect a]\n> UP client_id!1\n", "FILE:2: 'client_id!1' has no comparison"},
        {"[expect a]\n> UP colour=1\n",
         "FILE:2: there is no field 'colour'; there are: body, device_id, conn_id, code, type, "
         "client_id, session_id, msg_id, from_msg_id, to_msg_id, msg_len, var_head_len"},
        {"[expect a]\n> UP code=1\n", "FILE:2: none of these types has the field code"},
        {"[expect a]\n> UP body<x\n", "FILE:2: a body is compared with = or !="},
        {"[expect a]\n> UP client_id=$\n", "FILE:2: a variable's name is missing behind $"},
        {"[expect a]\n> UP client_id=$x+1\n", "FILE:2: $x has no value yet"},
        {"[expect a]\n> UP client_id=$x\n> UP client_id=$x*2\n",
         "FILE:3: behind a variable stands + or - and a number, not '*2'"},
        {"[expect a]\n> UP within\n", "FILE:2: 'within TIME' stands at the end"},
        {"[expect a]\n> UP within 1s client_id=1\n", "FILE:2: 'within TIME' stands at the end"},
        {"[expect a]\nof = world\n", "FILE:2: of is connection, device or capture, not 'world'"},
        {"[expect a]\nmatch = all\n", "FILE:2: match is any or each, not 'all'"},
        {"[expect a]\nothers = deny\n", "FILE:2: others is allow or forbid, not 'deny'"},
        {"[expect a]\nnumber = x\n", "FILE:2: 'x' is not a number such as 10"},
        {"[expect a]\nsize = 1\n",
         "FILE:2: there is no setting 'size'; there are: of, match, number, others"},
        {"[expect a]\n> UP\nof = device\n", "FILE:3: settings stand in front of the steps"},
        {"\xff\n", "FILE is no file of rules: not text, or longer than 1 MiB"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *error = error_of_file(rows[i].text, -1);
        ck_assert_msg(g_strcmp0(error, rows[i].error) == 0, "%s: %s", rows[i].text, error);
        g_free(error);
    }
}
END_TEST

START_TEST(bounds_of_a_file)
{
    const gssize most = 1024 * 1024;
    char *text = g_strnfill((gsize)most + 1, '#');
    char *error = error_of_file(text, most);
    ck_assert_ptr_null(error);
    error = error_of_file(text, most + 1);
    ck_assert_str_eq(error, "FILE is no file of rules: not text, or longer than 1 MiB");
    g_free(error);
    error = error_of_file("a\0b", 3);
    ck_assert_str_eq(error, "FILE is no file of rules: not text, or longer than 1 MiB");
    g_free(error);
    memset(text, 'x', 400);
    for (int i = 1; i < 400; i += 2)
        text[i] = '\n';
    error = error_of_file(text, 400);
    char **lines = g_strsplit(error, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 100);
    g_strfreev(lines);
    g_free(error);
    g_free(text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        values_of_each_kind,
        wrong_values_of_each_kind,
        times_for_people,
        every_default_is_a_value,
        no_words_are_all_rules_on_by_default,
        words_of_all_kinds,
        what_is_off_is_not_at_work,
        wrong_words,
        a_file_of_rules,
        wrong_files,
        bounds_of_a_file,
    };
    return RUN_TESTS("check: settings", tests);
}
