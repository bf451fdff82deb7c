/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded set of ids, as ranges. */
#ifndef CHECK_IDSET_H
#define CHECK_IDSET_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define IDSET_RANGES_MAX 1024 /* ranges; beyond them the lowest is forgotten */

typedef struct idrange {
    uint64_t first;
    uint64_t last; /* both ends belong to it */
} idrange;

typedef struct idset {
    GArray *ranges;     /* in order, apart from each other; NULL: empty */
    uint64_t forgotten; /* nothing is known of ids up to this one */
} idset;

void check_idset_add(idset *set, uint64_t id);
bool check_idset_has(const idset *set, uint64_t id);

/* The lowest range of first..last that is not in the set and not forgotten; false if there is none.
 */
bool check_idset_hole(const idset *set, uint64_t first, uint64_t last, idrange *hole);

/* The lowest id; false if the set is empty. */
bool check_idset_lowest(const idset *set, uint64_t *id);

/* How many ids above `id` are in the set. */
uint64_t check_idset_above(const idset *set, uint64_t id);

void check_idset_clear(idset *set);

#endif
