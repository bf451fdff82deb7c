/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sending end of delivery: counts client_ids for each session, and finds out where the server
 * stands. It keeps the count of a device over its logins, so the first message of a session may
 * be refused with the id that is expected instead; then that count is taken over, and what was
 * sent so far is sent again under the right ids.
 */
#ifndef PLATO_CLIENT_UPSTREAM_H
#define PLATO_CLIENT_UPSTREAM_H

#include "plato/head.h"
#include "plato/schema/plato.pb-c.h"

#include <glib.h>
#include <stdbool.h>

typedef struct upstream upstream;

/* A message to be sent now; `again` if an earlier sending of it was refused. */
typedef void (*upstream_send)(void *user, const plato_head_up *up, Plato__ContentType type,
                              GBytes *content, bool again);

upstream *upstream_new(uint64_t first_client_id, upstream_send send, void *user);
void upstream_free(upstream *up);

/* Gives the message the next client_id of the session and has it sent. */
void upstream_say(upstream *up, uint64_t session_id, Plato__ContentType type, GBytes *content);

/* The ACK of an UP came. False if the message is refused for good. */
bool upstream_answered(upstream *up, const plato_head_ack *ack);

/* False while a session waits for its first answer: nothing more should be sent until then. */
bool upstream_is_settled(const upstream *up);

#endif
