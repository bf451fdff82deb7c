/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of an analysis, and one frame on its way through it. */
#ifndef ANALYSIS_SRC_STATE_H
#define ANALYSIS_SRC_STATE_H

#include "key.h"
#include "losses.h"
#include "record.h"
#include "window.h"

/* What bounds the state. */
typedef struct analysis_limits {
    size_t window;   /* ids of a sequence, and messages of a session, that are remembered */
    size_t max_open; /* open requests of a sequence that are older than that */
    size_t holes;    /* of a sequence */
    size_t losses;   /* that can still be filled */
    size_t early_acks;
} analysis_limits;

#define ANALYSIS_LIMITS_DEFAULT                                                                    \
    {                                                                                              \
        ANALYSIS_WINDOW, 65536, 1024, 65536, 4096                                                  \
    }

/* What is numbered as losses are, each with the packet number of an ACK of RECONN. */
typedef struct resumptions {
    losses count;
    GArray *packets; /* uint32_t: of number 1, 2, ... */
} resumptions;

struct analysis_state {
    analysis_config config;
    analysis_limits limits;
    record_store records;
    GHashTable *connections;  /* index -> connection */
    GHashTable *devices;      /* set: (analysis, device_id) */
    GHashTable *conn_ids;     /* set: (analysis, conn_id) */
    GHashTable *id_sequences; /* set: (numbering of a scope, session) */
    GHashTable *syncs;        /* set: (connection, session_id), while a SYNC is open */
    GHashTable
        *session_names;   /* GBytes -> its ordinal: sessions that have a name instead of a number */
    GHashTable *sessions; /* set: (analysis, session_id): see delivery.c */
    GHashTable *messages; /* set: (session, msg_id): see delivery.c */
    window_set windows;
    loss_table losses;
    resumptions unknown; /* connections of which the RECONN was not captured: see connections.h */
    GHashTable *early_acks; /* set: see early_ack.h */
    GQueue early_acks_by_age;
};

typedef struct connection connection;

/* The frame being analyzed. */
typedef struct frame {
    const plato_head *head;
    connection *conn;
    analysis_record *record;
    content content;
    analysis_direction direction; /* by the type where the type decides it */
    bool msgcmd;                  /* MsgCmd framing */
    bool waited; /* for frames of later packets: those of the connection were fed before it */
} frame;

/* analysis_new() with limits that a test can reach. `config` and `allocator` may be NULL. */
analysis_state *analysis_new_with_limits(const analysis_config *config,
                                         const plato_allocator *allocator,
                                         const analysis_limits *limits);

#endif
