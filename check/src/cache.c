/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two hash tables: when the younger one is full it takes the place of the other. */
#include "cache.h"

#include <string.h>

guint check_key_hash(gconstpointer entry)
{
    const uint64_t *key = (const uint64_t *)entry;
    uint64_t h = 0;
    for (int i = 0; i < 4; i++) {
        h = (h ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    return (guint)h;
}

gboolean check_key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof((const cache_entry *)a)->key) == 0;
}

cache_entry *check_cache_find(const check_cache *table, const uint64_t key[4])
{
    cache_entry wanted;
    memcpy(wanted.key, key, sizeof wanted.key);
    cache_entry *found = table->young != NULL ? g_hash_table_lookup(table->young, &wanted) : NULL;
    if (found == NULL && table->old != NULL)
        found = g_hash_table_lookup(table->old, &wanted);
    return found;
}

cache_entry *check_cache_insert(check_cache *table, const uint64_t key[4])
{
    cache_entry *found = check_cache_find(table, key);
    if (found != NULL)
        return found;
    if (table->young != NULL && g_hash_table_size(table->young) >= CACHE_GENERATION) {
        if (table->old != NULL)
            g_hash_table_destroy(table->old);
        table->old = table->young;
        table->young = NULL;
    }
    if (table->young == NULL)
        table->young = g_hash_table_new_full(check_key_hash, check_key_equal, g_free, NULL);
    found = g_new0(cache_entry, 1);
    memcpy(found->key, key, sizeof found->key);
    g_hash_table_add(table->young, found);
    return found;
}

void check_cache_clear(check_cache *table)
{
    if (table->young != NULL)
        g_hash_table_destroy(table->young);
    if (table->old != NULL)
        g_hash_table_destroy(table->old);
    table->young = table->old = NULL;
}
