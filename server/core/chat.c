/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/chat.h"

#include "common/encode.h"

struct chat *chat_find(struct core *core, uint64_t session_id)
{
    const id_key key = id_key_make(core->config.hash_seed, session_id);
    return g_hash_table_lookup(core->chats, &key);
}

struct chat *chat_find_or_add(struct core *core, uint64_t session_id)
{
    struct chat *chat = chat_find(core, session_id);
    if (chat != NULL)
        return chat;
    if (g_hash_table_size(core->chats) >= core->config.max_sessions &&
        !g_queue_is_empty(&core->empty))
        chat_remove(core, g_queue_peek_head(&core->empty));
    chat = g_new0(struct chat, 1);
    chat->session_id = session_id;
    chat->key = id_key_make(core->config.hash_seed, session_id);
    chat->members = g_ptr_array_new();
    chat->log_size_link.data = chat;
    chat->empty_link.data = chat;
    g_queue_init(&chat->log);
    g_queue_push_tail_link(&core->empty, &chat->empty_link); /* its first member is to come */
    g_hash_table_insert(core->chats, &chat->key, chat);
    return chat;
}

void chat_join(struct core *core, struct chat *chat, struct member *member)
{
    if (chat->members->len == 0) {
        g_queue_unlink(&core->empty, &chat->empty_link);
        core->stats.sessions++;
    }
    member->chat = chat;
    member->acked_msg_id = chat->last_msg_id;
    member->index = chat->members->len;
    g_ptr_array_add(chat->members, member);
    core->stats.memberships++;
}

/* The last member takes the place of the one who goes: its cost must not grow with their number. */
void chat_leave(struct core *core, struct member *member, uint64_t now_ms)
{
    struct chat *chat = member->chat;
    g_ptr_array_remove_index_fast(chat->members, member->index);
    if (member->index < chat->members->len)
        ((struct member *)g_ptr_array_index(chat->members, member->index))->index = member->index;
    core->stats.memberships--;
    if (chat->members->len > 0)
        return;
    chat_log_clear(core, chat); /* whoever comes will not be sent it */
    chat->empty_since_ms = now_ms;
    g_queue_push_tail_link(&core->empty, &chat->empty_link);
    core->stats.sessions--;
    core_due(core, now_ms + core->config.state_ttl_ms);
}

void chat_remove(struct core *core, struct chat *chat)
{
    g_queue_unlink(&core->empty, &chat->empty_link);
    g_hash_table_remove(core->chats, &chat->key);
    g_ptr_array_unref(chat->members);
    g_free(chat);
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
    chat_log_add(core, entry);
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

uint64_t chat_send_range(struct core *core, struct member *member, uint64_t first, uint64_t last,
                         uint64_t now_ms)
{
    uint64_t done = MIN(last, member->chat->last_msg_id);
    for (const GList *l = chat_log_seek(member->chat, first); l != NULL; l = l->next) {
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

/* Moves a resuming member to the oldest message there is; false if it is not in front of it. */
static bool skip_lost(struct core *core, struct member *member, uint64_t *first, uint64_t *last)
{
    const uint64_t oldest = chat_log_oldest(member->chat);
    if (member->resume_msg_id >= oldest)
        return false;
    *first = member->resume_msg_id;
    *last = oldest - 1;
    member->resume_msg_id = oldest;
    core_log(core, CORE_LOG_WARNING, member->device->connection,
             "device %" G_GUINT64_FORMAT " misses messages %" G_GUINT64_FORMAT
             " to %" G_GUINT64_FORMAT " of session %" G_GUINT64_FORMAT ": they are no longer kept",
             member->device->device_id, *first, *last, member->chat->session_id);
    return true;
}

bool chat_resume(struct core *core, struct member *member, uint64_t *first, uint64_t *last)
{
    member->resume_msg_id = member->acked_msg_id + 1;
    return skip_lost(core, member, first, last);
}

void chat_catch_up(struct core *core, struct member *member, uint64_t now_ms)
{
    uint64_t first, lost;
    const uint64_t last = member->chat->last_msg_id;
    skip_lost(core, member, &first, &lost); /* the log goes on while the reader takes its time */
    const uint64_t done = chat_send_range(core, member, member->resume_msg_id, last, now_ms);
    member->resume_msg_id = done == last ? 0 : done + 1;
}
