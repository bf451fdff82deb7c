/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/ids.h"

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

uint64_t id_hash(const uint64_t seed[2], uint64_t id)
{
    uint64_t v[4] = {seed[0] ^ UINT64_C(0x736f6d6570736575), seed[1] ^ UINT64_C(0x646f72616e646f6d),
                     seed[0] ^ UINT64_C(0x6c7967656e657261),
                     seed[1] ^ UINT64_C(0x7465646279746573)};
    sip_word(v, id);
    sip_word(v, UINT64_C(8) << 56); /* the length, in the place SipHash gives it */
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

id_key id_key_make(const uint64_t seed[2], uint64_t id)
{
    return (id_key){id, id_hash(seed, id)};
}

gint id_compare(gconstpointer a, gconstpointer b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static guint hash(gconstpointer key)
{
    return (guint)((const id_key *)key)->hash;
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
    return ((const id_key *)a)->id == ((const id_key *)b)->id;
}

GHashTable *id_table_new(GDestroyNotify free_value)
{
    return g_hash_table_new_full(hash, equal, NULL, free_value);
}
