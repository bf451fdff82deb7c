/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "intervals.h"

#include <assert.h>

/* Ids first..last were not seen; frame `after` had the id after them. Holes never touch. */
typedef struct hole {
    uint64_t first, last;
    struct analysis_record *after;
    loss_range excuse;
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

/* Returns the frame after the hole that had to make room, or NULL. */
static struct analysis_record *add_hole(intervals *seen, hole new_hole, size_t max_holes)
{
    struct analysis_record *forgotten = NULL;
    assert(new_hole.first > seen->base && new_hole.first <= new_hole.last &&
           new_hole.last < seen->high);
    if (seen->holes == NULL)
        seen->holes = g_tree_new_full(compare_holes, NULL, NULL, hole_free);
    hole *kept = g_new(hole, 1);
    *kept = new_hole;
    g_tree_insert(seen->holes, kept, kept);
    if ((size_t)g_tree_nnodes(seen->holes) > max_holes) {
        hole *lowest = g_tree_node_value(g_tree_node_first(seen->holes));
        forgotten = lowest->after;
        seen->base = lowest->last + 1; /* a hole ends below `high` */
        g_tree_remove(seen->holes, lowest);
    }
    return forgotten;
}

/* A hole that shrinks stays between its neighbours, so the tree's order holds. */
static id_observation fill(intervals *seen, hole *at, uint64_t id, struct analysis_record *frame,
                           uint32_t upto, size_t max_holes)
{
    assert(at->first <= id && id <= at->last);
    id_observation found = {.kind = ID_FILLS,
                            .first = at->first,
                            .last = at->last,
                            .excuse = at->excuse,
                            .excused = analysis_losses_remain(at->excuse),
                            .after = at->after};
    const hole above = {id + 1, at->last, at->after, at->excuse};
    if (at->first == at->last) {
        g_tree_remove(seen->holes, at);
    } else if (id == at->first) {
        at->first++;
    } else {
        at->last = id - 1;
        at->after = found.excused ? frame : at->after;
        if (found.excused && upto > at->excuse.upto)
            at->excuse.upto = upto;
        found.excuse_below = at->excuse;
        if (id < above.last)
            found.forgotten = add_hole(seen, above, max_holes);
    }
    return found;
}

id_observation analysis_intervals_observe(intervals *seen, uint64_t id,
                                          struct analysis_record *frame, loss_range excuse,
                                          bool missing, size_t max_holes)
{
    if (!seen->started) {
        *seen = (intervals){.started = true, .base = id, .high = id};
        return (id_observation){.kind = ID_EXPECTED};
    }
    if (id < seen->base)
        return (id_observation){.kind = ID_OLDER};
    if (id > seen->high) {
        const hole skipped = {seen->high + 1, id - 1, frame, excuse};
        seen->high = id;
        if (skipped.first == id)
            return (id_observation){.kind = ID_EXPECTED};
        return (id_observation){.kind = ID_SKIPS,
                                .first = skipped.first,
                                .last = skipped.last,
                                .excuse = excuse,
                                .excused = analysis_losses_remain(excuse),
                                .forgotten = add_hole(seen, skipped, max_holes)};
    }
    hole *at = seen->holes != NULL ? g_tree_search(seen->holes, towards_id, &id) : NULL;
    if (at == NULL)
        return (id_observation){.kind = ID_SEEN};
    return fill(seen, at, id, frame, missing ? excuse.upto : 0, max_holes);
}

void analysis_intervals_clear(intervals *seen)
{
    if (seen->holes != NULL)
        g_tree_destroy(seen->holes);
    *seen = (intervals){0};
}
