/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/device.h"

#include "core/chat.h"
#include "core/commit.h"
#include "core/resend.h"

#include <string.h>

/* Bytes of an ACK that name lost messages; it may be one session more. */
#define MOST_TOLD 400

/* Messages of a session that are looked through for those of one member, after a restart. */
#define RECALL_SPAN UINT64_C(65536)

struct device *device_find(struct core *core, uint64_t device_id)
{
    const id_key key = id_key_make(core->config.hash_seed, device_id);
    return g_hash_table_lookup(core->devices, &key);
}

static void member_free(gpointer data)
{
    struct member *member = data;
    g_array_unref(member->msg_ids);
    g_free(member->in_flight);
    g_free(member);
}

struct device *device_add(struct core *core, uint64_t device_id)
{
    struct device *device = g_new0(struct device, 1);
    device->device_id = device_id;
    device->key = id_key_make(core->config.hash_seed, device_id);
    device->away_link.data = device;
    device->changed_link.data = device;
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
        flight_reset(core, member);
        commit_gone_member(core, member);
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
    commit_gone_device(core, device);
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
    if (conn_id == 0)
        return;
    g_hash_table_insert(core->conn_ids, g_memdup2(&conn_id, sizeof conn_id), device);
}

static uint64_t new_conn_id(struct core *core)
{
    const core_hooks *hooks = &core->config.hooks;
    uint64_t conn_id;
    if (hooks->make_conn_id == NULL)
        return core->next_conn_id++;
    do
        conn_id = hooks->make_conn_id(hooks->user);
    while (conn_id == 0 || device_by_conn_id(core, conn_id) != NULL);
    return conn_id;
}

void device_attach(struct core *core, struct device *device, connection *conn,
                   uint64_t lost_conn_id, uint64_t now_ms)
{
    if (device->connection != NULL) {
        core_log(core, CORE_LOG_INFO, device->connection,
                 "closed: device %" G_GUINT64_FORMAT " has a newer connection", device->device_id);
        connection_because(device->connection, CORE_CLOSED_REPLACED);
        connection_close(core, device->connection, true, now_ms);
    }
    /* The answer to a RECONN can be lost too: the id it named stays good beside the new one. */
    forget_conn_id(core, &device->conn_id);
    forget_conn_id(core, &device->earlier_conn_id);
    device->earlier_conn_id = lost_conn_id;
    learn_conn_id(core, device, lost_conn_id);
    device->conn_id = new_conn_id(core);
    learn_conn_id(core, device, device->conn_id);
    end_away(core, device);
    device->connection = conn;
    conn->device = device;
    conn->conn_id = device->conn_id;
    commit_device(core, device);
    core_due(core, now_ms + core->config.idle_timeout_ms);
}

static void device_is_away(struct core *core, struct device *device, uint64_t now_ms)
{
    device->away = true;
    device->away_since_ms = now_ms;
    g_queue_push_tail_link(&core->away, &device->away_link);
    core_due(core, now_ms + core->config.state_ttl_ms);
}

void device_detach(struct core *core, connection *conn, uint64_t now_ms)
{
    GHashTableIter iter;
    gpointer value;
    struct device *device = conn->device;
    if (device == NULL)
        return;
    conn->device = NULL;
    device->connection = NULL;
    device_is_away(core, device, now_ms);
    g_hash_table_iter_init(&iter, device->members);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        flight_reset(core, value);
}

static struct member *add_member(struct core *core, struct device *device, struct chat *chat)
{
    struct member *member = g_new0(struct member, 1);
    member->device = device;
    member->msg_ids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    member->changed_link.data = member;
    chat_join(core, chat, member);
    g_hash_table_insert(device->members, &chat->key, member);
    return member;
}

static void join(struct core *core, struct device *device, uint64_t session_id)
{
    if (device_member(core, device, session_id) == NULL)
        commit_member(core, add_member(core, device, chat_find_or_add(core, session_id)));
}

