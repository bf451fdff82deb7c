/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the client does about holes in front of messages that wait in the inbox: asks for them with
 * SYNC, one at a time in each session, and goes on behind them when they cannot be filled.
 */
#ifndef PLATO_CLIENT_HOLES_H
#define PLATO_CLIENT_HOLES_H

#include "client/inbox.h"
#include "plato/head.h"

typedef struct holes holes;

/* Called with a range of msg_ids that is to be asked for, or that is lost. */
typedef void (*holes_range)(void *user, uint64_t session_id, uint64_t first, uint64_t last);

holes *holes_new(inbox *in, holes_range ask, holes_range lost, void *user);
void holes_free(holes *h);

/* Something came in this session: asks for the hole that it may have made or left. */
void holes_check(holes *h, uint64_t session_id);

/* Somebody else has sent a SYNC: its answer is not ours. */
void holes_note_sync(holes *h, uint64_t session_id);

/* An ACK of a SYNC has come. */
void holes_answered(holes *h, const plato_head_ack *ack);

/* True while an answer is to come. */
bool holes_are_open(const holes *h);

#endif
