/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/commit.h"

static size_t entry_cost(const log_entry *entry)
{
    return sizeof *entry + g_bytes_get_size(entry->push);
}

/* Puts the session last in the queue of its new size; one without a log is in no queue. */
static void resize(struct core *core, struct chat *chat, size_t bytes)
{
    if (chat->log_bytes > 0)
        g_queue_unlink(&core->by_log_size[g_bit_storage(chat->log_bytes)], &chat->log_size_link);
    core->stats.log_bytes += bytes - chat->log_bytes;
    chat->log_bytes = bytes;
    if (bytes > 0)
        g_queue_push_tail_link(&core->by_log_size[g_bit_storage(bytes)], &chat->log_size_link);
}

static void drop_oldest(struct core *core, struct chat *chat)
{
    log_entry *entry = g_queue_pop_head(&chat->log);
    resize(core, chat, chat->log_bytes - entry_cost(entry));
    g_bytes_unref(entry->push);
    g_free(entry);
}

/* There must be one with a log. */
static struct chat *one_of_the_largest(struct core *core)
{
    size_t i = G_N_ELEMENTS(core->by_log_size) - 1;
    while (g_queue_is_empty(&core->by_log_size[i]))
        i--;
    return g_queue_peek_head(&core->by_log_size[i]);
}

void chat_log_add(struct core *core, log_entry *entry)
{
    g_queue_push_tail(&entry->chat->log, entry);
    resize(core, entry->chat, entry->chat->log_bytes + entry_cost(entry));
}

static bool may_drop(const struct core *core, const struct chat *chat)
{
    return commit_is_done(core, g_queue_peek_head((GQueue *)&chat->log));
}

void chat_log_trim(struct core *core, struct chat *chat)
{
    while (g_queue_get_length(&chat->log) > core->config.log_messages && may_drop(core, chat))
        drop_oldest(core, chat);
    chat_log_trim_all(core);
}

void chat_log_trim_all(struct core *core)
{
    while (core->stats.log_bytes > core->config.log_bytes) {
        struct chat *chat = one_of_the_largest(core);
        if (!may_drop(core, chat))
            return;
        drop_oldest(core, chat);
    }
}

void chat_log_clear(struct core *core, struct chat *chat)
{
    while (!g_queue_is_empty(&chat->log))
        drop_oldest(core, chat);
}

uint64_t chat_log_oldest(const struct chat *chat)
{
    const log_entry *entry = g_queue_peek_head((GQueue *)&chat->log);
    return entry != NULL ? entry->msg_id : chat->last_msg_id + 1;
}

const GList *chat_log_seek(struct chat *chat, uint64_t first)
{
    const uint64_t oldest = chat_log_oldest(chat);
    if (first < oldest)
        first = oldest;
    if (first > chat->last_msg_id)
        return NULL;
    return g_queue_peek_nth_link(&chat->log, (guint)(first - oldest));
}
