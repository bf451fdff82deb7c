/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What follows "-z plato,check":
 *
 *     option = { ("," | ";") word }
 *     word   = rule [ "(" [ param "=" value { ("," | ";") param "=" value } ] ")" ]
 *            | name "=" value  |  "only"  |  "strict"  |  "part"  |  "list"
 *     value  = '"' any characters, '\' before '"' and '\' '"'
 *            | characters but , ; ( ) "
 */
#include "settings.h"

#include <string.h>

typedef struct reader {
    check_settings *settings;
    const char *p;
    char **error;
} reader;

static bool fail(const reader *r, const char *what)
{
    *r->error = g_strdup_printf("%s at '%.40s'", what, r->p);
    return false;
}

static bool is_separator(char c)
{
    return c == ',' || c == ';';
}

static char *read_name(reader *r)
{
    const size_t n =
        strspn(r->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    char *name = g_strndup(r->p, n);
    r->p += n;
    return name;
}

/* To be freed with g_free(); NULL with an error. */
static char *read_text(reader *r)
{
    if (*r->p != '"') {
        const size_t n = strcspn(r->p, ",;()\"");
        char *text = g_strndup(r->p, n);
        r->p += n;
        return g_strstrip(text);
    }
    GString *text = g_string_new(NULL);
    for (r->p++; *r->p != '"'; r->p++) {
        if (r->p[0] == '\\' && r->p[1] != '\0')
            r->p++;
        if (*r->p == '\0') {
            g_string_free(text, TRUE);
            fail(r, "a quotation mark is missing");
            return NULL;
        }
        g_string_append_c(text, *r->p);
    }
    r->p++;
    return g_string_free(text, FALSE);
}

static bool take_text(char **where, char *text)
{
    g_free(*where);
    *where = text;
    return true;
}

static bool set_number(unsigned *where, char *text, const reader *r)
{
    uint64_t value;
    char *problem = NULL;
    const bool ok = check_read_value(KIND_COUNT, text, &value, &problem) && value <= 1000000000;
    if (ok)
        *where = (unsigned)value;
    else
        *r->error = problem != NULL ? problem : g_strdup_printf("%s is too large", text);
    g_free(text);
    return ok;
}

static bool set_format(check_settings *settings, char *text, const reader *r)
{
    static const char *const names[] = {"text", "tap", "junit", "json"};
    bool found = false;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], text) == 0) {
            settings->format = (check_format)i;
            found = true;
        }
    }
    if (!found)
        *r->error =
            g_strdup_printf("there is no format '%s'; there are: text, tap, junit, json", text);
    g_free(text);
    return found;
}

/* name=value */
static bool read_setting(reader *r, const char *name)
{
    check_settings *settings = r->settings;
    r->p++;
    char *value = read_text(r);
    if (value == NULL)
        return false;
    if (strcmp(name, "file") == 0) {
        const bool ok = check_settings_read_file(settings, value, r->error);
        g_free(value);
        return ok;
    }
    if (strcmp(name, "format") == 0)
        return set_format(settings, value, r);
    if (strcmp(name, "out") == 0)
        return take_text(&settings->out, value);
    if (strcmp(name, "status") == 0)
        return take_text(&settings->status, value);
    if (strcmp(name, "name") == 0)
        return take_text(&settings->name, value);
    if (strcmp(name, "first") == 0)
        return set_number(&settings->first, value, r);
    if (strcmp(name, "show") == 0)
        return set_number(&settings->show, value, r);
    *r->error = g_strdup_printf("there is no setting '%s'; there are: file, format, out, status, "
                                "name, first, show",
                                name);
    g_free(value);
    return false;
}

/* name=value; both to be freed. "off" may stand alone. */
static bool read_param(reader *r, char **name, char **value)
{
    *name = read_name(r);
    *value = NULL;
    if (*r->p == '=') {
        r->p++;
        *value = read_text(r);
    } else if (strcmp(*name, "off") == 0) {
        *value = g_strdup("yes");
    } else {
        fail(r, "a parameter is written name=value; this is none");
    }
    return *value != NULL;
}

/* All of them, names and values in turn. */
static bool read_params(reader *r, GPtrArray *params)
{
    for (r->p++; *r->p != ')';) {
        char *name;
        char *value;
        const bool ok = read_param(r, &name, &value);
        g_ptr_array_add(params, name);
        g_ptr_array_add(params, value);
        if (!ok)
            return false;
        if (is_separator(*r->p))
            r->p++;
        else if (*r->p != ')')
            return fail(r, "a closing bracket is missing");
    }
    r->p++;
    return true;
}

/* The label says which instance of the rule the others are for. */
static bool set_params(const reader *r, const char *rule_name, const GPtrArray *params)
{
    const char *label = NULL;
    for (guint i = 0; i < params->len; i += 2) {
        if (strcmp(g_ptr_array_index(params, i), "label") == 0)
            label = g_ptr_array_index(params, i + 1);
    }
    check_instance *rule = check_settings_rule(r->settings, rule_name, label, r->error);
    bool ok = rule != NULL;
    for (guint i = 0; ok && i < params->len; i += 2) {
        const char *name = g_ptr_array_index(params, i);
        if (strcmp(name, "label") != 0)
            ok = check_set_param(rule, name, g_ptr_array_index(params, i + 1), r->error);
    }
    return ok;
}

static bool read_rule(reader *r, const char *name)
{
    GPtrArray *params = g_ptr_array_new_with_free_func(g_free);
    const bool ok = (*r->p != '(' || read_params(r, params)) && set_params(r, name, params);
    g_ptr_array_unref(params);
    return ok;
}

static bool read_word(reader *r, const char *name)
{
    check_settings *settings = r->settings;
    if (*r->p == '=')
        return read_setting(r, name);
    if (strcmp(name, "only") == 0)
        settings->only = true;
    else if (strcmp(name, "strict") == 0)
        settings->strict = true;
    else if (strcmp(name, "part") == 0)
        settings->part = true;
    else
        return read_rule(r, name);
    return true;
}

static bool read_words(reader *r)
{
    while (*r->p != '\0') {
        if (!is_separator(*r->p))
            return fail(r, "words are separated by , or ;: this is neither");
        r->p++;
        r->p += strspn(r->p, " ");
        if (*r->p == '\0')
            return true;
        char *name = read_name(r);
        const bool ok = name[0] != '\0' ? read_word(r, name) : fail(r, "a rule's name is missing");
        g_free(name);
        if (!ok)
            return false;
        r->p += strspn(r->p, " ");
    }
    return true;
}

check_settings *check_settings_read(const char *words, char **error)
{
    reader r = {check_settings_new(), words, error};
    if (!read_words(&r)) {
        check_settings_free(r.settings);
        return NULL;
    }
    check_settings_complete(r.settings);
    if (r.settings->rules->len == 0) {
        *error = g_strdup("no rule is left to judge by");
        check_settings_free(r.settings);
        return NULL;
    }
    return r.settings;
}
