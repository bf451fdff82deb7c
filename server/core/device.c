/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/device.h"

#include "core/chat.h"

/* Bytes of an ACK that tell of lost messages; it may be one session more. */
#define MOST_TOLD 400

struct device *device_find(struct core *core, uint64_t device_id)
{
    const id_key key = id_key_make(core->config.hash_seed, device_id);
    return g_hash_table_lookup(core->devices, &key);
}

static void member_free(gpointer data)
{
    struct member *member = data;
    g_array_unref(member->msg_ids);
    g_free(member);
}

struct device *device_add(struct core *core, uint64_t device_id)
{
    struct device *device = g_new0(struct device, 1);
    device->device_id = device_id;
    device->key = id_key_make(core->config.hash_seed, device_id);
    device->away_link.data = device;
    device->members = id_table_new(member_free);
    g_hash_table_insert(core->devices, &device->key, device);
    core->stats.devices++;
    return device;
}

/* Leaves every session that is not in `keep`, which is ascending; NULL keeps none. */
static void leave_others(struct core *core, struct device *device, const GArray *keep,
                         uint64_t now_ms)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, device->members);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct member *member = value;
        if (keep != NULL &&
            g_array_binary_search((GArray *)keep, &member->chat->session_id, id_compare, NULL))
            continue;
        chat_leave(core, member, now_ms);
        g_hash_table_iter_remove(&iter); /* frees the struct member */
    }
}

static void end_away(struct core *core, struct device *device)
{
    if (device->away)
        g_queue_unlink(&core->away, &device->away_link);
    device->away = false;
}

static void forget_conn_id(struct core *core, uint64_t *conn_id)
{
    if (*conn_id != 0)
        g_hash_table_remove(core->conn_ids, conn_id);
    *conn_id = 0;
}

void device_remove(struct core *core, struct device *device, uint64_t now_ms)
{
    end_away(core, device);
    leave_others(core, device, NULL, now_ms);
    forget_conn_id(core, &device->conn_id);
    forget_conn_id(core, &device->earlier_conn_id);
    g_hash_table_unref(device->members);
    g_hash_table_remove(core->devices, &device->key);
    g_free(device);
    core->stats.devices--;
}

struct device *device_by_conn_id(struct core *core, uint64_t conn_id)
{
    return g_hash_table_lookup(core->conn_ids, &conn_id);
}

static void learn_conn_id(struct core *core, struct device *device, uint64_t conn_id)
{
    g_hash_table_insert(core->conn_ids, g_memdup2(&conn_id, sizeof conn_id), device);
}

void device_attach(struct core *core, struct device *device, connection *conn,
                   uint64_t lost_conn_id, uint64_t now_ms)
{
    if (device->connection != NULL) {
        core_log(core, CORE_LOG_INFO, device->connection,
                 "closed: device %" G_GUINT64_FORMAT " has a newer connection", device->device_id);
        connection_close(core, device->connection, true, now_ms);
    }
    /* The answer to a RECONN can be lost too: the id it named stays good beside the new one. */
    forget_conn_id(core, &device->conn_id);
    forget_conn_id(core, &device->earlier_conn_id);
    device->earlier_conn_id = lost_conn_id;
    if (lost_conn_id != 0)
        learn_conn_id(core, device, lost_conn_id);
    device->conn_id = core->next_conn_id++;
    learn_conn_id(core, device, device->conn_id);
    end_away(core, device);
    device->connection = conn;
    conn->device = device;
    conn->conn_id = device->conn_id;
    core_due(core, now_ms + core->config.idle_timeout_ms);
}

void device_detach(struct core *core, connection *conn, uint64_t now_ms)
{
    struct device *device = conn->device;
    if (device == NULL)
        return;
    conn->device = NULL;
    device->connection = NULL;
    device->away = true;
    device->away_since_ms = now_ms;
    g_queue_push_tail_link(&core->away, &device->away_link);
    core_due(core, now_ms + core->config.state_ttl_ms);
}

static void join(struct core *core, struct device *device, uint64_t session_id)
{
    if (device_member(core, device, session_id) != NULL)
        return;
    struct chat *chat = chat_find_or_add(core, session_id);
    struct member *member = g_new0(struct member, 1);
    member->device = device;
    member->msg_ids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    chat_join(core, chat, member);
    g_hash_table_insert(device->members, &chat->key, member);
}

void device_join(struct core *core, struct device *device, const GArray *session_ids,
                 uint64_t now_ms)
{
    for (guint i = 0; i < session_ids->len; i++)
        join(core, device, g_array_index(session_ids, uint64_t, i));
    leave_others(core, device, session_ids, now_ms);
}

struct member *device_member(const struct core *core, const struct device *device,
                             uint64_t session_id)
{
    const id_key key = id_key_make(core->config.hash_seed, session_id);
    return g_hash_table_lookup(device->members, &key);
}

/* One more session of which something is lost; the text must not grow without a limit. */
static void tell_lost(GString *lost, uint64_t session_id, uint64_t first, uint64_t last)
{
    if (lost->len > MOST_TOLD) {
        if (lost->str[lost->len - 1] != '.')
            g_string_append(lost, "; and others...");
        return;
    }
    g_string_append_printf(lost,
                           "%ssession %" G_GUINT64_FORMAT ": messages %" G_GUINT64_FORMAT
                           " to %" G_GUINT64_FORMAT,
                           lost->len == 0 ? "no longer kept: " : "; ", session_id, first, last);
}

void device_resume(struct core *core, struct device *device, GString *lost)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, device->members);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct member *member = value;
        uint64_t first, last;
        if (chat_resume(core, member, &first, &last))
            tell_lost(lost, member->chat->session_id, first, last);
    }
}

void device_catch_up(struct core *core, struct device *device, uint64_t now_ms)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, device->members);
    while (device->connection != NULL && g_hash_table_iter_next(&iter, NULL, &value)) {
        if (((struct member *)value)->resume_msg_id != 0)
            chat_catch_up(core, value, now_ms);
    }
}

void member_remember(const struct core *core, struct member *member, uint64_t client_id,
                     uint64_t msg_id)
{
    const guint slot = (guint)((client_id - 1) % core->config.dedup_window);
    if (slot >= member->msg_ids->len) /* grows with use, up to the window */
        g_array_append_val(member->msg_ids, msg_id);
    else
        g_array_index(member->msg_ids, uint64_t, slot) = msg_id;
    member->last_client_id = client_id;
}

uint64_t member_recall(const struct core *core, const struct member *member, uint64_t client_id)
{
    const unsigned window = core->config.dedup_window;
    if (client_id == 0 || client_id > member->last_client_id ||
        member->last_client_id - client_id >= window)
        return 0;
    return g_array_index(member->msg_ids, uint64_t, (client_id - 1) % window);
}
