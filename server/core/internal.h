/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the core share: the state, and the ways to add actions to it. */
#ifndef PLATO_SERVER_CORE_INTERNAL_H
#define PLATO_SERVER_CORE_INTERNAL_H

#include "core/core.h"
#include "plato/decoder.h"
#include "plato/head.h"

typedef struct connection connection;

struct core {
    core_config config;
    core_stats stats;
    GHashTable *connections; /* conn_key -> connection */
    GHashTable *devices;     /* device_id -> struct device */
    GHashTable *conn_ids;    /* conn_id -> device, for RECONN; not owned */
    GHashTable *chats;       /* session_id -> struct chat */
    GQueue log;              /* log_entry of all chats, oldest first; not owned */
    GQueue actions;          /* core_action */
    conn_key last_key;
    uint64_t next_conn_id;
    uint64_t deadline_ms;
    bool stopping;
};

/* A TCP connection, until the driver reports its end. */
struct connection {
    conn_key key;
    plato_decoder *decoder;
    struct device *device; /* NULL before the login and once it is closing */
    uint64_t conn_id;      /* 0 before the login */
    bool closing;          /* input is ignored */
    size_t output;         /* bytes sent and not yet drained */
    uint32_t msg_type;     /* of the frame that is being decoded */
    uint64_t received;     /* stream offset behind the last byte */
    uint64_t frame_offset; /* stream offset of the frame that has begun */
    bool in_frame;         /* between a frame's first and last byte */
    uint64_t frame_since_ms;
    uint64_t connected_ms;
    uint64_t last_frame_ms;
    uint64_t closing_ms;
};

/* A device's state; survives its connection for state_ttl_ms. */
struct device {
    uint64_t device_id;
    connection *connection;   /* NULL while it is away */
    uint64_t conn_id;         /* of the present or last connection */
    uint64_t earlier_conn_id; /* what RECONN named: still good if our answer was lost; or 0 */
    uint64_t away_since_ms;
    GHashTable *members; /* session_id -> struct member */
};

/* A device in a chat session: both directions of delivery. */
struct member {
    struct device *device;
    struct chat *chat;
    uint64_t last_client_id; /* upstream: the newest accepted */
    GArray *msg_ids;         /* ring: client_id c got msg_ids[(c - 1) % dedup_window] */
    uint64_t acked_msg_id;   /* downstream: everything up to here has arrived */
    uint64_t resume_msg_id;  /* next to be sent from the log; 0 = follows live */
};

/* A chat session: exists while it has members. */
struct chat {
    uint64_t session_id;
    uint64_t last_msg_id;
    GPtrArray *members; /* member, in order of joining; not owned */
    GQueue log;         /* log_entry, oldest first, without holes; owned */
};

/* connection.c */
connection *connection_new(struct core *core, uint64_t now_ms);
void connection_free(connection *conn);
connection *connection_find(struct core *core, conn_key key);
void connection_close(struct core *core, connection *conn, bool flush, uint64_t now_ms);

/* actions.c */
void core_add_action(struct core *core, core_action action);
void core_send(struct core *core, connection *conn, GBytes *frame, uint64_t now_ms);
void core_ack(struct core *core, connection *conn, const plato_head_ack *ack, uint64_t now_ms);
void core_refuse(struct core *core, connection *conn, const plato_head_ack *ack, const char *why,
                 uint64_t now_ms);
void core_log(struct core *core, core_log_level level, const connection *conn, const char *format,
              ...) G_GNUC_PRINTF(4, 5);

/* deadlines.c */
void core_due(struct core *core, uint64_t at_ms);

/* handlers.c */
void handle_frame(struct core *core, connection *conn, const plato_frame *frame, uint64_t now_ms);

#endif
