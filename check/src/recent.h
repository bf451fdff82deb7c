/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table that keeps the latest entries and forgets older ones, so that its size is bounded. */
#ifndef PLATO_CHECK_RECENT_H
#define PLATO_CHECK_RECENT_H

#include <glib.h>
#include <stdint.h>

#define RECENT_HALF                                                                                \
    32768 /* at least so many of the latest entries are kept, at most twice that                   \
           */

typedef struct recent_entry {
    uint64_t key[4];
    uint64_t value[4];
} recent_entry;

typedef struct recent {
    GHashTable *young;
    GHashTable *old;
} recent;

/* For hash tables whose entries begin with such a key. */
guint recent_key_hash(gconstpointer entry);
gboolean recent_key_equal(gconstpointer a, gconstpointer b);

/* NULL if it is not there (any more). */
recent_entry *recent_find(const recent *table, const uint64_t key[4]);

/* Finds it, or makes one whose values are 0. Good until the next call. */
recent_entry *recent_make(recent *table, const uint64_t key[4]);

void recent_clear(recent *table);

#endif
