/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is kept of each frame, for as long as the capture is open: most of an analysis' memory, so
 * it holds only what the verdict cannot do without. What only few frames need is kept apart.
 */
#ifndef PLATO_ANALYSIS_RECORD_H
#define PLATO_ANALYSIS_RECORD_H

#include "plato/analysis.h"

#include <glib.h>

typedef struct plato_judged record;

typedef enum record_kind {
    RECORD_REQUEST, /* any other type */
    RECORD_ACK,
    RECORD_UP,
    RECORD_PUSH,
} record_kind;

/* A record is as long as its kind needs: see record_new(). */
struct plato_judged {
    int64_t time_ns;
    uint32_t number;
    uint16_t flags;         /* plato_verdict_flag; set by record_flag() */
    uint8_t kind;           /* record_kind */
    bool open : 1;          /* the first transmission of an UP or PUSH, and not answered */
    bool covered : 1;       /* PUSH: an acknowledgement that came before covers it */
    bool delivery_late : 1; /* PUSH: the ACK that explains it came after it */
    bool odd : 1;           /* record_oddity() has more of it */
    union {
        const record *request; /* ACK: what it answers, with PLATO_VERDICT_HAS_RESPONSE_TIME */
        struct {
            uint32_t response_in;
            uint32_t losses_before; /* what *losses was when the frame came */
        };
    };
    /* an ACK ends here */
    record *next; /* an UP or PUSH: its repeats that wait for response_in; others: see fifo */
    /* a request ends here */
    union {
        const uint32_t *losses; /* how often bytes of the answering direction were missing */
        const record *repeated; /* with PLATO_VERDICT_DUPLICATE: the first transmission */
    };
    union {
        record *first_push; /* UP: its deliveries */
        const record *up;   /* PUSH: what it delivers; NULL as long as it is not known */
    };
    union {
        record *last_push;     /* UP */
        record *next_delivery; /* PUSH: the next of the same UP, or that waits for it */
    };
};

/* What only few frames have. Frame numbers, as in plato_verdict. */
typedef struct oddity {
    const record *of; /* the key */
    uint32_t gap_in;
    uint32_t prev_conn, next_conn;
    uint64_t gap_first, gap_last;
} oddity;

/* Adds to the flags, plato_verdict_flag. */
static inline void record_flag(record *r, uint32_t flags)
{
    r->flags = (uint16_t)(r->flags | flags);
}

/*
 * `repeat` is a repeat of `first`, and shares its response, whether that has come or not.
 */
void record_repeat(record *first, record *repeat);

/* `request`, and its repeats, have got their response in frame `response`. */
void record_settle(record *request, uint32_t response);

/* Requests that are answered first in, first out. */
typedef struct fifo {
    record *head, *tail;
} fifo;

void fifo_push(fifo *queue, record *request);

/* The oldest, which is no longer in the queue; NULL if there is none. */
record *fifo_pop(fifo *queue);

/* Where records lie: blocks that are released together. */
typedef struct record_store {
    plato_allocator allocator;
    struct record_block *blocks;
    size_t used;          /* bytes of the newest block */
    GHashTable *oddities; /* set */
} record_store;

void record_store_init(record_store *store, const plato_allocator *allocator);
void record_store_clear(record_store *store);

/* All zero, long enough for a frame of this type. NULL when memory is out. */
record *record_new(record_store *store, uint32_t msg_type);

/* Of a record, made where there is none. */
oddity *record_oddity(record_store *store, record *of);

/* All that is known about the frame. */
plato_verdict record_verdict(const record_store *store, const record *r);

/* later - earlier, limited to the range of int64_t. */
int64_t elapsed_ns(int64_t earlier, int64_t later);

#endif
