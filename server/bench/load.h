/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load: sessions of devices that send by a schedule which does not wait for the server (an
 * open loop), so that a server which stalls is charged for every message that was due meanwhile.
 */
#ifndef PLATO_BENCH_LOAD_H
#define PLATO_BENCH_LOAD_H

#include "bench/device.h"
#include "bench/histogram.h"
#include "bench/options.h"
#include "bench/wire.h"

typedef enum load_phase {
    LOAD_CONNECTING, /* until every device is logged in */
    LOAD_WARMING,
    LOAD_MEASURING,
    LOAD_DRAINING, /* nothing new is sent; what is missing may come */
    LOAD_OVER,
} load_phase;

/* Counts since the start. */
typedef struct load_counts {
    uint64_t sent, resent, acknowledged, delivered;
    uint64_t repeated;    /* the same msg_id again: the protocol's way, dropped */
    uint64_t twice;       /* the same message under another msg_id */
    uint64_t conflicting; /* another message under the same msg_id */
    uint64_t disordered;  /* after a later one of the same sender */
    uint64_t damaged;     /* not what was sent */
    uint64_t misnumbered; /* a msg_id that cannot be, or another one in a repeated ACK */
    uint64_t reconnects;  /* connections that were lost */
    uint64_t resumed;     /* reconnects that the server knew */
    uint64_t forgotten;   /* times that the server had forgotten a sender's count */
    uint64_t broken;      /* connections given up for what the server sent */
    uint64_t refused[16]; /* by ACK code */
} load_counts;

/* The verdict's part that is counted at the end. */
typedef struct load_ledger {
    uint64_t lost;       /* acknowledged and not delivered, for each member */
    uint64_t unanswered; /* due and not acknowledged, sent or not */
    uint64_t expected;   /* deliveries of what was acknowledged */
} load_ledger;

struct load {
    const bench_options *options;
    const wire *wire;
    const stream_target *target;
    device *devices;
    unsigned n_devices, n_members; /* of a session: n_members */
    unsigned n_logged_in, n_opened;
    unsigned n_senders; /* in all */
    load_phase phase;
    uint64_t start_ns;      /* of the schedule */
    uint64_t measure_ns;    /* when measuring began */
    uint64_t end_ns;        /* of sending; later: when the drain is given up */
    uint64_t complete_ns;   /* when nothing was missing any more */
    uint64_t handed_out;    /* messages of the schedule so far */
    uint64_t measured_from; /* counts.delivered when measuring began */
    load_counts counts;
    histogram up_ack, up_push; /* since measuring began */
    struct event *tick, *housekeeping;
    void (*phase_changed)(void *user, load_phase phase);
    void *user;
};

uint64_t load_now_ns(void);

/* Makes the devices; load_start() connects them. The options and the target are borrowed. */
struct load *load_new(const bench_options *options, const stream_target *target);
void load_free(struct load *load);
void load_start(struct load *load);

/* Ends the sending now; the drain follows. A second time: ends the drain. */
void load_stop(struct load *load);

load_ledger load_count(const struct load *load);

/* Whether the time of a message that was due then is to be measured. */
static inline bool load_measures(const struct load *load, uint64_t due_ns)
{
    return load->measure_ns != 0 && due_ns >= load->measure_ns;
}

#endif
