/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

static void connection_free(gpointer data)
{
    connection_plan *connection = data;
    g_free(connection->name);
    g_free(connection);
}

static void clear_array(GArray **array)
{
    g_clear_pointer(array, g_array_unref);
}

static void step_free(gpointer data)
{
    step *s = data;
    if (s->bytes != NULL)
        g_byte_array_unref(s->bytes);
    g_free(s->name);
    clear_array(&s->how.cuts);
    clear_array(&s->how.order);
    clear_array(&s->how.lost);
    clear_array(&s->how.again);
    clear_array(&s->how.names);
    clear_array(&s->how.held);
    g_free(s->how.comment);
    g_free(s);
}

scenario *scenario_new(void)
{
    scenario *s = g_new0(scenario, 1);
    s->connections = g_ptr_array_new_with_free_func(connection_free);
    s->steps = g_ptr_array_new_with_free_func(step_free);
    s->start_ns = G_GUINT64_CONSTANT(1700000000) * 1000000000;
    s->snaplen = 262144;
    return s;
}

void scenario_free(scenario *s)
{
    if (s == NULL)
        return;
    g_ptr_array_unref(s->connections);
    g_ptr_array_unref(s->steps);
    g_free(s->comment);
    g_free(s);
}

connection_plan *scenario_add_connection(scenario *s, const char *name)
{
    connection_plan *connection = g_new0(connection_plan, 1);
    connection->name = g_strdup(name);
    g_ptr_array_add(s->connections, connection);
    return connection;
}

step *scenario_add_step(scenario *s, step_kind kind, guint line)
{
    step *added = g_new0(step, 1);
    added->kind = kind;
    added->line = line;
    g_ptr_array_add(s->steps, added);
    return added;
}

gint scenario_find(const scenario *s, const char *name)
{
    for (guint i = 0; i < s->connections->len; i++) {
        const connection_plan *connection = g_ptr_array_index(s->connections, i);
        if (strcmp(connection->name, name) == 0)
            return (gint)i;
    }
    return -1;
}
