/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is kept of each frame, for as long as the capture is open: most of an analysis' memory, so
 * it holds only what the verdict cannot do without. What only few frames need is kept apart.
 */
#ifndef ANALYSIS_SRC_RECORD_H
#define ANALYSIS_SRC_RECORD_H

#include "analysis/analysis.h"
#include "losses.h"

#include <glib.h>

typedef enum record_kind {
    RECORD_REQUEST, /* any other type */
    RECORD_ACK,
    RECORD_UP,
    RECORD_PUSH,
} record_kind;

/* A record is as long as its kind needs: see analysis_record_new(). */
struct analysis_record {
    int64_t time_ns;
    uint32_t number;
    uint16_t flags;         /* analysis_verdict_flag; set by record_flag() */
    uint8_t kind;           /* record_kind */
    bool open : 1;          /* the first transmission of an UP or PUSH, and not answered */
    bool covered : 1;       /* an acknowledgement that came before covers it */
    bool delivery_late : 1; /* PUSH: the ACK that explains it came after it */
    bool early : 1;         /* ACK: known before `request`, which had to wait */
    bool has_anomaly : 1;   /* analysis_record_anomaly() has more of it */
    union {
        const analysis_record *request; /* ACK: what it answers, with ANALYSIS_HAS_RESPONSE_TIME */
        struct {
            uint32_t response_in;
            uint32_t losses_before; /* their count when the frame came */
        };
    };
    /* an ACK ends here; an UP or PUSH: its repeats that wait for response_in; others: see fifo */
    analysis_record *next;
    /* a request ends here */
    union {
        const losses *losses;            /* of the answering direction */
        const analysis_record *repeated; /* with ANALYSIS_DUPLICATE: the first transmission */
    };
    union {
        analysis_record *first_push; /* UP: its deliveries */
        const analysis_record *up;   /* PUSH: what it delivers; NULL as long as it is not known */
    };
    union {
        analysis_record *last_push;     /* UP */
        analysis_record *next_delivery; /* PUSH: the next of the same UP, or that waits for it */
    };
};

/* What losses have to do with a frame. */
typedef struct loss_facts {
    loss_range gap_excuse; /* without ANALYSIS_GAP: it is a gap once none of these remain */
    loss_range missing;    /* with ANALYSIS_CAPTURE_GAP: the losses before the frame */
} loss_facts;

/* What only few frames have. Frame numbers, as in analysis_verdict. */
typedef struct anomaly {
    const analysis_record *of; /* the key */
    uint32_t gap_in;
    uint32_t prev_conn, next_conn;
    bool has_losses;
    uint64_t gap_first, gap_last;
    loss_facts losses[]; /* one, with `has_losses` */
} anomaly;

/* Adds to the flags, analysis_verdict_flag. */
static inline void record_flag(analysis_record *r, uint32_t flags)
{
    r->flags = (uint16_t)(r->flags | flags);
}

/*
 * `repeat` is a repeat of `first`, and shares its response, whether that has come or not.
 */
void analysis_record_repeat(analysis_record *first, analysis_record *repeat);

/* `ack` answers `request`; slowly, if it took longer than `slow_ns`. 0: that is not judged. */
void analysis_record_respond(analysis_record *ack, const analysis_record *request, int64_t slow_ns);

/* `request`, and its repeats, have got their response in frame `response`. */
void analysis_record_settle(analysis_record *request, uint32_t response);

/* Requests that are answered first in, first out. */
typedef struct fifo {
    analysis_record *head, *tail;
} fifo;

void analysis_fifo_push(fifo *queue, analysis_record *request);

/* The oldest, which is no longer in the queue; NULL if there is none. */
analysis_record *analysis_fifo_pop(fifo *queue);

/* Where records lie: blocks that are released together. */
typedef struct record_store {
    plato_allocator allocator;
    struct record_block *blocks;
    size_t used;           /* bytes of the newest block */
    GHashTable *anomalies; /* set */
} record_store;

void analysis_record_store_init(record_store *store, const plato_allocator *allocator);
void analysis_record_store_clear(record_store *store);

/* All zero, long enough for a frame of this type. NULL when memory is out. */
analysis_record *analysis_record_new(record_store *store, uint32_t msg_type);

/* Of a record, made where there is none. */
anomaly *analysis_record_anomaly(record_store *store, analysis_record *of);

/* The same, with its loss_facts; one that was got before is not valid any more. */
anomaly *analysis_record_loss_anomaly(record_store *store, analysis_record *of);

/* All that is known about the frame. */
analysis_verdict analysis_record_verdict(const record_store *store, const analysis_record *r);

/* later - earlier, limited to the range of int64_t. */
int64_t analysis_elapsed_ns(int64_t earlier, int64_t later);

#endif