const char *device_restore(struct core *core, const device_record *kept, uint64_t now_ms)
{
    if (kept->device_id == 0 || kept->conn_id == 0 || device_find(core, kept->device_id) != NULL ||
        device_by_conn_id(core, kept->conn_id) != NULL ||
        device_by_conn_id(core, kept->earlier_conn_id) != NULL)
        return "a device is there twice, or without a connection of its own";
    struct device *device = device_add(core, kept->device_id);
    device->conn_id = kept->conn_id;
    device->earlier_conn_id = kept->earlier_conn_id;
    learn_conn_id(core, device, device->conn_id);
    learn_conn_id(core, device, device->earlier_conn_id);
    device_is_away(core, device, now_ms);
    return NULL;
}

const char *member_restore(struct core *core, const member_record *kept, struct chat *chat)
{
    struct device *device = device_find(core, kept->key.device_id);
    if (device == NULL || chat == NULL || device_member(core, device, chat->session_id) != NULL)
        return "a membership is there twice, or of a device or session that is not";
    if (kept->cursor > chat->last_msg_id || kept->last_up_msg_id > chat->last_msg_id ||
        (kept->last_client_id == 0) != (kept->last_up_msg_id == 0))
        return "a membership is further than its session";
    struct member *member = add_member(core, device, chat);
    member->last_client_id = kept->last_client_id;
    member->last_up_msg_id = kept->last_up_msg_id;
    member->must_recall = kept->last_client_id != 0;
    member->cursor = kept->cursor;
    member->next_msg_id = kept->cursor + 1;
    return NULL;
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
        chat_catch_up(core, value, now_ms);
    }
}

/* What the store knows of the UPs of a member, the newest first. */
typedef struct recalled {
    const struct core *core;
    struct member *member;
    uint64_t below; /* each is older than the one before, or it is of an earlier membership */
} recalled;

static bool recall_one(void *user, const stored_message *message)
{
    recalled *r = user;
    const unsigned window = r->core->config.dedup_window;
    if (message->client_id == 0 || message->client_id >= r->below ||
        r->member->last_client_id - message->client_id >= window)
        return false;
    r->below = message->client_id;
    g_array_index(r->member->msg_ids, uint64_t, (message->client_id - 1) % window) =
        message->msg_id;
    return true;
}

/* Reads the window of repeats back, after a restart, when the member first sends something. */
static void recall(struct core *core, struct member *member)
{
    const core_reader *reader = core->config.reader;
    recalled r = {core, member, member->last_client_id + 1};
    const uint64_t last = member->last_up_msg_id;
    member->must_recall = false;
    g_array_set_size(member->msg_ids,
                     (guint)MIN(member->last_client_id, core->config.dedup_window));
    memset(member->msg_ids->data, 0, member->msg_ids->len * sizeof(uint64_t));
    if (!reader->sent_by(reader->user, member->chat->chat_id, member->device->device_id,
                         last > RECALL_SPAN ? last - RECALL_SPAN : 1, last, recall_one, &r))
        core_fail(core, "the store cannot be read");
}

void member_remember(struct core *core, struct member *member, uint64_t client_id, uint64_t msg_id)
{
    const guint slot = (guint)((client_id - 1) % core->config.dedup_window);
    if (member->must_recall)
        recall(core, member);
    if (slot >= member->msg_ids->len) /* grows with use, up to the window */
        g_array_append_val(member->msg_ids, msg_id);
    else
        g_array_index(member->msg_ids, uint64_t, slot) = msg_id;
    member->last_client_id = client_id;
    member->last_up_msg_id = msg_id;
    commit_member(core, member);
}

uint64_t member_recall(struct core *core, struct member *member, uint64_t client_id)
{
    const unsigned window = core->config.dedup_window;
    if (client_id == 0 || client_id > member->last_client_id ||
        member->last_client_id - client_id >= window)
        return 0;
    if (member->must_recall)
        recall(core, member);
    return g_array_index(member->msg_ids, uint64_t, (client_id - 1) % window);
}
