/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transport connections, their devices, and which resumes which. */
#ifndef PLATO_ANALYSIS_CONNECTIONS_H
#define PLATO_ANALYSIS_CONNECTIONS_H

#include "counter.h"

struct connection {
    owner own;    /* the connection's own ids */
    owner *owner; /* in use: `own`, or a device's */
    plato_identity identity;
    record *first;  /* its first frame */
    record *opener; /* its latest LOGIN or RECONN */
    fifo logins, reconns;
    record *heartbeat; /* the latest that is open */
    bool lost[2];      /* by plato_direction: bytes before the next frame are missing */
    bool client_spoke;
    int64_t client_time_ns; /* of the client's last frame */

    /* MsgCmd framing */
    window ups;          /* ClientID -> the UP that its next ACK acknowledges */
    record *latest_push; /* what an ACK without ids acknowledges */
    sending run;         /* the run of equal Pushes without id, while it lasts */
};

void connections_init(plato_analysis *a);
void connections_clear(plato_analysis *a);

/* The connection with this index, made where there is none; or NULL. */
connection *connection_get(plato_analysis *a, uint32_t index);
connection *connection_find(const plato_analysis *a, uint32_t index);

/* Bytes are missing before the next frame. */
void connection_lose(connection *conn, plato_direction direction);

/* Adds a frame of any type to its connection, and flags it if bytes before it are missing. */
void connection_enter(connection *conn, const frame *f);

void connections_login(plato_analysis *a, const frame *f);
void connections_reconn(plato_analysis *a, const frame *f);

/* A conn_id in an ACK with code 0 that answers `request` (NULL: not captured). */
void connections_learn_from_ack(plato_analysis *a, const frame *f, record *request);

/* A conn_id in an UP counts as long as no ACK has given one. */
void connections_learn_from_up(plato_analysis *a, const frame *f);

/* The scope of the frame's ids. */
owner *frame_owner(const frame *f);

#endif
