/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A token bucket: a rate of events a second on average, and a burst at once. Whole numbers only,
 * so that nothing is lost to rounding: the level is kept in thousandths of an event, and a
 * millisecond brings as many of them as a second brings events.
 */
#ifndef PLATO_SERVER_BUCKET_H
#define PLATO_SERVER_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bucket_rate {
    uint32_t per_second; /* 0: no limit */
    uint32_t burst;      /* what a full bucket holds; 1 or more */
} bucket_rate;

typedef struct bucket {
    uint64_t level; /* thousandths of an event */
    uint64_t at_ms; /* when the level was right */
} bucket;

/* Full at `now_ms`. */
void bucket_init(bucket *b, const bucket_rate *rate, uint64_t now_ms);

/* Takes one event out. False, and nothing taken, when there is none. */
bool bucket_take(bucket *b, const bucket_rate *rate, uint64_t now_ms);

/* True when it is full again at `now_ms`: it can be forgotten, a new one is the same. */
bool bucket_is_full(const bucket *b, const bucket_rate *rate, uint64_t now_ms);

#endif
