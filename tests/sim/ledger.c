/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include <string.h>

static GPtrArray *chat(const world *w, uint64_t session_id)
{
    GPtrArray *texts = g_hash_table_lookup(w->ledger.chats, &session_id);
    if (texts == NULL) {
        texts = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(w->ledger.chats, g_memdup2(&session_id, sizeof session_id), texts);
    }
    return texts;
}

void ledger_message(world *w, uint64_t session_id, uint64_t msg_id, const char *text)
{
    GPtrArray *texts = chat(w, session_id);
    const uint64_t *known = g_hash_table_lookup(w->ledger.msg_ids, text);
    if (msg_id == 0 || msg_id > 1000000) {
        world_fail(w, "'%s' has msg_id %" G_GUINT64_FORMAT, text, msg_id);
        return;
    }
    if (texts->len <= msg_id)
        g_ptr_array_set_size(texts, (gint)msg_id + 1);
    const char *other = g_ptr_array_index(texts, msg_id);
    if (known != NULL && *known != msg_id)
        world_fail(w,
                   "'%s' is there twice: as message %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT,
                   text, *known, msg_id);
    if (other != NULL && strcmp(other, text) != 0)
        world_fail(w, "message %" G_GUINT64_FORMAT " was '%s' and is '%s'", msg_id, other, text);
    if (other == NULL)
        g_ptr_array_index(texts, msg_id) = g_strdup(text);
    if (known == NULL && g_str_has_prefix(text, "guest"))
        w->from_guests++;
    if (known == NULL)
        g_hash_table_insert(w->ledger.msg_ids, g_strdup(text), g_memdup2(&msg_id, sizeof msg_id));
}

void ledger_conn_id(world *w, uint64_t conn_id)
{
    if (conn_id == 0 || !g_hash_table_add(w->ledger.conn_ids, g_memdup2(&conn_id, sizeof conn_id)))
        world_fail(w, "conn_id %" G_GUINT64_FORMAT " was given out twice", conn_id);
}

uint64_t ledger_last(const world *w, uint64_t session_id)
{
    const GPtrArray *texts = chat(w, session_id);
    return texts->len > 0 ? texts->len - 1 : 0;
}
