/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the capture so far: its connections, devices and sessions. A rule sees a frame
 * before the model takes it in, so it sees how things stood before that frame.
 */
#ifndef CHECK_CAPTURE_H
#define CHECK_CAPTURE_H

#include "cache.h"
#include "idset.h"
#include "rule.h"
#include "tcp_state.h"

enum { DIR_UP, DIR_DOWN };

/* A request that waits for its ACK. */
typedef struct open_request {
    uint32_t packet;
    int64_t time_ns;
    uint64_t conn_id;    /* of a RECONN */
    uint64_t session_id; /* of a SYNC, as what follows */
    uint64_t from;
    uint64_t to;
    unsigned lost; /* losses of the answering direction before it */
    idset pushed;  /* ids that came since */
} open_request;

struct check_conn {
    uint32_t stream; /* plato.stream */
    uint32_t tcp_stream;
    uint16_t client_port;
    uint64_t server; /* differs for other addresses and ports of servers */
    bool start_captured;
    plato_framing framing;
    check_client *client;
    unsigned lost[2]; /* by direction: how often bytes were missing or frames not usable */
    uint64_t frames[2];
    int64_t first_ns;
    int64_t last_ns[2]; /* of the latest frame; NEVER */
    uint32_t last_packet[2];
    unsigned lost_then[2];           /* `lost` at that frame */
    int64_t heartbeat_ns;            /* of the latest HEARTBEAT; NEVER */
    bool logged_in;                  /* a LOGIN or RECONN was acknowledged with code 0 */
    unsigned epoch;                  /* how many LOGINs and RECONNs */
    int64_t opened_ns;               /* of the latest of them; NEVER */
    bool resumed;                    /* the latest was a RECONN */
    GQueue requests[PLATO_SYNC + 1]; /* of open_request; LOGIN, HEARTBEAT, RECONN, SYNC */
    uint32_t fatal_packet;           /* the ACK after which the server has to close; 0: none */
    uint32_t fatal_code;
    int64_t fatal_ns;
};

/* A device, or a connection while its device is not known. */
struct check_client {
    uint64_t key[4];
    uint64_t device_id; /* 0: not known */
    unsigned lost[2];
    bool whole;       /* its first connection was captured from its start */
    uint32_t stream;  /* of its latest LOGIN or RECONN: the server no longer hears the others */
    uint64_t conn_id; /* that it was given last; 0: none */
    GPtrArray *ups;   /* its up_sequence and down_sequence; borrowed */
    GPtrArray *downs;
};

/* Where a server gave a conn_id for the first time. */
typedef struct issued_conn_id {
    uint32_t packet;
    uint32_t stream;
    const check_client *client;
} issued_conn_id;

/* client_id of one client in one session. */
typedef struct up_sequence {
    uint64_t session_id;
    bool known;
    uint64_t highest;
    uint32_t stream; /* of the latest UP */
    unsigned lost;   /* upstream losses of the client at that UP */
    bool accepted_known;
    uint64_t accepted;      /* the highest that was acknowledged with code 0 */
    uint64_t accepted_msg;  /* and its msg_id */
    int64_t accepted_ns;    /* when it was acknowledged for the first time */
    unsigned accepted_lost; /* downstream losses then */
    unsigned window_lost;   /* downstream losses when `open` was empty */
    GHashTable *open;       /* client_ids that wait for an ACK */
    bool refused;
    int64_t refused_ns; /* when an UP was refused last */
} up_sequence;

#define OPEN_MAX 4096 /* ids in up_sequence.open; beyond them every window is broken */

/* msg_id of one receiving client in one session. */
typedef struct down_sequence {
    uint64_t session_id;
    bool known;
    uint64_t base;
    uint64_t highest;
    idset seen;    /* of PUSH and of ACK(UP) */
    idset own;     /* of ACK(UP): this device sent them */
    idset pushed;  /* of PUSH */
    idset waiting; /* of PUSH that answered no SYNC */
    bool has_acked;
    uint64_t acked;   /* the highest that the client acknowledged */
    int64_t acked_ns; /* when */
    uint64_t arrived; /* the same, on a connection where the server still listened; 0: none */
    int64_t arrived_ns;
    uint32_t arrived_packet;
    uint32_t push_stream; /* of the latest PUSH that answered no SYNC */
    unsigned push_epoch;  /* of its connection */
    unsigned lost;        /* downstream losses at the latest id */
} down_sequence;

/* msg_id of a session, whoever receives it. */
typedef struct session_state {
    uint64_t highest;
    int64_t highest_ns;
    uint32_t highest_packet;
    idset pushed;
} session_state;

/* A frame that later ones may answer. */
typedef struct pending {
    const analysis_record *judged;
    uint32_t packet;
    uint32_t stream;
    uint32_t type;
    int64_t time_ns;
    check_client *client;
    unsigned lost; /* losses of the answering direction before it */
    uint64_t session_id;
    uint64_t id; /* client_id or msg_id */
} pending;

#define PENDING_MAX 262144 /* beyond them the oldest are dropped */

