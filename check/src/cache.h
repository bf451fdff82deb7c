/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table that keeps the latest entries and forgets older ones, so that its size is bounded. */
#ifndef CHECK_CACHE_H
#define CHECK_CACHE_H

#include <glib.h>
#include <stdint.h>

/* At least this many of the latest entries are kept, and at most twice that. */
#define CACHE_GENERATION 32768

typedef struct cache_entry {
    uint64_t key[4];
    uint64_t value[5];
} cache_entry;

typedef struct check_cache {
    GHashTable *young;
    GHashTable *old;
} check_cache;

/* For hash tables whose entries begin with such a key. */
guint check_key_hash(gconstpointer entry);
gboolean check_key_equal(gconstpointer a, gconstpointer b);

/* NULL if it is not there (any more). */
cache_entry *check_cache_find(const check_cache *table, const uint64_t key[4]);

/* Finds it, or makes one whose values are 0. Good until the next call. */
cache_entry *check_cache_insert(check_cache *table, const uint64_t key[4]);

void check_cache_clear(check_cache *table);

#endif
