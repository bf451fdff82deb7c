/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sending end of delivery: counts client_ids for each session, keeps every message until the
 * server has answered for it, and says when it is to be sent again. The server counts too, over
 * the logins of a device. Where its count is lower, it refuses with the id that it expects; then
 * its count is taken over, and what waits is sent under the right ids.
 */
#ifndef PLATO_CLIENT_UPSTREAM_H
#define PLATO_CLIENT_UPSTREAM_H

#include "plato/head.h"

#include <glib.h>
#include <stdbool.h>

typedef struct upstream upstream;

typedef struct upstream_handler {
    /* A message is to be sent now; `again` if it was sent before. `body` is borrowed. */
    void (*send)(void *user, uint64_t session_id, uint64_t client_id, GBytes *body, bool again);
    /* The messages of the session that wait have new ids; before they are sent. */
    void (*renumbered)(void *user, uint64_t session_id);
} upstream_handler;

typedef enum upstream_verdict {
    UPSTREAM_DONE,    /* it was accepted, and is forgotten */
    UPSTREAM_KNOWN,   /* nothing of that id waits: the answer to a repeat */
    UPSTREAM_LATER,   /* it goes on waiting, and will be sent again */
    UPSTREAM_REFUSED, /* for good: it is forgotten */
} upstream_verdict;

/* `retry_ms`: the wait before a message is sent again, doubled up to 30 times; 0 = never. */
upstream *upstream_new(uint64_t first_client_id, unsigned retry_ms, const upstream_handler *handler,
                       void *user);
void upstream_free(upstream *up);

/* The client_id that the next message of the session will get. */
uint64_t upstream_next_id(upstream *up, uint64_t session_id);

/* Gives the message the next client_id of the session, keeps it, and has it sent. */
void upstream_say(upstream *up, uint64_t session_id, GBytes *body, uint64_t now_us);

/*
 * From an earlier run: the last id that has an answer, then the messages that have none, in order.
 */
void upstream_restore(upstream *up, uint64_t session_id, uint64_t last_answered);
void upstream_restore_message(upstream *up, uint64_t session_id, uint64_t client_id, GBytes *body);

/*
 * The ACK of an UP came. `*client_id` is set to the id that it is about, in our count. A refusal
 * may not name it: then it is the first one that waits.
 */
upstream_verdict upstream_answered(upstream *up, const plato_head_ack *ack, uint64_t now_us,
                                   uint64_t *client_id);

/*
 * A message was too large for the server, which did not say which one: forgets the largest of those
 * that wait. False if none does. Messages after it get its id, and so on.
 */
bool upstream_drop_largest(upstream *up, uint64_t *session_id, uint64_t *client_id);

/* There is a new connection: everything that waits is sent again, at once. */
void upstream_resume(upstream *up, uint64_t now_us);

/* Sends again what is due. */
void upstream_tick(upstream *up, uint64_t now_us);

/* When upstream_tick() has something to do: microseconds, as now_us; 0 = nothing waits. */
uint64_t upstream_due_us(const upstream *up);

/* Messages without an answer. */
unsigned upstream_waiting(const upstream *up);

/* Each of those of a session. */
void upstream_foreach(upstream *up, uint64_t session_id,
                      void (*each)(void *user, uint64_t client_id, GBytes *body), void *user);

/* False while a session waits for its first answer: nothing more should be sent until then. */
bool upstream_is_settled(const upstream *up);

/* True while nothing new should be sent because the server could not take what was sent last. */
bool upstream_is_held_back(const upstream *up);

#endif
