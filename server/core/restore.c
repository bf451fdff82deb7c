/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start with what a store has kept. */
#include "core/chat.h"
#include "core/device.h"
#include "core/internal.h"

/* chat_id -> chat, for as long as memberships are being put together. */
static GHashTable *restore_chats(struct core *core, const records *kept, uint64_t now_ms,
                                 const char **wrong)
{
    GHashTable *by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < kept->chats->len && *wrong == NULL; i++) {
        const chat_record *record = &g_array_index(kept->chats, chat_record, i);
        if (record->session_id == 0 || record->chat_id == 0 ||
            record->chat_id >= kept->next_chat_id || chat_find(core, record->session_id) != NULL) {
            *wrong = "a session is there twice, or has an id that was never given out";
            break;
        }
        struct chat *chat = chat_restore(core, record, now_ms);
        g_hash_table_insert(by_id, &chat->chat_id, chat);
    }
    return by_id;
}

const char *core_restore(struct core *core, uint64_t now_ms, const records *kept)
{
    const char *wrong = NULL;
    GHashTable *by_id = restore_chats(core, kept, now_ms, &wrong);
    for (guint i = 0; i < kept->devices->len && wrong == NULL; i++)
        wrong = device_restore(core, &g_array_index(kept->devices, device_record, i), now_ms);
    for (guint i = 0; i < kept->members->len && wrong == NULL; i++) {
        const member_record *record = &g_array_index(kept->members, member_record, i);
        wrong = member_restore(core, record, g_hash_table_lookup(by_id, &record->key.chat_id));
    }
    g_hash_table_unref(by_id);
    core->next_conn_id = MAX(core->next_conn_id, kept->next_conn_id);
    core->commit.next_chat_id = MAX(core->commit.next_chat_id, kept->next_chat_id);
    core->commit.sealed_no = core->commit.committed_no = kept->batch_no;
    return wrong;
}
