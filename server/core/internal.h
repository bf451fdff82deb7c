/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the core share: the state, and the ways to add actions to it. */
#ifndef PLATO_SERVER_CORE_INTERNAL_H
#define PLATO_SERVER_CORE_INTERNAL_H

#include "core/core.h"
#include "core/ids.h"
#include "plato/decoder.h"
#include "plato/head.h"

typedef struct connection connection;

/* What is on its way to the store; commit.h. */
struct commit {
    bool on;               /* there is a store */
    uint64_t sealed_no;    /* the last batch that was handed out */
    uint64_t committed_no; /* the last one that is durable: this one or the one before */
    uint64_t barrier_no;   /* what is sent now waits for this batch */
    uint64_t due_ms;       /* when the open batch is to go; UINT64_MAX: nothing waits for it */
    uint64_t lazy_due_ms;
    uint64_t next_chat_id;
    size_t bytes_under_way;
    records *open; /* messages, and what is gone; the rest is collected when it is sealed */
    GQueue chats;  /* that have changed; not owned, like the next two */
    GQueue members;
    GQueue devices;
    GQueue held;   /* actions that wait for a batch */
    GQueue paused; /* connections that are not read from */
};

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
    struct commit commit;
    GQueue resend[16]; /* members with PUSHes in flight, by how often they were sent again */
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
    core_close_reason why;  /* what it is being closed for; see connection_because() */
    uint32_t msg_type;      /* of the frame that is being decoded */
    uint64_t received;      /* stream offset after the last byte */
    uint64_t frame_offset;  /* stream offset of the frame that has begun */
    bool in_frame;          /* between a frame's first and last byte */
    uint64_t frame_since_ms;
    uint64_t connected_ms;
    uint64_t last_byte_ms;
    uint64_t closing_ms;
    bool paused; /* the driver does not read from it: in commit.paused */
    GList paused_link;
    unsigned ups_waiting; /* UPs since all were committed */
    uint64_t up_batch_no; /* of the last UP */
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
    bool changed;        /* in commit.devices, like the next two in theirs */
    GList changed_link;
};

/* A PUSH that was sent on this connection and not acknowledged. */
typedef struct flight {
    uint64_t msg_id;
    uint64_t sent_ms; /* for the first time */
} flight;

/* A device in a chat session: both directions of delivery. */
struct member {
    struct device *device;
    struct chat *chat;
    guint index;             /* in chat.members */
    uint64_t last_client_id; /* upstream: the newest accepted */
    uint64_t last_up_msg_id; /* and the msg_id it got; 0 before the first */
    GArray *msg_ids;         /* ring: client_id c got msg_ids[(c - 1) % dedup_window] */
    bool must_recall;        /* msg_ids are still to be read from the store */
    uint64_t cursor;         /* downstream: all up to here has arrived, or is the device's own */
    uint64_t next_msg_id;    /* the next to be sent; last_msg_id + 1 of the chat: follows live */
    flight *in_flight;       /* by msg_id, ascending */
    unsigned n_in_flight;
    unsigned most_in_flight; /* places in the array */
    unsigned resend_level;   /* the queue it is in: how often they were sent again */
    uint64_t resend_at_ms;   /* 0 = in none */
    GList resend_link;
    bool changed;
    GList changed_link;
};

/* A chat session. Its count of messages outlives its last member for state_ttl_ms. */
struct chat {
    uint64_t session_id;
    uint64_t chat_id; /* the store's name for it, never reused; 0 without a store */
    id_key key;       /* session_id as a key */
    uint64_t last_msg_id;
    GPtrArray *members; /* member, in no order; not owned */
    GList empty_link;   /* in core.empty while there are no members */
    uint64_t empty_since_ms;
    GQueue log; /* log_entry, oldest first, without holes; owned */
    size_t log_bytes;
    GList log_size_link; /* in core.by_log_size while there is a log */
    bool changed;
    GList changed_link;
};

/* connection.c */
connection *connection_new(struct core *core, uint64_t now_ms);
void connection_free(connection *conn);
connection *connection_find(struct core *core, conn_key key);
void connection_close(struct core *core, connection *conn, bool flush, uint64_t now_ms);

/* What the close that comes next is counted as; without it, as CORE_CLOSED_BY_PEER. */
void connection_because(connection *conn, core_close_reason why);

/* actions.c */
void core_add_action(struct core *core, core_action action);
void core_push_action(struct core *core, const core_action *action); /* waits for nothing */
void core_fail(struct core *core, const char *what);
void count_frame(uint64_t counts[CORE_COUNTED_TYPES], uint32_t msg_type);
void core_send(struct core *core, connection *conn, GBytes *frame, uint64_t now_ms);
void core_ack(struct core *core, connection *conn, const plato_head_ack *ack, uint64_t now_ms);
void core_refuse(struct core *core, connection *conn, const plato_head_ack *ack, const char *why,
                 uint64_t now_ms);
void core_log(struct core *core, core_log_level level, const connection *conn, const char *format,
              ...) G_GNUC_PRINTF(4, 5);

/* commit.c: the batch that is open, 0 without a store */
uint64_t commit_open_no(const struct core *core);

/* deadlines.c */
void core_due(struct core *core, uint64_t at_ms);

/* handlers.c */
void handle_frame(struct core *core, connection *conn, const plato_frame *frame, uint64_t now_ms);

#endif
