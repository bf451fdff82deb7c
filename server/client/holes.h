/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the client does about holes before messages that wait in the inbox: asks for them with
 * SYNC, one at a time in each session, and goes on after them when they cannot be filled. After a
 * login that resumes nothing, it asks for all that came meanwhile.
 */
#ifndef PLATO_CLIENT_HOLES_H
#define PLATO_CLIENT_HOLES_H

#include "client/inbox.h"
#include "plato/head.h"

typedef struct holes holes;

typedef struct holes_handler {
    /* These msg_ids are to be asked for. */
    void (*ask)(void *user, uint64_t session_id, uint64_t first, uint64_t last);
    /* They will not come any more. */
    void (*lost)(void *user, uint64_t session_id, uint64_t first, uint64_t last);
    /* The server has fewer messages than have come: it counts anew. So does the inbox now. */
    void (*forgotten)(void *user, uint64_t session_id);
} holes_handler;

holes *holes_new(inbox *in, const holes_handler *handler, void *user);
void holes_free(holes *h);

/* Something came in this session: asks for the hole that it may have made or left. */
void holes_check(holes *h, uint64_t session_id);

/* Asks for everything after what has come of the session, if anything has. */
void holes_recover(holes *h, uint64_t session_id);

/* Somebody else has sent a SYNC: its answer is not ours. */
void holes_note_sync(holes *h, uint64_t session_id);

/* The connection is gone, and with it the answers. */
void holes_reset(holes *h);

/* An ACK of a SYNC has come. True if it only asks for patience: holes_ask_again() is due later. */
bool holes_answered(holes *h, const plato_head_ack *ack);

/* Asks again what the server could not answer just then. True if there was something. */
bool holes_ask_again(holes *h);

/* True while an answer is to come. */
bool holes_are_open(const holes *h);

#endif
