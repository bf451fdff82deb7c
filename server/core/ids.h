/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ids that peers choose, as keys of hash tables. With a hash that everybody can work out, a peer
 * could choose ids that all fall into one place and make each look-up a walk through all of them;
 * so the hash depends on a secret of the core.
 */
#ifndef PLATO_SERVER_IDS_H
#define PLATO_SERVER_IDS_H

#include <glib.h>
#include <stdint.h>

/* The table borrows it: it lives in what the table holds. */
typedef struct id_key {
    uint64_t id;
    uint64_t hash;
} id_key;

/* SipHash-2-4 of the id's eight bytes, the lowest first. */
uint64_t id_hash(const uint64_t seed[2], uint64_t id);

id_key id_key_make(const uint64_t seed[2], uint64_t id);

/* The order of two uint64_t, as GLib wants it. */
gint id_compare(gconstpointer a, gconstpointer b);

/* A table from id_key; frees values with `free_value` unless that is NULL. */
GHashTable *id_table_new(GDestroyNotify free_value);

#endif
