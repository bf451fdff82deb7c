/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules know of the capture so far. A rule is told of a frame before the world is: it sees
 * how things stood in front of that frame.
 */
#ifndef PLATO_CHECK_WORLD_H
#define PLATO_CHECK_WORLD_H

#include "check.h"
#include "intervals.h"
#include "recent.h"

#define NEVER INT64_MIN

enum { DIR_UP, DIR_DOWN };

/* A request that waits for its ACK. */
typedef struct open_request {
    uint32_t packet;
    int64_t time_ns;
    uint64_t conn_id;    /* of a RECONN */
    uint64_t session_id; /* of a SYNC, as what follows */
    uint64_t from;
    uint64_t to;
    unsigned lost;    /* losses of the answering direction in front of it */
    intervals pushed; /* ids that came since */
} open_request;

#define TCP_AHEAD 32 /* segments that are remembered behind a hole */

typedef struct tcp_range {
    uint32_t from;
    uint32_t to;
} tcp_range;

/*
 * Where one end of a TCP connection stands. With TCP's own reassembly of what is out of order,
 * nothing is read behind a hole that is never filled: then there is no frame to say so.
 */
typedef struct tcp_side {
    bool known;
    uint16_t port;
    uint32_t next; /* sequence number behind the bytes without a hole */
    bool lost;     /* more segments behind holes than are remembered */
    unsigned count;
    tcp_range *ahead; /* TCP_AHEAD of them; NULL until there is a hole: most have none */
} tcp_side;

/* What TCP says of a connection. Times are NEVER where there was nothing. */
typedef struct tcp_life {
    int64_t syn_ns;
    tcp_side sides[2];
    int64_t end_ns[2]; /* the first FIN or RST of each side */
} tcp_life;

/* One TCP segment, for those that do not want Wireshark's own record of it. */
typedef struct talk_segment {
    uint32_t tcp_stream;
    uint16_t sport;
    uint16_t dport;
    bool opens; /* a SYN that asks for a connection */
    bool ends;  /* FIN or RST */
    bool new_bytes;
    bool hole; /* bytes of its sender, or of the other side, are missing so far */
} talk_segment;

struct check_conn {
    uint32_t stream; /* plato.stream */
    uint32_t tcp_stream;
    uint16_t client_port;
    uint64_t server; /* tells apart the addresses and ports of servers */
    bool start_captured;
    plato_framing framing;
    check_owner *owner;
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
    uint32_t fatal_packet;           /* the ACK behind which the server has to close; 0: none */
    uint32_t fatal_code;
    int64_t fatal_ns;
};

/* A device, or a connection while its device is not known. */
struct check_owner {
    uint64_t key[4];
    uint64_t device_id; /* 0: not known */
    unsigned lost[2];
    bool whole;       /* its first connection was captured from its start */
    uint32_t stream;  /* of its latest LOGIN or RECONN: the server no longer hears the others */
    uint64_t conn_id; /* that it was given last; 0: none */
    GPtrArray *ups;   /* its counters, up_counter and down_counter; borrowed */
    GPtrArray *downs;
};

/* Where a server gave a conn_id for the first time. */
typedef struct given_conn {
    uint32_t packet;
    uint32_t stream;
    const check_owner *owner;
} given_conn;

/* client_id of one owner in one session. */
typedef struct up_counter {
    uint64_t session_id;
    bool known;
    uint64_t highest;
    uint32_t stream; /* of the latest UP */
    unsigned lost;   /* upstream losses of the owner at that UP */
    bool accepted_known;
    uint64_t accepted;      /* the highest that was acknowledged with code 0 */
    uint64_t accepted_msg;  /* and its msg_id */
    int64_t accepted_ns;    /* when it was acknowledged for the first time */
    unsigned accepted_lost; /* downstream losses then */
    unsigned window_lost;   /* downstream losses when `open` was empty */
    GHashTable *open;       /* client_ids that wait for an ACK */
    bool refused;
    int64_t refused_ns; /* when an UP was refused last */
} up_counter;

#define OPEN_MAX 4096 /* ids in up_counter.open; beyond them every window is broken */

/* msg_id of one receiving owner in one session. */
typedef struct down_counter {
    uint64_t session_id;
    bool known;
    uint64_t base;
    uint64_t highest;
    intervals seen;    /* of PUSH and of ACK(UP) */
    intervals own;     /* of ACK(UP): this device sent them */
    intervals pushed;  /* of PUSH */
    intervals waiting; /* of PUSH that answered no SYNC */
    bool has_acked;
    uint64_t acked;   /* the highest that the client acknowledged */
    int64_t acked_ns; /* when */
    uint64_t arrived; /* the same, on a connection where the server still listened; 0: none */
    int64_t arrived_ns;
    uint32_t arrived_packet;
    uint32_t push_stream; /* of the latest PUSH that answered no SYNC */
    unsigned push_epoch;  /* of its connection */
    unsigned lost;        /* downstream losses at the latest id */
} down_counter;

