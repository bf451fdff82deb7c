/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of the file, and what the analysis said of them. */
#include "plato/pdu/analysis_store.h"

#include <glib.h>

#define BLOCK_FRAMES 2048u

static GPtrArray *blocks;  /* of BLOCK_FRAMES frames, in order */
static uint32_t count;     /* of frames */
static GArray *identities; /* the first one is empty */
static uint32_t in_packet; /* frames of the last packet */

static stored_pdu *pdu_at(uint32_t number)
{
    stored_pdu *block = g_ptr_array_index(blocks, number / BLOCK_FRAMES);
    return &block[number % BLOCK_FRAMES];
}

static stored_pdu *append(uint32_t packet)
{
    if (blocks == NULL)
        blocks = g_ptr_array_new_with_free_func(g_free);
    if (count / BLOCK_FRAMES == blocks->len)
        g_ptr_array_add(blocks, g_new(stored_pdu, BLOCK_FRAMES));
    stored_pdu *pdu = pdu_at(count++);
    *pdu = (stored_pdu){NULL, packet, 0};
    return pdu;
}

stored_pdu *store_add(uint32_t packet, uint32_t ordinal)
{
    const uint32_t last = count > 0 ? pdu_at(count - 1)->packet : 0;
    if (packet < last)
        return NULL;
    const uint32_t expected = packet == last ? in_packet : 0;
    if (ordinal != expected)
        return NULL;
    in_packet = ordinal + 1;
    return append(packet);
}

uint32_t store_next_ordinal(uint32_t packet)
{
    return count > 0 && pdu_at(count - 1)->packet == packet ? in_packet : 0;
}

/* Number of the first frame that is not before this packet. */
static uint32_t lower_bound(uint32_t packet)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (pdu_at(middle)->packet < packet)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const stored_pdu *store_find(uint32_t packet, uint32_t ordinal)
{
    const uint64_t number = (uint64_t)lower_bound(packet) + ordinal;
    if (number >= count || pdu_at((uint32_t)number)->packet != packet)
        return NULL;
    return pdu_at((uint32_t)number);
}

uint32_t store_keep_identity(analysis_identity identity, uint32_t last)
{
    const analysis_identity known = store_identity(last);
    if (known.device_id == identity.device_id && known.conn_id == identity.conn_id)
        return last;
    if (identities == NULL) {
        identities = g_array_new(FALSE, TRUE, sizeof(analysis_identity));
        g_array_set_size(identities, 1);
    }
    g_array_append_val(identities, identity);
    return identities->len - 1;
}

analysis_identity store_identity(uint32_t number)
{
    if (number == 0 || identities == NULL)
        return (analysis_identity){0, 0};
    return g_array_index(identities, analysis_identity, number);
}

void store_clear(void)
{
    g_clear_pointer(&blocks, g_ptr_array_unref);
    g_clear_pointer(&identities, g_array_unref);
    count = in_packet = 0;
}
