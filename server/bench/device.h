/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One well-behaved client of the load: it logs in, sends what is due, sends again what is not
 * acknowledged, comes back when its connection is lost, and keeps account of what it got.
 *
 * The protocol's bytes are a `wire`'s business, which calls the functions "from the wire" below.
 */
#ifndef PLATO_BENCH_DEVICE_H
#define PLATO_BENCH_DEVICE_H

#include "bench/bitset.h"
#include "bench/stream.h"
#include "plato/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct load;

/* What came of one sender in a device's session. */
typedef struct incoming {
    bitset numbers;   /* of its messages */
    uint64_t last;    /* number of the message with the highest msg_id */
    uint64_t last_id; /* that msg_id */
} incoming;

typedef struct device {
    struct load *load;
    stream *stream; /* NULL while there is none */
    void *wire;     /* the protocol's own state */
    uint64_t device_id, session_id;
    unsigned place;      /* in its session; senders come first */
    unsigned nth_sender; /* of all senders */
    bool sends, logged_in;

    /* What it sends: messages 1 ... due; [first, next) are under way. */
    uint64_t due;        /* handed out so far */
    uint64_t next;       /* to be written next */
    uint64_t first;      /* first that is not acknowledged */
    uint64_t sent;       /* highest ever written */
    uint64_t forgotten;  /* client_id = number - forgotten: of a server that began anew */
    uint64_t delivered;  /* deliveries of them, to all members together */
    uint64_t asked_for;  /* where OUT_OF_ORDER last took us back to; 0 = not since an ACK */
    uint64_t *due_ns;    /* when message n was due: [n % window] */
    bitset acknowledged; /* numbers */
    bool held;           /* refused: nothing more until resend_ns */
    uint64_t resend_ns;  /* when to send again what is under way */
    unsigned resend_s;   /* the interval that led to it */

    /* What it gets. */
    bitset ids;         /* msg_ids, one's own included */
    uint64_t complete;  /* all up to this msg_id are there */
    uint64_t highest;   /* msg_id */
    uint64_t confirmed; /* up to where PUSHes were acknowledged */
    bool got;           /* a PUSH, since the last ACK of one */
    uint64_t hole_ns;   /* since when something is missing below `highest`; 0 = not */
    incoming *from;     /* [senders of the session] */

    /* Its connection. */
    uint64_t opened_ns, heard_ns, written_ns;
    uint64_t waiting_ns; /* since when an answer is owed, if one is */
    uint64_t reopen_ns;  /* when to connect again; 0 = it is connected or connecting */
    unsigned backoff_ms; /* that led to it */
} device;

void device_init(device *d, struct load *load, unsigned session, unsigned place);
void device_clear(device *d);

/* Connects. */
void device_open(device *d);

/* Writes what is due and fits the window. */
void device_pump(device *d);

/* What time brings: sending again, connecting again, heartbeats. To be called often. */
void device_tick(device *d, uint64_t now_ns);

/* From the wire: the login is answered; `fresh` unless the server knew the connection. */
void device_logged_in(device *d, bool fresh);

/* From the wire: message `number` is acknowledged as `msg_id` (0 = that is not known). */
void device_acknowledged(device *d, uint64_t number, uint64_t msg_id);

/* From the wire: a message was refused; `expected` goes with OUT_OF_ORDER, as a client_id. */
void device_refused(device *d, uint32_t code, uint64_t expected);

/* From the wire: a message of another; `msg_id` 0 if the protocol has none. */
void device_got(device *d, uint64_t msg_id, plato_span message);

/* From the wire: what was asked for up to `last_id` will not come any more. */
void device_missed(device *d, uint64_t last_id);

/* From the wire: this connection is of no use any more. */
void device_drop(device *d);

/* Whether all its messages are acknowledged. */
bool device_is_done(const device *d);

#endif
