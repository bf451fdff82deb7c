/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/option_table.h"

#include "common/program_options.h"

#include <string.h>

/* What is needed while GLib reads the command line. */
typedef struct parse {
    const option_group *groups;
    size_t n;
    char *values;
    GArray *numbers;     /* gint64, one for each row of all groups: GLib writes there */
    GStringChunk *texts; /* help */
} parse;

static gint64 get_number(const char *values, const option_row *row)
{
    const void *at = values + row->offset;
    gint32 small;
    gint64 large;
    if (row->size == sizeof small) {
        memcpy(&small, at, sizeof small);
        return small;
    }
    memcpy(&large, at, sizeof large);
    return large;
}

static void set_number(char *values, const option_row *row, gint64 number)
{
    void *at = values + row->offset;
    const gint32 small = (gint32)number;
    if (row->size == sizeof small)
        memcpy(at, &small, sizeof small);
    else
        memcpy(at, &number, sizeof number);
}

static const char *help_for(const parse *p, const option_row *row, gint64 number)
{
    if (row->kind != OPTION_NUMBER || row->unsaid)
        return row->help;
    char *text = g_strdup_printf("%s (default %" G_GINT64_FORMAT ")", row->help, number);
    const char *kept = g_string_chunk_insert(p->texts, text);
    g_free(text);
    return kept;
}

static GOptionEntry entry_for(const parse *p, const option_row *row, gint64 *number)
{
    static const GOptionArg args[] = {
        [OPTION_NUMBER] = G_OPTION_ARG_INT64,
        [OPTION_TEXT] = G_OPTION_ARG_STRING,
        [OPTION_FLAG] = G_OPTION_ARG_NONE,
    };
    void *place = row->kind == OPTION_NUMBER ? (void *)number : p->values + row->offset;
    if (row->kind == OPTION_NUMBER)
        *number = get_number(p->values, row) / row->scale;
    return (GOptionEntry){
        row->name, row->letter, 0, args[row->kind], place, help_for(p, row, *number), row->unit};
}

static void add_group(const parse *p, GOptionContext *context, const option_group *group,
                      gint64 *numbers)
{
    GOptionGroup *to = g_option_group_new(group->name, group->title, group->title, NULL, NULL);
    for (size_t i = 0; i < group->n; i++) {
        const GOptionEntry entries[] = {entry_for(p, &group->rows[i], &numbers[i]),
                                        G_OPTION_ENTRY_NULL};
        g_option_group_add_entries(to, entries);
    }
    g_option_context_add_group(context, to);
}

static size_t count_rows(const parse *p)
{
    size_t rows = 0;
    for (size_t i = 0; i < p->n; i++)
        rows += p->groups[i].n;
    return rows;
}

static bool take_number(const parse *p, const option_row *row, gint64 number, GError **error)
{
    if (number < row->least || number > row->most) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--%s must be from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                    ", not %" G_GINT64_FORMAT,
                    row->name, row->least, row->most, number);
        return false;
    }
    set_number(p->values, row, number * row->scale);
    return true;
}

/* Puts the numbers that GLib has read where they belong. */
static bool take_numbers(const parse *p, GError **error)
{
    const gint64 *number = (const gint64 *)(const void *)p->numbers->data;
    for (size_t g = 0; g < p->n; g++) {
        for (size_t i = 0; i < p->groups[g].n; i++, number++) {
            const option_row *row = &p->groups[g].rows[i];
            if (row->kind == OPTION_NUMBER && !take_number(p, row, *number, error))
                return false;
        }
    }
    return true;
}

/* GLib's own --help shows one group at a time. */
static GOptionContext *new_context(const parse *p, const option_text *text, gboolean *wanted)
{
    const GOptionEntry entries[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, wanted, "Show help options", NULL},
        G_OPTION_ENTRY_NULL};
    GOptionContext *context = g_option_context_new(text->summary);
    g_option_context_set_help_enabled(context, FALSE);
    gint64 *numbers = (gint64 *)(void *)p->numbers->data;
    for (size_t i = 0; i < p->n; i++) {
        add_group(p, context, &p->groups[i], numbers);
        numbers += p->groups[i].n;
    }
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, text->description);
    return context;
}

bool option_table_parse(const option_group *groups, size_t n, const option_text *text, void *values,
                        int argc, char **argv, char **help, GError **error)
{
    gboolean help_wanted = FALSE;
    parse p = {groups, n, values, g_array_new(FALSE, TRUE, sizeof(gint64)),
               g_string_chunk_new(4096)};
    g_array_set_size(p.numbers, (guint)count_rows(&p));
    GOptionContext *context = new_context(&p, text, &help_wanted);
    bool ok = g_option_context_parse(context, &argc, &argv, error);
    if (ok && help_wanted)
        *help = g_option_context_get_help(context, FALSE, NULL);
    else
        ok = ok && program_options_nothing_left(argc, argv, error) && take_numbers(&p, error);
    g_option_context_free(context);
    g_string_chunk_free(p.texts);
    g_array_unref(p.numbers);
    return ok;
}
