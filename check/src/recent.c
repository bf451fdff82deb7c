/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two hash tables: when the younger one is full it takes the place of the other. */
#include "recent.h"

#include <string.h>

guint recent_key_hash(gconstpointer entry)
{
    const uint64_t *key = (const uint64_t *)entry;
    uint64_t h = 0;
    for (int i = 0; i < 4; i++) {
        h = (h ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    return (guint)h;
}

gboolean recent_key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof((const recent_entry *)a)->key) == 0;
}

recent_entry *recent_find(const recent *table, const uint64_t key[4])
{
    recent_entry wanted;
    memcpy(wanted.key, key, sizeof wanted.key);
    recent_entry *found = table->young != NULL ? g_hash_table_lookup(table->young, &wanted) : NULL;
    if (found == NULL && table->old != NULL)
        found = g_hash_table_lookup(table->old, &wanted);
    return found;
}

recent_entry *recent_make(recent *table, const uint64_t key[4])
{
    recent_entry *found = recent_find(table, key);
    if (found != NULL)
        return found;
    if (table->young != NULL && g_hash_table_size(table->young) >= RECENT_HALF) {
        if (table->old != NULL)
            g_hash_table_destroy(table->old);
        table->old = table->young;
        table->young = NULL;
    }
    if (table->young == NULL)
        table->young = g_hash_table_new_full(recent_key_hash, recent_key_equal, g_free, NULL);
    found = g_new0(recent_entry, 1);
    memcpy(found->key, key, sizeof found->key);
    g_hash_table_add(table->young, found);
    return found;
}

void recent_clear(recent *table)
{
    if (table->young != NULL)
        g_hash_table_destroy(table->young);
    if (table->old != NULL)
        g_hash_table_destroy(table->old);
    table->young = table->old = NULL;
}
