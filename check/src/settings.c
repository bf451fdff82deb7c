/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rules are at work, and with which parameters. */
#include "settings.h"

#include "expect.h"

#include <string.h>

/* "a, b, c" of what there is. To be freed with g_free(). */
static char *names_of_rules(void)
{
    GString *names = g_string_new(NULL);
    const check_rule *rule;
    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", rule->name);
    return g_string_free(names, FALSE);
}

static char *names_of_params(const check_rule *rule)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < CHECK_PARAMS && rule->params[i].name != NULL; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", rule->params[i].name);
    if (names->len == 0)
        g_string_append(names, "none");
    return g_string_free(names, FALSE);
}

static check_instance *new_instance(const check_rule *rule, const char *label)
{
    check_instance *instance = g_new0(check_instance, 1);
    instance->rule = rule;
    instance->label = g_strdup(label);
    for (size_t i = 0; i < CHECK_PARAMS && rule->params[i].name != NULL; i++) {
        char *error = NULL;
        if (!check_read_value(rule->params[i].kind, rule->params[i].default_value,
                              &instance->param[i], &error))
            g_free(error);
    }
    return instance;
}

static check_instance *find_instance(const check_settings *settings, const check_rule *rule,
                                     const char *label)
{
    for (guint i = 0; i < settings->rules->len; i++) {
        check_instance *instance = g_ptr_array_index(settings->rules, i);
        if (instance->rule == rule && g_strcmp0(instance->label, label) == 0)
            return instance;
    }
    return NULL;
}

check_instance *check_settings_rule(check_settings *settings, const char *name, const char *label,
                                    char **error)
{
    const check_rule *rule = check_find_rule(name);
    if (rule == NULL) {
        char *names = names_of_rules();
        *error = g_strdup_printf("there is no rule '%s'; there are: %s", name, names);
        g_free(names);
        return NULL;
    }
    check_instance *instance = find_instance(settings, rule, label);
    if (instance == NULL) {
        instance = new_instance(rule, label);
        instance->named = true;
        g_ptr_array_add(settings->rules, instance);
    }
    return instance;
}

bool check_set_param(check_instance *rule, const char *name, const char *value, char **error)
{
    const check_param *params = rule->rule->params;
    if (strcmp(name, "off") == 0) {
        uint64_t off;
        if (!check_read_value(KIND_BOOL, value, &off, error))
            return false;
        rule->off = off != 0;
        return true;
    }
    for (size_t i = 0; i < CHECK_PARAMS && params[i].name != NULL; i++) {
        if (strcmp(params[i].name, name) != 0)
            continue;
        char *problem = NULL;
        if (check_read_value(params[i].kind, value, &rule->param[i], &problem))
            return true;
        *error = g_strdup_printf("%s of %s: %s", name, rule->rule->name, problem);
        g_free(problem);
        return false;
    }
    char *names = names_of_params(rule->rule);
    *error = g_strdup_printf("the rule %s has no parameter '%s'; its parameters: %s",
                             rule->rule->name, name, names);
    g_free(names);
    return false;
}

static void free_instance(gpointer p)
{
    check_instance *instance = (check_instance *)p;
    check_findings_clear(&instance->broken);
    check_findings_clear(&instance->unsure);
    if (instance->table != NULL)
        g_hash_table_destroy(instance->table);
    check_expect_run_free(instance->expect);
    g_free(instance->label);
    g_free(instance->summary);
    g_free(instance);
}

check_settings *check_settings_new(void)
{
    check_settings *settings = g_new0(check_settings, 1);
    settings->rules = g_ptr_array_new_with_free_func(free_instance);
    settings->scripts = g_ptr_array_new_with_free_func(check_expect_free);
    settings->show = 10;
    settings->first = 1;
    return settings;
}

/* The table's rules in its order, labelled ones after the plain one, then the expectations. */
void check_settings_complete(check_settings *settings)
{
    GPtrArray *named = settings->rules;
    settings->rules = g_ptr_array_new_with_free_func(free_instance);
    const check_rule *rule;
    for (size_t r = 0; (rule = check_rule_at(r)) != NULL; r++) {
        bool is_named = false;
        for (guint i = 0; i < named->len; i++) {
            check_instance *instance = g_ptr_array_index(named, i);
            if (instance->rule != rule)
                continue;
            is_named = true;
            if (!instance->off)
                g_ptr_array_add(settings->rules, instance);
        }
        if (!is_named && rule->on_by_default && !settings->only)
            g_ptr_array_add(settings->rules, new_instance(rule, NULL));
    }
    g_ptr_array_set_free_func(named, NULL);
    for (guint i = 0; i < named->len; i++) {
        check_instance *instance = g_ptr_array_index(named, i);
        if (instance->off)
            free_instance(instance);
    }
    g_ptr_array_unref(named);
    for (guint i = 0; i < settings->scripts->len; i++) {
        const expect_script *script = g_ptr_array_index(settings->scripts, i);
        check_instance *instance = new_instance(&check_expect_rule, script->name);
        instance->script = script;
        instance->named = true;
        g_ptr_array_add(settings->rules, instance);
    }
}

void check_settings_free(check_settings *settings)
{
    if (settings == NULL)
        return;
    g_ptr_array_unref(settings->rules);
    g_ptr_array_unref(settings->scripts);
    g_free(settings->out);
    g_free(settings->status);
    g_free(settings->name);
    g_free(settings);
}
