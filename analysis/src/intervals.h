/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ids that were seen of one sequence: everything from `base` to `high` except the holes. */
#ifndef ANALYSIS_SRC_INTERVALS_H
#define ANALYSIS_SRC_INTERVALS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* All zero is the empty set. */
typedef struct intervals {
    bool started;  /* an id was seen */
    uint64_t base; /* below it nothing is known */
    uint64_t high; /* the highest id seen */
    GTree *holes;  /* NULL until the first hole */
} intervals;

typedef enum id_observation_kind {
    ID_EXPECTED, /* the first id of all, or the next one */
    ID_SKIPS,    /* opens the hole first..last */
    ID_FILLS,    /* lay in a hole */
    ID_SEEN,     /* between base and high, and in no hole */
    ID_OLDER,    /* below base */
} id_observation_kind;

typedef struct id_observation {
    id_observation_kind kind;
    uint64_t first, last; /* SKIPS: the missing ids before this one */
    uint32_t gap_in;      /* FILLS: the frame that opened the hole */
    bool of_capture;      /* FILLS: the capture lost those ids, not the sender */
} id_observation;

/*
 * Adds `id`, seen in frame `number`. Returns how it relates to the ids before it. `after_loss`: if
 * it opens a hole, the capture has lost those ids. At most `max_holes` holes are kept: then the
 * base rises above the lowest one. O(log max_holes).
 */
id_observation analysis_intervals_observe(intervals *seen, uint64_t id, uint32_t number,
                                          bool after_loss, size_t max_holes);

void analysis_intervals_clear(intervals *seen);

#endif
