/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Losses: bytes that are missing from the capture, and may come later. They are counted wherever
 * they may matter: for their connection, and for what ids are unique within.
 */
#ifndef ANALYSIS_SRC_LOSSES_H
#define ANALYSIS_SRC_LOSSES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Losses of one direction, numbered 1, 2, ... All zero: none so far. 4 bytes for each. */
typedef struct losses {
    uint32_t count;
    uint32_t lasting; /* the latest that is not filled; 0: none */
    uint32_t room;
    uint32_t *below; /* [number]: itself, or if it is filled, an earlier one to look at instead */
} losses;

/* The losses of `of` after number `after`, up to `upto`. */
typedef struct loss_range {
    const losses *of; /* NULL: no losses at all */
    uint32_t after, upto;
} loss_range;

/* Counts a loss; returns its number. Amortised O(1). */
uint32_t analysis_losses_add(losses *l);
void analysis_losses_clear(losses *l);

/* Whether any of them is not filled. Amortised O(log n). */
bool analysis_losses_remain(loss_range range);

/* ---- losses by the number that the caller knows ---- */

#define LOSS_PLACES 3u

typedef struct loss {
    uint32_t id; /* 0: filled */
    uint32_t places;
    uint32_t number[LOSS_PLACES]; /* in each of `of` */
    losses *of[LOSS_PLACES];
} loss;

/* The latest `max` that were reported: earlier ones cannot be filled any more. */
typedef struct loss_table {
    loss *kept; /* by id modulo `max` */
    size_t room, max;
    uint32_t last_id;
    loss not_kept; /* where `max` is 0 */
} loss_table;

/* A new loss with an id that is not 0. It is valid until the next call. */
loss *analysis_loss_new(loss_table *table);

/* Counts it in one more place. */
void analysis_loss_concerns(loss *l, losses *of);

/* Nothing is missing after all. What is no loss, or is too old, is ignored. */
void analysis_loss_table_fill(loss_table *table, uint32_t id);
void analysis_loss_table_clear(loss_table *table);

#endif
