/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core: how it is made, stopped and freed. */
#include "core/chat.h"
#include "core/commit.h"
#include "core/device.h"
#include "core/internal.h"

#define STOP_LINGER_MS 1000u /* who stops the server waits for it */

static void free_connection(gpointer data)
{
    connection_free(data);
}

struct core *core_new(const core_config *config)
{
    struct core *core = g_new0(struct core, 1);
    core->config = *config;
    core->connections = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_connection);
    core->devices = id_table_new(NULL);
    core->conn_ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    core->chats = id_table_new(NULL);
    g_queue_init(&core->away);
    g_queue_init(&core->empty);
    for (size_t i = 0; i < G_N_ELEMENTS(core->by_log_size); i++)
        g_queue_init(&core->by_log_size[i]);
    g_queue_init(&core->actions);
    commit_init(core);
    core->next_conn_id = config->first_conn_id;
    core->deadline_ms = UINT64_MAX;
    return core;
}

void core_free(struct core *core)
{
    core_action action;
    if (core == NULL)
        return;
    core->commit.on = false; /* nothing of what follows is to be kept */
    GList *devices = g_hash_table_get_values(core->devices);
    for (GList *l = devices; l != NULL; l = l->next)
        device_remove(core, l->data, 0);
    g_list_free(devices);
    while (!g_queue_is_empty(&core->empty)) /* all sessions, as nobody is left in any */
        chat_remove(core, g_queue_peek_head(&core->empty));
    while (core_take_action(core, &action))
        core_action_clear(&action);
    commit_clear(core);
    g_hash_table_unref(core->connections);
    g_hash_table_unref(core->devices);
    g_hash_table_unref(core->conn_ids);
    g_hash_table_unref(core->chats);
    g_free(core);
}

void core_stop(struct core *core, uint64_t now_ms)
{
    GHashTableIter iter;
    gpointer value;
    core->stopping = true;
    core->config.linger_ms = MIN(core->config.linger_ms, STOP_LINGER_MS);
    g_hash_table_iter_init(&iter, core->connections);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        connection *conn = value;
        connection_because(conn, CORE_CLOSED_SHUTDOWN);
        if (!conn->closing)
            connection_close(core, conn, true, now_ms);
    }
    core->config.commit_wait_ms = 0;
    core->config.lazy_commit_ms = 0;
    commit_later(core, now_ms);
    commit_check(core, now_ms);
}

core_stats core_get_stats(const struct core *core)
{
    core_stats stats = core->stats;
    stats.uncommitted = core->commit.sealed_no > core->commit.committed_no ||
                        core->commit.due_ms != UINT64_MAX ||
                        (core->stopping && core->commit.lazy_due_ms != UINT64_MAX);
    return stats;
}
