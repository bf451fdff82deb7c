/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ids that were seen of one sequence: everything from `base` to `high` except the holes. */
#ifndef ANALYSIS_SRC_INTERVALS_H
#define ANALYSIS_SRC_INTERVALS_H

#include "losses.h"

struct analysis_record;

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
    uint64_t first, last;    /* SKIPS: the missing ids before this one; FILLS: the hole as it was */
    loss_range excuse;       /* SKIPS, FILLS: the losses that explain the hole */
    loss_range excuse_below; /* FILLS: those that explain what remains of it below */
    bool excused;            /* some of them remain: the capture lost those ids, not the sender */
    struct analysis_record *after;     /* FILLS: the frame with the id after the hole */
    struct analysis_record *forgotten; /* the frame after a hole that is kept no more, or NULL */
} id_observation;

/*
 * Adds `id`, seen in `frame`. Returns how it relates to the ids before it. `excuse`: if it opens a
 * hole, these losses explain it. What fills a hole that is excused counts as seen in its place:
 * then `frame` is the one after what remains below; with `missing` bytes are missing before the
 * frame itself, and all losses up to `excuse.upto` explain what remains below. At most `max_holes`
 * holes are kept: then the base rises above the lowest one. O(log max_holes), and a look at the
 * losses.
 */
id_observation analysis_intervals_observe(intervals *seen, uint64_t id,
                                          struct analysis_record *frame, loss_range excuse,
                                          bool missing, size_t max_holes);

void analysis_intervals_clear(intervals *seen);

#endif
