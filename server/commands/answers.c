/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/answers.h"

#include <string.h>

struct answer_row {
    const char *name;
    void (*write)(const answer_source *source, GString *result); /* NULL: its own parameters */
};

static void write_time(const answer_source *source, GString *result)
{
    const int64_t us = source->wall_us(source->user);
    GDateTime *second = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);
    char *text = g_date_time_format(second, "%Y-%m-%dT%H:%M:%S");
    g_string_append_printf(result, "%s.%03dZ", text, (int)(us % G_USEC_PER_SEC / 1000));
    g_free(text);
    g_date_time_unref(second);
}

static void write_version(const answer_source *source, GString *result)
{
    g_string_append_printf(result, "plato-server %s", source->version);
}

static void write_stats(const answer_source *source, GString *result)
{
    source->stats(source->user, result);
}

static const answer_row rows[] = {
    {"ECHO", NULL},         {"PING", NULL}, {"TIME", write_time}, {"VERSION", write_version},
    {"STATS", write_stats},
};

const answer_row *answer_find(plato_span name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strlen(rows[i].name) == name.n && memcmp(rows[i].name, name.p, name.n) == 0)
            return &rows[i];
    }
    return NULL;
}

bool answer_is_same(const answer_row *row)
{
    return row->write == NULL;
}

bool answer_takes(const answer_row *row, plato_span params)
{
    return answer_is_same(row) || params.n == 0;
}

void answer_write(const answer_row *row, const answer_source *source, GString *result)
{
    row->write(source, result);
}
