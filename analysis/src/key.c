/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key.h"

/* Every bit of the input reaches every bit of the result. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ (x >> 32);
}

static guint key_hash(gconstpointer p)
{
    const key *k = p;
    return (guint)mix(k->id ^ mix((uint64_t)(uintptr_t)k->scope));
}

static gboolean key_equal(gconstpointer p, gconstpointer q)
{
    const key *a = p, *b = q;
    return a->id == b->id && a->scope == b->scope;
}

GHashTable *analysis_key_set_new(GDestroyNotify release)
{
    return g_hash_table_new_full(key_hash, key_equal, release, NULL);
}

void *analysis_key_set_find(GHashTable *set, const void *scope, uint64_t id)
{
    const key wanted = {scope, id};
    return g_hash_table_lookup(set, &wanted);
}
