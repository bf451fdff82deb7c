/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/chat.h"

#include "common/encode.h"

struct chat *chat_find(struct core *core, uint64_t session_id)
{
    return g_hash_table_lookup(core->chats, &session_id);
}

struct chat *chat_find_or_add(struct core *core, uint64_t session_id)
{
    struct chat *chat = chat_find(core, session_id);
    if (chat != NULL)
        return chat;
    chat = g_new0(struct chat, 1);
    chat->session_id = session_id;
    chat->members = g_ptr_array_new();
    g_queue_init(&chat->log);
    g_hash_table_insert(core->chats, &chat->session_id, chat);
    core->stats.sessions++;
    return chat;
}

void chat_join(struct chat *chat, struct member *member)
{
    member->chat = chat;
    member->acked_msg_id = chat->last_msg_id;
    g_ptr_array_add(chat->members, member);
}

void chat_leave(struct core *core, struct member *member)
{
    (void)core;
    g_ptr_array_remove(member->chat->members, member);
}

static size_t entry_cost(const log_entry *entry)
{
    return sizeof *entry + g_bytes_get_size(entry->push);
}

static void drop_oldest(struct core *core, struct chat *chat)
{
    log_entry *entry = g_queue_pop_head(&chat->log);
    core->stats.log_bytes -= entry_cost(entry);
    g_queue_delete_link(&core->log, entry->link);
    g_bytes_unref(entry->push);
    g_free(entry);
}

void chat_release_if_empty(struct core *core, struct chat *chat)
{
    if (chat->members->len > 0)
        return;
    while (!g_queue_is_empty(&chat->log))
        drop_oldest(core, chat);
    g_hash_table_remove(core->chats, &chat->session_id);
    g_ptr_array_unref(chat->members);
    g_free(chat);
    core->stats.sessions--;
}

/* The oldest of all messages is the oldest of its own session too, so no log gets a hole. */
void chat_trim_log(struct core *core, struct chat *chat)
{
    while (g_queue_get_length(&chat->log) > core->config.log_messages)
        drop_oldest(core, chat);
    while (core->stats.log_bytes > core->config.log_bytes)
        drop_oldest(core, ((log_entry *)g_queue_peek_head(&core->log))->chat);
}

/* The only copy of a body that the relay makes: from the input into the frame all members share. */
const log_entry *chat_accept(struct core *core, struct member *sender, plato_span body)
{
    struct chat *chat = sender->chat;
    log_entry *entry = g_new0(log_entry, 1);
    entry->chat = chat;
    entry->msg_id = ++chat->last_msg_id;
    entry->sender = sender->device->device_id;
    const plato_head head = {
        .msg_type = PLATO_PUSH,
        .push = {.msg_id = entry->msg_id, .session_id = chat->session_id},
    };
    entry->push = encode_frame(&head, body);
    g_queue_push_tail(&chat->log, entry);
    g_queue_push_tail(&core->log, entry);
    entry->link = g_queue_peek_tail_link(&core->log);
    core->stats.log_bytes += entry_cost(entry);
    core->stats.accepted++;
    return entry;
}

static void push_to(struct core *core, const struct member *member, const log_entry *entry,
                    uint64_t now_ms)
{
    core->stats.pushed++;
    core_send(core, member->device->connection, entry->push, now_ms);
}

void chat_deliver(struct core *core, const log_entry *entry, uint64_t now_ms)
{
    const GPtrArray *members = entry->chat->members;
    for (guint i = 0; i < members->len; i++) {
        const struct member *member = g_ptr_array_index(members, i);
        if (member->device->device_id == entry->sender || member->device->connection == NULL ||
            member->resume_msg_id != 0)
            continue;
        push_to(core, member, entry, now_ms);
    }
}

uint64_t chat_oldest(const struct chat *chat)
{
    const log_entry *entry = g_queue_peek_head((GQueue *)&chat->log);
    return entry != NULL ? entry->msg_id : chat->last_msg_id + 1;
}

/* Where the log has message `first` or the next one it has. */
static const GList *seek(struct chat *chat, uint64_t first)
{
    const uint64_t oldest = chat_oldest(chat);
    if (first < oldest)
        first = oldest;
    if (first > chat->last_msg_id)
        return NULL;
    return g_queue_peek_nth_link(&chat->log, (guint)(first - oldest));
}

uint64_t chat_send_range(struct core *core, struct member *member, uint64_t first, uint64_t last,
                         uint64_t now_ms)
{
    uint64_t done = MIN(last, member->chat->last_msg_id);
    for (const GList *l = seek(member->chat, first); l != NULL; l = l->next) {
        const log_entry *entry = l->data;
        const connection *conn = member->device->connection;
        if (entry->msg_id > last || conn == NULL)
            break;
        if (conn->output > core->config.max_output / 2) {
            done = entry->msg_id - 1;
            break;
        }
        if (entry->sender != member->device->device_id)
            push_to(core, member, entry, now_ms);
    }
    return done;
}

void chat_catch_up(struct core *core, struct member *member, uint64_t now_ms)
{
    const uint64_t last = member->chat->last_msg_id;
    const uint64_t done = chat_send_range(core, member, member->resume_msg_id, last, now_ms);
    member->resume_msg_id = done == last ? 0 : done + 1;
}
