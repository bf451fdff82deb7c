/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of rules: groups in square brackets, a setting a line, comments after #. Errors name the
 * line, which GLib's key files cannot, and steps of an exchange are no settings.
 */
#include "expect.h"
#include "settings.h"

#include <string.h>

#define FILE_MAX (1024 * 1024) /* bytes */
#define ERRORS_MAX 100         /* reported of a file */

typedef struct rule_file {
    check_settings *settings;
    const char *path;
    unsigned line;
    enum { IN_NOTHING, IN_CHECK, IN_RULE, IN_EXPECT, IN_WRONG } group;
    check_instance *rule;
    expect_script *script;
    bool script_is_wrong; /* a line of it was */
    GString *errors;      /* a line for each */
    unsigned error_count;
} rule_file;

/* Takes `problem` over. */
static bool fail_at(rule_file *f, unsigned line, char *problem)
{
    if (f->error_count++ < ERRORS_MAX)
        g_string_append_printf(f->errors, "%s%s:%u: %s", f->errors->len > 0 ? "\n" : "", f->path,
                               line, problem);
    g_free(problem);
    return false;
}

static bool fail(rule_file *f, char *problem)
{
    return fail_at(f, f->line, problem);
}

static void end_of_group(rule_file *f)
{
    char *problem = NULL;
    if (f->group == IN_EXPECT && !f->script_is_wrong && !check_expect_finish(f->script, &problem))
        (void)fail_at(f, f->script->line, problem);
}

static bool begin_rule(rule_file *f, const char *name, const char *label)
{
    char *problem = NULL;
    f->group = IN_RULE;
    f->rule = check_settings_rule(f->settings, name, label, &problem);
    return f->rule != NULL || fail(f, problem);
}

static bool begin_expect(rule_file *f, const char *name)
{
    for (guint i = 0; i < f->settings->scripts->len; i++) {
        const expect_script *other = g_ptr_array_index(f->settings->scripts, i);
        if (strcmp(other->name, name) == 0)
            return fail(f, g_strdup_printf("there is an [expect %s] already, in line %u", name,
                                           other->line));
    }
    f->group = IN_EXPECT;
    f->script_is_wrong = false;
    f->script = check_expect_new(name, f->line);
    g_ptr_array_add(f->settings->scripts, f->script);
    return true;
}

static bool begin_group(rule_file *f, char *text)
{
    const size_t n = strlen(text);
    end_of_group(f);
    f->group = IN_WRONG; /* what follows is passed over, if this is no group */
    if (text[n - 1] != ']')
        return fail(f, g_strdup("a ] is missing"));
    text[n - 1] = '\0';
    char **words = g_strsplit(g_strstrip(text + 1), " ", 3);
    const guint count = g_strv_length(words);
    bool ok;
    if (count == 1 && strcmp(words[0], "check") == 0)
        ok = (f->group = IN_CHECK) == IN_CHECK;
    else if (count >= 2 && strcmp(words[0], "rule") == 0)
        ok = begin_rule(f, words[1], count == 3 ? words[2] : NULL);
    else if (count == 2 && strcmp(words[0], "expect") == 0)
        ok = begin_expect(f, words[1]);
    else
        ok = fail(f,
                  g_strdup("a group is [check], [rule NAME], [rule NAME LABEL] or [expect NAME]"));
    g_strfreev(words);
    if (!ok)
        f->group = IN_WRONG;
    return ok;
}

static bool set_for_check(check_settings *settings, const char *name, const char *value,
                          char **problem)
{
    uint64_t number;
    if (strcmp(name, "only") == 0) {
        if (!check_read_value(KIND_BOOL, value, &number, problem))
            return false;
        settings->only = number != 0;
    } else if (strcmp(name, "strict") == 0) {
        if (!check_read_value(KIND_BOOL, value, &number, problem))
            return false;
        settings->strict = number != 0;
    } else if (strcmp(name, "show") == 0) {
        if (!check_read_value(KIND_COUNT, value, &number, problem))
            return false;
        settings->show = (unsigned)MIN(number, CHECK_FINDINGS_MAX);
    } else {
        *problem = g_strdup_printf("[check] has no setting '%s'; it has: only, strict, show", name);
        return false;
    }
    return true;
}

/* name = value, in [check] and [rule]. */
static bool read_setting(rule_file *f, char *text)
{
    char *problem = NULL;
    char *equals = strchr(text, '=');
    if (equals == NULL)
        return fail(f, g_strdup("a setting is written name = value"));
    *equals = '\0';
    const char *name = g_strstrip(text);
    const char *value = g_strstrip(equals + 1);
    const bool ok = f->group == IN_RULE ? check_set_param(f->rule, name, value, &problem)
                                        : set_for_check(f->settings, name, value, &problem);
    return ok || fail(f, problem);
}

static bool read_line(rule_file *f, char *text)
{
    char *problem = NULL;
    g_strstrip(text);
    if (text[0] == '\0' || text[0] == '#')
        return true;
    if (text[0] == '[')
        return begin_group(f, text);
    if (f->group == IN_WRONG)
        return true; /* reported already */
    if (f->group == IN_NOTHING)
        return fail(f, g_strdup("this stands in no group"));
    if (f->group != IN_EXPECT)
        return read_setting(f, text);
    if (check_expect_read_line(f->script, f->line, text, &problem))
        return true;
    f->script_is_wrong = true;
    return fail(f, problem);
}

/* To be freed with g_free(); NULL with *error set. */
static char *content_of(const char *path, char **error)
{
    GError *problem = NULL;
    char *content = NULL;
    gsize length;
    if (!g_file_get_contents(path, &content, &length, &problem)) {
        *error = g_strdup(problem->message);
        g_error_free(problem);
        return NULL;
    }
    if (length > FILE_MAX || memchr(content, '\0', length) != NULL ||
        !g_utf8_validate(content, (gssize)length, NULL)) {
        *error = g_strdup_printf("%s is no file of rules: not text, or longer than 1 MiB", path);
        g_free(content);
        return NULL;
    }
    return content;
}

bool check_settings_read_file(check_settings *settings, const char *path, char **error)
{
    char *content = content_of(path, error);
    if (content == NULL)
        return false;
    char **lines = g_strsplit(content, "\n", -1);
    rule_file f = {.settings = settings, .path = path, .errors = g_string_new(NULL)};
    for (char **line = lines; *line != NULL; line++) {
        f.line++;
        (void)read_line(&f, *line);
    }
    end_of_group(&f);
    g_strfreev(lines);
    g_free(content);
    const bool ok = f.error_count == 0;
    *error = g_string_free(f.errors, ok);
    return ok;
}
