/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of each frame: its verdict, and what later frames need to complete it. */
#ifndef PLATO_ANALYSIS_RECORD_H
#define PLATO_ANALYSIS_RECORD_H

#include "plato/analysis.h"

typedef struct record record;

struct record {
    plato_verdict verdict; /* first, so that a verdict's address is its record's */
    int64_t time_ns;
    record *next; /* an UP or PUSH: its repeats that wait for response_in; others: see fifo */
    union {
        plato_delivery *last_delivery; /* UP: the end of delivered_in */
        record *next_waiting;          /* PUSH: the next that waits for an UP to explain it */
    };
    const uint32_t *losses; /* UP, PUSH: how often bytes of the answering direction were missing */
    uint32_t losses_before; /* what *losses was when the frame came */
    uint32_t number;
    bool open;    /* the first sending of an UP or PUSH, and not answered */
    bool covered; /* PUSH: an acknowledgement that came before covers it */
};

/* `repeat` shares the response of `first`, whether it has come or is still to come. */
void record_join(record *first, record *repeat);

/* `request`, and its repeats, have got their response in frame `response`. */
void record_settle(record *request, uint32_t response);

/* Requests that are answered first in, first out. */
typedef struct fifo {
    record *head, *tail;
} fifo;

void fifo_push(fifo *queue, record *request);

/* The oldest, which is no longer in the queue; NULL if there is none. */
record *fifo_pop(fifo *queue);

/* Where records and deliveries lie: blocks that are released together. */
typedef struct record_store {
    plato_allocator allocator;
    struct record_block *blocks;
    size_t used; /* bytes of the newest block */
} record_store;

void record_store_init(record_store *store, const plato_allocator *allocator);
void record_store_clear(record_store *store);

/* All zero. NULL when memory is out. */
record *record_new(record_store *store);
plato_delivery *delivery_new(record_store *store);

/* later - earlier, held to what int64_t can tell. */
int64_t elapsed_ns(int64_t earlier, int64_t later);

#endif
