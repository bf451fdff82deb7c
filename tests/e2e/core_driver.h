/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drives the session core without sockets and with a clock that the test moves: what the core
 * wants sent is kept per connection and read back as frames.
 */
#ifndef PLATO_TEST_CORE_DRIVER_H
#define PLATO_TEST_CORE_DRIVER_H

#include "common/encode.h"
#include "core/core.h"
#include "store/store.h"

#define MOST_PEERS 1024

/* How a connection stands, as the core's actions have it. */
typedef enum peer_state { PEER_OPEN, PEER_CLOSED_FLUSH, PEER_CLOSED_NOW } peer_state;

typedef struct driver {
    struct core *core;
    uint64_t now_ms;
    GByteArray *output[MOST_PEERS]; /* by conn_key */
    size_t read[MOST_PEERS];        /* bytes of it that were read back */
    peer_state state[MOST_PEERS];
    GString *warnings; /* what the operator was warned of, one on each line */
    bool drain;        /* everything sent has left at once; default true */
    bool paused[MOST_PEERS];
    struct store *store; /* driver_start_stored() */
    core_reader reader;
    bool hold_commits; /* batches wait for driver_commit(); default false */
    records *batch;    /* the one that waits */
} driver;

void driver_start(driver *d, const core_config *config);
void driver_stop(driver *d);

/*
 * The same with a store at `path`, and what it has kept. driver_stop() leaves it as the end of the
 * process would: what was not committed is lost.
 */
void driver_start_stored(driver *d, const core_config *config, const store_options *options);

/* Writes the batch that waits, of which there must be one. */
void driver_commit(driver *d);

/* Begins anew with a changed configuration. */
void driver_restart(driver *d, const core_config *config);

conn_key driver_connect(driver *d);
void driver_feed(driver *d, conn_key key, const void *p, size_t n);

/* Sends one frame; takes the reference. */
void driver_send(driver *d, conn_key key, GBytes *frame);

/* Moves the clock and ticks when the core wants it, as a timer would. */
void driver_pass(driver *d, uint64_t ms);

/* Carries out what the core wants. The other functions do so by themselves. */
void driver_pump(driver *d);

/* The next frame that was sent to this connection; false if there is none. */
bool driver_next(driver *d, conn_key key, plato_head *head, plato_span *body);

/* The next frame must be an ACK; returns its head. */
plato_head_ack driver_ack(driver *d, conn_key key);

/* The next frame must be a PUSH with this body; returns its msg_id. */
uint64_t driver_push(driver *d, conn_key key, const char *body);

/* True if nothing more was sent to this connection. */
bool driver_silent(driver *d, conn_key key);

/* Connects and logs in to `n` sessions; `*conn_id` may be NULL. */
conn_key driver_log_in(driver *d, uint64_t device_id, const uint64_t *session_ids, size_t n,
                       uint64_t *conn_id);

GBytes *make_login(uint64_t device_id, const uint64_t *session_ids, size_t n);
GBytes *make_up(uint64_t client_id, uint64_t session_id, const char *body);
GBytes *make_reconn(uint64_t conn_id);
GBytes *make_push_ack(uint64_t session_id, uint64_t msg_id);
GBytes *make_sync(uint64_t session_id, uint64_t from, uint64_t to);
GBytes *make_heartbeat(void);

#endif
