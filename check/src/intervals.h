/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded set of ids, as ranges. */
#ifndef PLATO_CHECK_INTERVALS_H
#define PLATO_CHECK_INTERVALS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define INTERVALS_MAX 1024 /* ranges; beyond them the lowest is forgotten */

typedef struct interval {
    uint64_t first;
    uint64_t last; /* both ends belong to it */
} interval;

typedef struct intervals {
    GArray *ranges;     /* in order, apart from each other; NULL: empty */
    uint64_t forgotten; /* nothing is known of ids up to this one */
} intervals;

void intervals_add(intervals *set, uint64_t id);
bool intervals_has(const intervals *set, uint64_t id);

/* The lowest range of first..last that is not in the set and not forgotten; false if there is none.
 */
bool intervals_hole(const intervals *set, uint64_t first, uint64_t last, interval *hole);

/* The lowest id; false if the set is empty. */
bool intervals_lowest(const intervals *set, uint64_t *id);

/* How many ids above `id` are in the set. */
uint64_t intervals_above(const intervals *set, uint64_t id);

void intervals_clear(intervals *set);

#endif