struct check_capture {
    check_lookups lookups;
    void *user;                  /* of the lookups */
    GPtrArray *conns;            /* by plato.stream; NULL where there was no frame of it */
    GHashTable *by_tcp;          /* tcp.stream -> check_conn, the latest */
    GHashTable *tcp_states;      /* tcp.stream -> tcp_state */
    stream_budget *budget;       /* of their connections */
    GHashTable *clients;         /* check_client */
    GHashTable *issued_conn_ids; /* conn_id, server, 0, 0 -> issued_conn_id */
    GHashTable *ups;             /* key of client and session -> up_sequence */
    GHashTable *downs;           /* the same -> down_sequence */
    GHashTable *sessions;        /* session_id -> session_state */
    GArray *requests;            /* of pending: UPs and PUSHes without ACK so far */
    GArray *deliveries;          /* of pending: PUSHes without an UP so far */
    guint sweep_at;              /* length of `requests` at which to look for answers again */
    uint64_t given_up;           /* entries of those two that were dropped, all in all */
    check_cache transmissions;   /* client, direction, session, id -> time, stream, epoch,
                                    transmissions,   whether it came late */
    check_cache accepted_ups;    /* client, session, client_id, 0 -> msg_id, packet */
    check_cache assigned;        /* session, msg_id, 0, 0 -> client's key 0, 1, client_id, packet */
    uint64_t frames;
    uint64_t usable;
    GPtrArray *command_conns; /* command_conn: connections of the latency and command protocols */
    GHashTable *command_conn_by_tcp; /* tcp.stream -> command_conn; UINT32_MAX: datagrams */
    uint64_t messages;               /* of these protocols */
    uint64_t readable;
    bool other_build; /* records could not be read */
    bool not_judged;  /* the analysis is off */
    uint32_t packets; /* of the capture */
    int64_t first_ns; /* of its packets; NEVER */
    int64_t last_ns;
    bool over;
};

check_capture *check_capture_new(const check_lookups *lookups, void *user);
void check_capture_free(check_capture *capture);

/* A packet of the capture, whatever it holds. */
void check_capture_packet(check_capture *capture, int64_t time_ns);

/* A TCP segment: what it is to the connections of Plato. */
tcp_segment check_capture_tcp(check_capture *capture, const check_tcp_record *record);

/* The capture is over: holes are there for good. */
void check_capture_end(check_capture *capture);

/*
 * A frame, in two steps: what the rules are to see of it, and, after the rules have, what it adds.
 */
check_frame check_capture_enter_frame(check_capture *capture, const check_frame_record *record);
void check_capture_add_frame(check_capture *capture, const check_frame *frame);

/*
 * `lost` of a frame's own direction, by its client or connection, as of this frame's place among
 * the bytes: a hole that is open when a frame comes late may be after it, and then what it hides
 * follows this frame.
 */
unsigned check_lost_before(const check_frame *frame, unsigned lost);

/* What a usable frame's head adds; part of check_capture_add_frame(). */
void check_capture_add_head(check_capture *capture, const check_frame *frame);

/* Bytes between frames, which may have been frames. */
check_bytes check_capture_skipped(check_capture *capture, const check_skipped_record *record);

/* To be freed by it. */
void check_open_request_free(gpointer p); /* open_request */

/* The caller's answers (check_lookups). */
analysis_verdict check_verdict_now(const check_capture *capture, const analysis_record *judged);
bool check_is_unacked(const check_capture *capture, const analysis_record *judged);

/* NULL if there is none (yet). */
const tcp_state *check_tcp_state_of(const check_capture *capture, const check_conn *conn);
/* When the client's end, or the server's, closed the connection; NEVER if it was not seen. */
int64_t check_closed_by(const check_capture *capture, const check_conn *conn, bool client);
bool check_is_closed(const check_capture *capture, const check_conn *conn);
/* Whether a FIN of either end may be among what was not captured. */
bool check_may_have_closed(const check_capture *capture, const check_conn *conn);
/* Whether nothing of this direction was captured, though the other side answers it. */
bool check_is_unseen(const check_capture *capture, const check_conn *conn, bool client);
/* Whether bytes of this direction are missing from the capture (check_tcp_has_hole()). */
bool check_has_hole(const check_capture *capture, const check_conn *conn, bool client);
/* The same of a TCP stream, and of what this port sent; and when either end closed it. */
bool check_stream_has_hole(const check_capture *capture, uint32_t tcp_stream, uint16_t port);
bool check_stream_lacks_any(const check_capture *capture, uint32_t tcp_stream);
int64_t check_stream_closed(const check_capture *capture, uint32_t tcp_stream);

/* Each is made where there is none. */
up_sequence *check_up_sequence(const check_capture *capture, const check_client *client,
                               uint64_t session_id);
down_sequence *check_down_sequence(const check_capture *capture, const check_client *client,
                                   uint64_t session_id);
session_state *check_session(const check_capture *capture, uint64_t session_id);

/* NULL if the server of this connection gave no such conn_id (yet). */
const issued_conn_id *check_find_conn_id(const check_capture *capture, const check_conn *conn,
                                         uint64_t conn_id);

/* That this frame's server gives a conn_id; only the first time counts. */
void check_note_conn_id(const check_capture *capture, const check_frame *frame, uint64_t conn_id);

/* The open SYNC of this connection that asked for this message; NULL if there is none. */
open_request *check_sync_of(const check_conn *conn, uint64_t session_id, uint64_t msg_id);

/* The session that a frame names; 0 if it has none. */
uint64_t check_session_of(const plato_head *head);

/* Its name for messages to people. A constant. */
const char *check_type_name(uint32_t msg_type);

#endif