/* msg_id of a session, whoever receives it. */
typedef struct chat_state {
    uint64_t highest;
    int64_t highest_ns;
    uint32_t highest_packet;
    intervals pushed;
} chat_state;

/* A frame about which later ones may tell more. */
typedef struct pending {
    const analysis_record *judged;
    uint32_t packet;
    uint32_t stream;
    uint32_t type;
    int64_t time_ns;
    check_owner *owner;
    unsigned lost; /* losses of the answering direction in front of it */
    uint64_t session_id;
    uint64_t id; /* client_id or msg_id */
} pending;

#define PENDING_MAX 262144 /* beyond them the oldest are given up */

struct check_world {
    const check_settings *settings;
    const plato_tap_questions *ask;
    GPtrArray *conns;        /* by plato.stream; NULL where there was no frame of it */
    GHashTable *by_tcp;      /* tcp.stream -> check_conn, the latest */
    GHashTable *lives;       /* tcp.stream -> tcp_life */
    GHashTable *owners;      /* check_owner */
    GHashTable *given_conns; /* conn_id, server, 0, 0 -> given_conn */
    GHashTable *ups;         /* key of owner and session -> up_counter */
    GHashTable *downs;       /* the same -> down_counter */
    GHashTable *chats;       /* session_id -> chat_state */
    GArray *requests;        /* of pending: UPs and PUSHes without ACK so far */
    GArray *deliveries;      /* of pending: PUSHes without an UP so far */
    guint sweep_at;          /* length of `requests` at which to look for answers again */
    uint64_t given_up;       /* entries of those two that were dropped, all in all */
    recent sent;             /* owner, direction, session, id -> time, stream, epoch, sendings */
    recent stored;           /* owner, session, client_id, 0 -> msg_id, packet */
    recent given;            /* session, msg_id, 0, 0 -> owner's key 0, 1, client_id, packet */
    uint64_t frames;
    uint64_t usable;
    GPtrArray *talks;        /* check_talk: connections of the latency and command protocols */
    GHashTable *talk_by_tcp; /* tcp.stream -> check_talk; UINT32_MAX: datagrams */
    uint64_t messages;       /* of these protocols */
    uint64_t readable;
    bool other_layout; /* plato.so was built from other sources */
    bool not_judged;   /* the analysis is off */
    uint32_t packets;  /* of the capture */
    int64_t first_ns;  /* of its packets; NEVER */
    int64_t last_ns;
    bool over;
};

check_world *check_world_new(const check_settings *settings);
void check_world_free(check_world *world);

/* What a packet of the capture says: each kind of record. */
void check_world_packet(check_world *world, const packet_info *pinfo);
void check_world_tcp(check_world *world, const packet_info *pinfo, const void *tcp);
void check_world_frame(check_world *world, const packet_info *pinfo,
                       const plato_tap_record *record);
void check_world_skipped(check_world *world, const packet_info *pinfo,
                         const plato_tap_skipped *record);

/* Whether plato.so lays out its records as we do. */
bool world_same_layout(check_world *world, const plato_tap_layout *layout);

/* The end of the capture: what was left to be seen. Once. */
void check_world_end(check_world *world);

/* ns since the epoch */
int64_t world_time_of(const packet_info *pinfo);

/* What a frame that has been told to the rules adds; its head is usable. */
void world_note_head(check_world *world, const check_frame *frame);

/* To be freed by them. */
void world_free_life(void *life);
void world_free_request(void *request); /* open_request */

/* NULL if there is none (yet). */
const tcp_life *world_life(const check_world *world, const check_conn *conn);
/* When the client's end, or the server's, closed the connection; NEVER if it was not seen. */
int64_t world_closed_by(const check_world *world, const check_conn *conn, bool client);
bool world_is_closed(const check_world *world, const check_conn *conn);
/* Whether a hole of this direction was never filled. */
bool world_has_hole(const check_world *world, const check_conn *conn, bool client);
/* The same of a tcp.stream, and of what this port sent; and when either end closed it. */
bool world_stream_has_hole(const check_world *world, uint32_t tcp_stream, uint16_t port);
int64_t world_stream_closed(const check_world *world, uint32_t tcp_stream);

up_counter *world_up(const check_world *world, const check_owner *owner, uint64_t session_id);
down_counter *world_down(const check_world *world, const check_owner *owner, uint64_t session_id);
chat_state *world_chat(const check_world *world, uint64_t session_id);

/* NULL if the server of this connection gave no such conn_id (yet). */
const given_conn *world_given(const check_world *world, const check_conn *conn, uint64_t conn_id);

/* That this frame's server gives a conn_id; only the first time counts. */
void world_note_given(const check_world *world, const check_frame *frame, uint64_t conn_id);

/* The open SYNC of this connection that asked for this message; NULL if there is none. */
open_request *world_sync_of(const check_conn *conn, uint64_t session_id, uint64_t msg_id);

/* The session that a frame names; 0 if it has none. */
uint64_t world_session_of(const plato_head *head);

/* Its name for messages to people. */
const char *world_type_name(uint32_t msg_type);

#endif
