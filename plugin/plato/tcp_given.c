/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/tcp_given.h"

static gint compare_packets(gconstpointer p, gconstpointer q)
{
    const given_pdu *a = p, *b = q;
    return (a->packet > b->packet) - (a->packet < b->packet);
}

static bool is_sorted(const GArray *given)
{
    for (unsigned i = 1; i < given->len; i++)
        if (compare_packets(&g_array_index(given, given_pdu, i - 1),
                            &g_array_index(given, given_pdu, i)) > 0)
            return false;
    return true;
}

/* Those that go on from another one that overtakes have nothing more before them. */
static void note_overtaking(GArray *given)
{
    const plato_conversation *conversation = NULL;
    uint64_t lowest[2] = {UINT64_MAX, UINT64_MAX}, next[2] = {UINT64_MAX, UINT64_MAX};
    for (unsigned i = given->len; i-- > 0;) {
        given_pdu *at = &g_array_index(given, given_pdu, i);
        uint64_t *low = &lowest[at->item.direction];
        if (at->item.kind == STREAM_PDU_SKIPPED)
            continue;
        if (at->item.conversation != conversation)
            lowest[0] = lowest[1] = UINT64_MAX;
        conversation = at->item.conversation;
        at->overtakes = at->item.offset > *low;
        *low = MIN(*low, at->item.offset);
    }
    for (unsigned i = 0; i < given->len; i++) {
        given_pdu *at = &g_array_index(given, given_pdu, i);
        if (at->overtakes && at->item.offset == next[at->item.direction])
            at->overtakes = false;
        if (at->item.kind != STREAM_PDU_SKIPPED)
            next[at->item.direction] = at->item.offset + (uint64_t)at->item.length;
    }
}

void tcp_given_sort(GArray *given)
{
    if (is_sorted(given))
        return;
    g_array_sort(given, compare_packets); /* stable */
    note_overtaking(given);
}
