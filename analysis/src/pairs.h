/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions: a request and its response. */
#ifndef PLATO_ANALYSIS_PAIRS_H
#define PLATO_ANALYSIS_PAIRS_H

#include "counter.h"

void pairs_init(plato_analysis *a);
void pairs_clear(plato_analysis *a);

/* Opens a request of its connection; UP and PUSH are opened where their ids are checked. */
void pairs_request(plato_analysis *a, const frame *f);

/* The frame responds to `request`. */
void pairs_respond(const plato_analysis *a, const frame *f, const record *request);

/* An ACK of LOGIN, HEARTBEAT, RECONN or SYNC. Returns the request, NULL if there is none. */
record *pairs_ack(plato_analysis *a, const frame *f);

/*
 * An ACK of an UP by (session, client_id). Returns what it acknowledges, or NULL; the caller ends
 * with window_answered() on it.
 */
window_entry *pairs_ack_up(plato_analysis *a, const frame *f, counter **of);

/* An ACK of PUSHes by (session, msg_id). */
void pairs_ack_push(plato_analysis *a, const frame *f);

#endif
