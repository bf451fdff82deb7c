/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of the file that were judged. */
#include "plato/pdu/analysis_store.h"

#include <glib.h>

#define BLOCK_FRAMES 2048u

static GPtrArray *blocks;  /* of BLOCK_FRAMES frames, in order */
static uint32_t count;     /* of frames */
static GArray *identities; /* the first is that of nobody */
static uint32_t in_packet; /* frames of the last packet */

static judged_frame *frame_at(uint32_t index)
{
    judged_frame *block = g_ptr_array_index(blocks, index / BLOCK_FRAMES);
    return &block[index % BLOCK_FRAMES];
}

static judged_frame *append(uint32_t packet)
{
    if (blocks == NULL)
        blocks = g_ptr_array_new_with_free_func(g_free);
    if (count / BLOCK_FRAMES == blocks->len)
        g_ptr_array_add(blocks, g_new(judged_frame, BLOCK_FRAMES));
    judged_frame *frame = frame_at(count++);
    *frame = (judged_frame){NULL, packet, 0};
    return frame;
}

judged_frame *judged_add(uint32_t packet, uint32_t ordinal)
{
    const uint32_t last = count > 0 ? frame_at(count - 1)->packet : 0;
    if (packet < last)
        return NULL;
    const uint32_t expected = packet == last ? in_packet : 0;
    if (ordinal != expected)
        return NULL;
    in_packet = ordinal + 1;
    return append(packet);
}

/* Index of the first frame that is not in front of this packet. */
static uint32_t lower_bound(uint32_t packet)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (frame_at(middle)->packet < packet)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const judged_frame *judged_find(uint32_t packet, uint32_t ordinal)
{
    const uint64_t index = (uint64_t)lower_bound(packet) + ordinal;
    if (index >= count || frame_at((uint32_t)index)->packet != packet)
        return NULL;
    return frame_at((uint32_t)index);
}

uint32_t judged_keep_identity(analysis_identity identity, uint32_t last)
{
    const analysis_identity known = judged_identity(last);
    if (known.device_id == identity.device_id && known.conn_id == identity.conn_id)
        return last;
    if (identities == NULL) {
        identities = g_array_new(FALSE, TRUE, sizeof(analysis_identity));
        g_array_set_size(identities, 1);
    }
    g_array_append_val(identities, identity);
    return identities->len - 1;
}

analysis_identity judged_identity(uint32_t number)
{
    if (number == 0 || identities == NULL)
        return (analysis_identity){0, 0};
    return g_array_index(identities, analysis_identity, number);
}

void judged_clear(void)
{
    g_clear_pointer(&blocks, g_ptr_array_unref);
    g_clear_pointer(&identities, g_array_unref);
    count = in_packet = 0;
}
