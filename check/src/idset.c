/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded set of ids, as ranges. */
#include "idset.h"

static const idrange *range_at(const idset *set, guint i)
{
    return &g_array_index(set->ranges, idrange, i);
}

/* How many ranges begin at or below `id`. */
static guint ranges_up_to(const idset *set, uint64_t id)
{
    guint low = 0;
    guint high = set->ranges == NULL ? 0 : set->ranges->len;
    while (low < high) {
        const guint middle = low + (high - low) / 2;
        if (range_at(set, middle)->first <= id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool check_idset_has(const idset *set, uint64_t id)
{
    const guint n = ranges_up_to(set, id);
    return n > 0 && range_at(set, n - 1)->last >= id;
}

static void forget_lowest(idset *set)
{
    set->forgotten = range_at(set, 0)->last;
    g_array_remove_index(set->ranges, 0);
}

void check_idset_add(idset *set, uint64_t id)
{
    if (set->ranges == NULL)
        set->ranges = g_array_new(FALSE, FALSE, sizeof(idrange));
    const guint n = ranges_up_to(set, id);
    idrange *below = n > 0 ? &g_array_index(set->ranges, idrange, n - 1) : NULL;
    idrange *above = n < set->ranges->len ? &g_array_index(set->ranges, idrange, n) : NULL;
    if (below != NULL && below->last >= id)
        return;
    const bool joins_below = below != NULL && below->last + 1 == id;
    const bool joins_above = above != NULL && id + 1 == above->first;
    if (joins_below && joins_above) {
        below->last = above->last;
        g_array_remove_index(set->ranges, n);
    } else if (joins_below) {
        below->last = id;
    } else if (joins_above) {
        above->first = id;
    } else {
        const idrange single = {id, id};
        g_array_insert_val(set->ranges, n, single);
        if (set->ranges->len > IDSET_RANGES_MAX)
            forget_lowest(set);
    }
}

bool check_idset_hole(const idset *set, uint64_t first, uint64_t last, idrange *hole)
{
    if (first <= set->forgotten)
        first = set->forgotten + 1;
    const guint n = ranges_up_to(set, first);
    if (n > 0 && range_at(set, n - 1)->last >= first) {
        if (range_at(set, n - 1)->last >= last)
            return false;
        first = range_at(set, n - 1)->last + 1;
    }
    if (first > last)
        return false;
    hole->first = first;
    hole->last = last;
    if (set->ranges != NULL && n < set->ranges->len && range_at(set, n)->first <= last)
        hole->last = range_at(set, n)->first - 1;
    return true;
}

bool check_idset_lowest(const idset *set, uint64_t *id)
{
    if (set->ranges == NULL || set->ranges->len == 0)
        return false;
    *id = range_at(set, 0)->first;
    return true;
}

uint64_t check_idset_above(const idset *set, uint64_t id)
{
    uint64_t count = 0;
    for (guint i = set->ranges != NULL ? set->ranges->len : 0; i-- > 0;) {
        const idrange *range = range_at(set, i);
        if (range->last <= id)
            break;
        count += range->last - MAX(range->first, id + 1) + 1;
    }
    return count;
}

void check_idset_clear(idset *set)
{
    if (set->ranges != NULL)
        g_array_unref(set->ranges);
    set->ranges = NULL;
    set->forgotten = 0;
}
