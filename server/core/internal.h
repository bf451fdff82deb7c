/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the core share: the state, and the ways to add actions to it. */
#ifndef PLATO_SERVER_CORE_INTERNAL_H
#define PLATO_SERVER_CORE_INTERNAL_H

#include "core/core.h"
#include "core/ids.h"
#include "plato/decoder.h"
#include "plato/head.h"

typedef struct connection connection;

struct core {
    core_config config;
    core_stats stats;
    GHashTable *connections; /* conn_key -> connection */
    GHashTable *devices;     /* id_key of the device_id -> struct device */
    GHashTable *conn_ids;    /* conn_id -> device, for RECONN; not owned. The ids are our own */
    GHashTable *chats;       /* id_key of the session_id -> struct chat */
    GQueue away;             /* devices without a connection, the longest first; not owned */
    GQueue empty;            /* chats without members, the longest first; not owned */
    GQueue by_log_size[8 * sizeof(gulong) + 1]; /* chats with a log, by the bits of log_bytes */
    GQueue actions;                             /* core_action */
    conn_key last_key;
    uint64_t next_conn_id;
    uint64_t deadline_ms;
    bool stopping;
};

/* A TCP connection, until the driver reports its end. */
struct connection {
    conn_key key;
    plato_decoder *decoder; /* NULL once it is closing */
    struct device *device;  /* NULL before the login and once it is closing */
    uint64_t conn_id;       /* 0 before the login */
    bool closing;           /* input is ignored */
    bool decoding;          /* its frames are being handled: the decoder is in use */
    size_t input;           /* bytes of a frame whose end is still to come */
    size_t output;          /* bytes sent and not yet drained */
    uint32_t msg_type;      /* of the frame that is being decoded */
    uint64_t received;      /* stream offset behind the last byte */
    uint64_t frame_offset;  /* stream offset of the frame that has begun */
    bool in_frame;          /* between a frame's first and last byte */
    uint64_t frame_since_ms;
    uint64_t connected_ms;
    uint64_t last_byte_ms;
    uint64_t closing_ms;
};

/* A device's state; survives its connection for state_ttl_ms. */
struct device {
    uint64_t device_id;
    id_key key;               /* device_id as a key */
    connection *connection;   /* NULL while it is away */
    uint64_t conn_id;         /* of the present or last connection */
    uint64_t earlier_conn_id; /* what RECONN named: still good if our answer was lost; or 0 */
    bool away;                /* in core.away */
    GList away_link;
    uint64_t away_since_ms;
    GHashTable *members; /* id_key of the session_id -> struct member */
};

/* A device in a chat session: both directions of delivery. */
struct member {
    struct device *device;
    struct chat *chat;
    guint index;             /* in chat.members */
    uint64_t last_client_id; /* upstream: the newest accepted */
    GArray *msg_ids;         /* ring: client_id c got msg_ids[(c - 1) % dedup_window] */
    uint64_t acked_msg_id;   /* downstream: everything up to here has arrived */
    uint64_t resume_msg_id;  /* next to be sent from the log; 0 = follows live */
};

/* A chat session. Its count of messages outlives its last member for state_ttl_ms. */
struct chat {
    uint64_t session_id;
    id_key key; /* session_id as a key */
    uint64_t last_msg_id;
    GPtrArray *members; /* member, in no order; not owned */
    GList empty_link;   /* in core.empty while there are no members */
    uint64_t empty_since_ms;
    GQueue log; /* log_entry, oldest first, without holes; owned */
    size_t log_bytes;
    GList log_size_link; /* in core.by_log_size while there is a log */
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
