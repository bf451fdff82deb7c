/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transport connections, their devices, and which resumes which. */
#ifndef ANALYSIS_SRC_CONNECTIONS_H
#define ANALYSIS_SRC_CONNECTIONS_H

#include "id_sequence.h"

struct connection {
    id_scope own;       /* the connection's own ids */
    id_scope *id_scope; /* in use: `own`, or a device's */
    analysis_identity identity;
    analysis_record *first;  /* its first frame */
    analysis_record *opener; /* its latest LOGIN or RECONN */
    fifo logins, reconns;
    analysis_record *heartbeat;  /* the latest that is open */
    losses missing[2];           /* by analysis_direction: its own losses */
    uint32_t missing_seen[2];    /* their count at the latest frame */
    uint32_t latest[2];          /* the highest packet number of its frames */
    uint32_t unknown_resumption; /* a loss' id while its RECONN was not captured; else 0 */
    bool numbered;               /* ids were checked while no device was known */
    bool client_spoke;
    int64_t client_time_ns; /* of the client's last frame */

    /* MsgCmd framing */
    window ups;                   /* ClientID -> the UP that its next ACK acknowledges */
    analysis_record *latest_push; /* what an ACK without ids acknowledges */
    transmission run;             /* the run of equal Pushes without id, while it lasts */
};

void analysis_connections_init(analysis_state *a);
void analysis_connections_clear(analysis_state *a);

/* The connection with this index, made where there is none; or NULL. */
connection *analysis_connection_get(analysis_state *a, uint32_t index);
connection *analysis_connection_find(const analysis_state *a, uint32_t index);

/* Bytes are missing before the next frame. Returns the loss' id. */
uint32_t analysis_connection_loss(analysis_state *a, connection *conn,
                                  analysis_direction direction);

/* Adds a frame of any type to its connection, and flags it if bytes before it are missing. */
void analysis_connection_add_frame(analysis_state *a, frame *f);

void analysis_connections_login(analysis_state *a, const frame *f);
void analysis_connections_reconn(analysis_state *a, const frame *f);

/* A conn_id in an ACK with code 0 that answers `request` (NULL: not captured). */
void analysis_connections_learn_from_ack(analysis_state *a, const frame *f,
                                         analysis_record *request);

/* The frame is the LOGIN or RECONN which an ACK with this conn_id answered before it came. */
void analysis_connections_opened_by(analysis_state *a, const frame *f, uint64_t conn_id);

/*
 * Whether a connection that was resumed after the packet may be any device's: its ACK of RECONN was
 * captured, and the RECONN was not. An answer of any request may be there.
 */
bool analysis_connections_resumed_unknown(const analysis_state *a, uint32_t packet);

/* A conn_id in an UP counts as long as no ACK has given one. */
void analysis_connections_learn_from_up(analysis_state *a, const frame *f);

/* The scope of the frame's ids. */
id_scope *analysis_id_scope_of(const frame *f);

#endif
