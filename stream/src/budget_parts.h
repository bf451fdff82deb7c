/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the connections of a budget take from it and give back. Nothing here reports anything. */
#ifndef STREAM_BUDGET_PARTS_H
#define STREAM_BUDGET_PARTS_H

#include "stream/budget.h"
#include "tree.h"

/* Bytes of adjoining segments, in one piece. Belongs to the ranges that lie in it. */
struct stream_block {
    uint8_t *bytes;
    uint64_t at; /* offset of the first of them */
    size_t used, cap;
    uint32_t refs;
    stream_block *next_spare;
};

/* Whether `size` more bytes fit; if so they count as used. */
bool stream_budget_take(stream_budget *budget, size_t size);
void stream_budget_return(stream_budget *budget, size_t size);

void *stream_budget_alloc(stream_budget *budget, size_t size);
void *stream_budget_resize(stream_budget *budget, void *p, size_t size);
void stream_budget_release(stream_budget *budget, void *p);

/* From the spare ones, or new; not counted as used. NULL without memory. */
stream_range *stream_budget_range(stream_budget *budget);
void stream_budget_put_range(stream_budget *budget, stream_range *range);

/* With room for at least `cap` bytes, and no ranges. */
stream_block *stream_budget_block(stream_budget *budget, size_t cap);
void stream_budget_put_block(stream_budget *budget, stream_block *block);

#endif
