/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar; words are separated by blanks, # begins a comment:
 *
 *     seed N
 *     connection WHICH [odds P] DIRECTION PLACE ACTION
 *
 *     WHICH      all | N | N-M | every N
 *     DIRECTION  up | down | both
 *     PLACE      at OFFSET | from OFFSET [to OFFSET]
 *     OFFSET     N | N..M
 *     ACTION     a name of chaos_actions, its value, and the keyword with the second value
 */
#include "chaos/scenario.h"

#include "common/text_file.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES (UINT64_C(1) << 40)
#define MOST_MS 3600000u

const chaos_action chaos_actions[CHAOS_KINDS] = {
    [CHAOS_RESEGMENT] = {"resegment", true, false, "BYTES", 1, 65536, "pause", 0},
    [CHAOS_MERGE] = {"merge", true, false, "BYTES", 1, 65536, "within", 100},
    [CHAOS_THROTTLE] = {"throttle", true, false, "BYTES-PER-SECOND", 1, MOST_BYTES, NULL, 0},
    [CHAOS_FLIP_ONE_IN] = {"flip-one-in", true, false, "BYTES", 1, MOST_BYTES, NULL, 0},
    [CHAOS_STALL] = {"stall", false, false, "MS", 1, MOST_MS, NULL, 0},
    [CHAOS_FLIP] = {"flip", false, false, "BIT", 0, 7, NULL, 0},
    [CHAOS_CUT] = {"cut", false, false, NULL, 0, 0, NULL, 0},
    [CHAOS_RESET] = {"reset", false, false, NULL, 0, 0, NULL, 0},
    [CHAOS_HALF_CLOSE] = {"half-close", false, false, NULL, 0, 0, NULL, 0},
    [CHAOS_REPLAY] = {"replay", false, true, NULL, 0, 0, NULL, 0},
};

/* The words of a line that are still to be read; what is wrong with it, once something is. */
typedef struct words {
    char **next;
    char *error;
} words;

