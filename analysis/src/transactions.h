/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions: a request and its response. */
#ifndef ANALYSIS_SRC_TRANSACTIONS_H
#define ANALYSIS_SRC_TRANSACTIONS_H

#include "id_sequence.h"

void analysis_transactions_init(analysis_state *a);
void analysis_transactions_clear(analysis_state *a);

/*
 * Opens a request of its connection; UP and PUSH are opened where their ids are checked. If it was
 * answered before it came, returns the conn_id in an ACK with code 0, else 0.
 */
uint64_t analysis_transactions_request(analysis_state *a, const frame *f);

/* The frame responds to `request`. */
void analysis_transactions_respond(const analysis_state *a, const frame *f,
                                   const analysis_record *request);

/* An ACK of LOGIN, HEARTBEAT, RECONN or SYNC. Returns the request, NULL if there is none. */
analysis_record *analysis_transactions_ack(analysis_state *a, const frame *f);

/*
 * An ACK of an UP by (session, client_id). Returns what it acknowledges, or NULL; the caller ends
 * with analysis_window_answered() on it.
 */
window_entry *analysis_transactions_ack_up(analysis_state *a, const frame *f, id_sequence **of);

/* An ACK of PUSHes by (session, msg_id). */
void analysis_transactions_ack_push(analysis_state *a, const frame *f);

#endif
