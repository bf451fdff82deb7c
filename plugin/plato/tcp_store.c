/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/tcp_store.h"

static GArray *packets;   /* of stored_packet, in order */
static wmem_map_t *items; /* packet -> item_list */

typedef struct item_list {
    stored_item *first;
    stored_item *last;
} item_list;

void tcp_store_add_packet(const stored_packet *packet)
{
    if (packets == NULL)
        packets = g_array_new(FALSE, FALSE, sizeof *packet);
    g_array_append_val(packets, *packet);
}

void tcp_store_add_item(uint32_t packet, stored_item *item)
{
    item_list *list = wmem_map_lookup(items, GUINT_TO_POINTER(packet));
    if (list == NULL) {
        list = wmem_new0(wmem_file_scope(), item_list);
        wmem_map_insert(items, GUINT_TO_POINTER(packet), list);
    }
    stored_item **place = &list->first;
    if (list->last != NULL && list->last->offset <= item->offset)
        place = &list->last->next; /* as nearly always */
    while (*place != NULL && (*place)->offset <= item->offset)
        place = &(*place)->next;
    item->next = *place;
    *place = item;
    if (item->next == NULL)
        list->last = item;
}

void tcp_store_forget(uint32_t packet)
{
    wmem_map_remove(items, GUINT_TO_POINTER(packet));
    if (packets != NULL && packets->len > 0 &&
        g_array_index(packets, stored_packet, packets->len - 1).packet == packet)
        g_array_set_size(packets, packets->len - 1);
}

const stored_packet *tcp_store_packet(uint32_t packet)
{
    unsigned low = 0, high = packets != NULL ? packets->len : 0;
    while (low < high) {
        const unsigned middle = low + (high - low) / 2;
        const stored_packet *at = &g_array_index(packets, stored_packet, middle);
        if (at->packet == packet)
            return at;
        if (at->packet < packet)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

stored_item *tcp_store_items(uint32_t packet)
{
    const item_list *list = wmem_map_lookup(items, GUINT_TO_POINTER(packet));
    return list != NULL ? list->first : NULL;
}

static stored_item *part_at(uint32_t packet, uint64_t offset)
{
    stored_item *item = tcp_store_items(packet);
    while (item != NULL && (!item->is_part || item->offset > offset ||
                            item->offset + (uint64_t)item->length <= offset))
        item = item->next;
    return item;
}

stored_item *tcp_store_take_part(uint32_t packet, uint64_t offset, uint64_t length)
{
    stored_item *part = part_at(packet, offset);
    if (part == NULL)
        return NULL;
    part->superseded = true;
    stored_item *item = wmem_memdup(wmem_file_scope(), part, sizeof *part);
    const int delta = (int)(offset - part->offset);
    item->superseded = false;
    item->offset = offset;
    item->length = (int)length;
    if (item->frame_offset >= 0)
        item->frame_offset += delta;
    else
        item->bytes += delta;
    return item;
}

static void reset(void)
{
    if (packets != NULL)
        g_array_free(packets, TRUE);
    packets = NULL;
}

void tcp_store_register(void)
{
    items =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
    register_cleanup_routine(reset);
}