static void G_GNUC_PRINTF(2, 3) complain(words *w, const char *format, ...)
{
    va_list arguments;
    if (w->error != NULL)
        return;
    va_start(arguments, format);
    w->error = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

static bool ended(const words *w)
{
    return *w->next == NULL;
}

static const char *peek(const words *w)
{
    return ended(w) ? "the end of the line" : *w->next;
}

/* Takes the word if it is this one. */
static bool accept(words *w, const char *word)
{
    if (ended(w) || strcmp(*w->next, word) != 0)
        return false;
    w->next++;
    return true;
}

static uint64_t number(words *w, const char *what, uint64_t least, uint64_t most)
{
    guint64 value = 0;
    if (ended(w) || !g_ascii_string_to_unsigned(*w->next, 10, least, most, &value, NULL))
        complain(
            w, "%s must be a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT ", not '%s'",
            what, least, most, peek(w));
    else
        w->next++;
    return value;
}

/* "5" or "5SEPARATOR9". */
static void range(words *w, const char *what, const char *separator, uint64_t least, uint64_t most,
                  uint64_t *from, uint64_t *to)
{
    guint64 a = 0, b = 0;
    char **parts = g_strsplit(ended(w) ? "" : *w->next, separator, 2);
    const bool two = parts[0] != NULL && parts[1] != NULL;
    const bool ok = parts[0] != NULL &&
                    g_ascii_string_to_unsigned(parts[0], 10, least, most, &a, NULL) &&
                    (!two || g_ascii_string_to_unsigned(parts[1], 10, a, most, &b, NULL));
    g_strfreev(parts);
    if (!ok) {
        complain(w, "%s must be a number or two, as 5 or 5%s9, not '%s'", what, separator, peek(w));
        return;
    }
    *from = a;
    *to = two ? b : a;
    w->next++;
}

static chaos_offset offset(words *w)
{
    chaos_offset o = {0, 0};
    range(w, "an offset", "..", 0, MOST_BYTES, &o.least, &o.most);
    return o;
}

static void which(words *w, chaos_rule *rule)
{
    rule->first = rule->every = 1;
    rule->last = UINT64_MAX;
    if (accept(w, "all"))
        return;
    if (accept(w, "every"))
        rule->first = rule->every = number(w, "every", 1, MOST_BYTES);
    else
        range(w, "which connection", "-", 1, MOST_BYTES, &rule->first, &rule->last);
}

static void odds(words *w, chaos_rule *rule)
{
    char *end = NULL;
    rule->odds = 1;
    if (!accept(w, "odds"))
        return;
    rule->odds = ended(w) ? -1 : g_ascii_strtod(*w->next, &end);
    if (end == NULL || *end != '\0' || !(rule->odds >= 0 && rule->odds <= 1))
        complain(w, "odds must be from 0 to 1, not '%s'", peek(w));
    else
        w->next++;
}

static void direction(words *w, chaos_rule *rule)
{
    const bool both = accept(w, "both");
    rule->up = both || accept(w, "up");
    rule->down = both || (!rule->up && accept(w, "down"));
    if (!rule->up && !rule->down)
        complain(w, "the direction must be up, down or both, not '%s'", peek(w));
}

/* True for a range. */
static bool place(words *w, chaos_rule *rule)
{
    rule->end = (chaos_offset){CHAOS_NO_END, CHAOS_NO_END};
    if (accept(w, "at")) {
        rule->begin = offset(w);
        return false;
    }
    if (!accept(w, "from"))
        complain(w, "the place must begin with 'at' or 'from', not '%s'", peek(w));
    rule->begin = offset(w);
    if (accept(w, "to"))
        rule->end = offset(w);
    if (rule->end.least <= rule->begin.most)
        complain(w, "the range ends before it begins");
    return true;
}

static void action(words *w, chaos_rule *rule, bool over_range)
{
    int kind = 0;
    while (kind < CHAOS_KINDS && !accept(w, chaos_actions[kind].name))
        kind++;
    if (kind == CHAOS_KINDS) {
        complain(w, "'%s' is no action", peek(w));
        return;
    }
    const chaos_action *a = &chaos_actions[kind];
    rule->kind = (chaos_kind)kind;
    if (a->over_range != over_range)
        complain(w, "%s goes with '%s'", a->name, a->over_range ? "from" : "at");
    if (a->up_only && rule->down)
        complain(w, "%s goes with 'up' only", a->name);
    if (a->unit != NULL)
        rule->value = number(w, a->unit, a->least, a->most);
    rule->extra = a->extra_default;
    if (a->extra != NULL && accept(w, a->extra))
        rule->extra = number(w, a->extra, 0, MOST_MS);
}

static void read_line(words *w, scenario *s, unsigned line)
{
    chaos_rule rule = {.line = line};
    if (accept(w, "seed")) {
        s->seed = number(w, "seed", 0, UINT64_MAX);
    } else if (accept(w, "connection")) {
        which(w, &rule);
        odds(w, &rule);
        direction(w, &rule);
        const bool over_range = place(w, &rule);
        action(w, &rule, over_range);
        g_array_append_val(s->rules, rule);
    } else {
        complain(w, "a line begins with 'seed' or 'connection', not '%s'", peek(w));
    }
    if (!ended(w))
        complain(w, "'%s' is too much", *w->next);
}

/* The line's words, without its comment; to be freed with g_strfreev(). */
static char **split(const char *line)
{
    GPtrArray *found = g_ptr_array_new();
    char *text = g_strndup(line, strcspn(line, "#"));
    char **all = g_strsplit_set(text, " \t\r", -1);
    for (char **word = all; *word != NULL; word++)
        if (**word != '\0')
            g_ptr_array_add(found, g_strdup(*word));
    g_ptr_array_add(found, NULL);
    g_strfreev(all);
    g_free(text);
    return (char **)g_ptr_array_free(found, FALSE);
}

scenario *scenario_parse(const char *name, const char *text, char **error)
{
    scenario *s = g_new0(scenario, 1);
    char **lines = g_strsplit(text, "\n", -1);
    s->rules = g_array_new(FALSE, FALSE, sizeof(chaos_rule));
    s->seed = 1;
    *error = NULL;
    for (unsigned i = 0; lines[i] != NULL && *error == NULL; i++) {
        char **all = split(lines[i]);
        words w = {all, NULL};
        if (*all != NULL)
            read_line(&w, s, i + 1);
        if (w.error != NULL)
            *error = g_strdup_printf("%s:%u: %s", name, i + 1, w.error);
        g_free(w.error);
        g_strfreev(all);
    }
    g_strfreev(lines);
    if (*error != NULL)
        g_clear_pointer(&s, scenario_free);
    return s;
}

scenario *scenario_read(const char *path, char **error)
{
    char *text = text_file_read(path, error);
    scenario *s = text != NULL ? scenario_parse(path, text, error) : NULL;
    g_free(text);
    return s;
}

void scenario_free(scenario *s)
{
    if (s == NULL)
        return;
    g_array_unref(s->rules);
    g_free(s);
}
