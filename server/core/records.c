/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/records.h"

static void release_message(gpointer data)
{
    g_bytes_unref(((message_record *)data)->frame);
}

records *records_new(void)
{
    records *batch = g_new0(records, 1);
    batch->messages = g_array_new(FALSE, FALSE, sizeof(message_record));
    g_array_set_clear_func(batch->messages, release_message);
    batch->chats = g_array_new(FALSE, FALSE, sizeof(chat_record));
    batch->members = g_array_new(FALSE, FALSE, sizeof(member_record));
    batch->devices = g_array_new(FALSE, FALSE, sizeof(device_record));
    batch->gone_chats = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    batch->gone_members = g_array_new(FALSE, FALSE, sizeof(member_key));
    batch->gone_devices = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    return batch;
}

void records_free(records *batch)
{
    if (batch == NULL)
        return;
    g_array_unref(batch->messages);
    g_array_unref(batch->chats);
    g_array_unref(batch->members);
    g_array_unref(batch->devices);
    g_array_unref(batch->gone_chats);
    g_array_unref(batch->gone_members);
    g_array_unref(batch->gone_devices);
    g_free(batch);
}
