/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "intervals.h"

#include <assert.h>

/* Ids first..last were not seen; frame `gap_in` had the id after them. Holes never touch. */
typedef struct hole {
    uint64_t first, last;
    uint32_t gap_in;
    bool of_capture;
} hole;

static gint compare_holes(gconstpointer p, gconstpointer q, gpointer user)
{
    const hole *a = p, *b = q;
    (void)user;
    return (a->first > b->first) - (a->first < b->first);
}

/* Which way g_tree_search() goes from `p` to find the hole that holds `*q`. */
static gint towards_id(gconstpointer p, gconstpointer q)
{
    const hole *at = p;
    const uint64_t *id = q;
    return (*id > at->last) - (*id < at->first);
}

static void hole_free(gpointer p)
{
    g_free(p);
}

static void add_hole(intervals *seen, hole new_hole, size_t max_holes)
{
    assert(new_hole.first > seen->base && new_hole.first <= new_hole.last &&
           new_hole.last < seen->high);
    if (seen->holes == NULL)
        seen->holes = g_tree_new_full(compare_holes, NULL, NULL, hole_free);
    hole *kept = g_new(hole, 1);
    *kept = new_hole;
    g_tree_insert(seen->holes, kept, kept);
    if ((size_t)g_tree_nnodes(seen->holes) > max_holes) {
        hole *lowest = g_tree_node_value(g_tree_node_first(seen->holes));
        seen->base = lowest->last + 1; /* a hole ends below `high` */
        g_tree_remove(seen->holes, lowest);
    }
}

/* A hole that shrinks stays between its neighbours, so the tree's order holds. */
static id_observation fill(intervals *seen, hole *at, uint64_t id, size_t max_holes)
{
    assert(at->first <= id && id <= at->last);
    const id_observation found = {
        .kind = ID_FILLS, .gap_in = at->gap_in, .of_capture = at->of_capture};
    const hole above = {id + 1, at->last, at->gap_in, at->of_capture};
    if (at->first == at->last)
        g_tree_remove(seen->holes, at);
    else if (id == at->first)
        at->first++;
    else if (id == at->last)
        at->last--;
    else {
        at->last = id - 1;
        add_hole(seen, above, max_holes);
    }
    return found;
}

id_observation analysis_intervals_observe(intervals *seen, uint64_t id, uint32_t number,
                                          bool after_loss, size_t max_holes)
{
    if (!seen->started) {
        *seen = (intervals){.started = true, .base = id, .high = id};
        return (id_observation){.kind = ID_EXPECTED};
    }
    if (id < seen->base)
        return (id_observation){.kind = ID_OLDER};
    if (id > seen->high) {
        const hole skipped = {seen->high + 1, id - 1, number, after_loss};
        seen->high = id;
        if (skipped.first == id)
            return (id_observation){.kind = ID_EXPECTED};
        add_hole(seen, skipped, max_holes);
        return (id_observation){.kind = ID_SKIPS, .first = skipped.first, .last = skipped.last};
    }
    hole *at = seen->holes != NULL ? g_tree_search(seen->holes, towards_id, &id) : NULL;
    return at != NULL ? fill(seen, at, id, max_holes) : (id_observation){.kind = ID_SEEN};
}

void analysis_intervals_clear(intervals *seen)
{
    if (seen->holes != NULL)
        g_tree_destroy(seen->holes);
    *seen = (intervals){0};
}
