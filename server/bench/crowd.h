/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that a server has to bear besides its good clients: idle ones, writers of one byte a
 * second, floods, and nonsense. A connection that the server closes is opened again.
 */
#ifndef PLATO_BENCH_CROWD_H
#define PLATO_BENCH_CROWD_H

#include "bench/options.h"
#include "bench/stream.h"
#include "common/random.h"
#include "plato/decoder.h"
#include "plato/head.h"

typedef enum guest_kind {
    GUEST_IDLE,
    GUEST_SLOW_WRITER,
    GUEST_FLOOD,
    GUEST_MALFORMED,
    GUEST_KINDS,
} guest_kind;

/* Counts of one kind since the start. */
typedef struct crowd_counts {
    uint64_t opened;      /* connections that came up */
    uint64_t closed;      /* by the server */
    uint64_t given_up;    /* by us, because the server did not close what it should have */
    uint64_t sent;        /* messages, or pieces of nonsense, or single bytes */
    uint64_t answers[16]; /* ACKs by code */
    unsigned logged_in;   /* now */
} crowd_counts;

struct crowd;

typedef struct guest {
    struct crowd *crowd;
    guest_kind kind;
    stream *stream;
    plato_decoder *decoder;
    uint64_t device_id;
    uint64_t opened_ns, due_ns; /* when it does the next thing, or connects again */
    uint64_t sent;              /* what its kind counts, on this connection */
    GBytes *frame;              /* what a slow writer writes */
    bool opening, up, logged_in;
} guest;

typedef struct crowd {
    const bench_options *options;
    const stream_target *target;
    guest *guests;
    unsigned n_guests, n_begun, n_opening;
    crowd_counts counts[GUEST_KINDS];
    prng random;
    struct event *tick;
} crowd;

/* What a kind of guest does. Any of them may end the connection with guest_leave(). */
typedef struct guest_acts {
    const char *name;
    void (*up)(guest *g);                             /* connected */
    void (*ack)(guest *g, const plato_head_ack *ack); /* or NULL */
    void (*due)(guest *g, uint64_t now_ns);           /* due_ns has come; it sets the next one */
    unsigned reopen_ms;                               /* to the next connection */
} guest_acts;

extern const guest_acts guest_idle, guest_slow_writer, guest_flood, guest_malformed;

crowd *crowd_new(const bench_options *options, const stream_target *target);
void crowd_free(crowd *c);
void crowd_start(crowd *c);

/* Whether all idle connections are logged in. */
bool crowd_is_there(const crowd *c);

const char *crowd_name(guest_kind kind);

/* For the kinds: queues a frame, and a LOGIN to a session of the guest's own. */
void guest_put(guest *g, GBytes *frame);
void guest_log_in(guest *g);
void guest_leave(guest *g);

#endif
