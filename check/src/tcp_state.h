/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What TCP says of a connection: its start, its end, and bytes that the capture lacks, also where
 * no frame comes after them. The bytes are followed by stream/tcp.h, as "on the wire, not
 * captured": where there are holes does not depend on what they are.
 */
#ifndef CHECK_TCP_STATE_H
#define CHECK_TCP_STATE_H

#include "rule.h"

#include <stream/tcp.h>

#define NEVER INT64_MIN

/* One direction of a TCP connection, by the port that sends. */
typedef struct tcp_flow {
    bool known; /* the port is */
    uint16_t port;
    int64_t end_ns; /* its first FIN or RST; NEVER */
    /* How many holes there were, 0 again when all of them were filled, and how many segments were
     * cut by the snaplen. */
    unsigned lost;
    unsigned lost_for_good; /* of `lost`: of earlier connections on these ports, and cut */
    bool answered;          /* the other side acknowledges it */
    uint32_t late_packet;   /* the latest with bytes that should have come earlier; 0 */
} tcp_flow;

/* Times are NEVER where there was nothing. */
typedef struct tcp_state {
    int64_t syn_ns;
    stream_conn *stream; /* NULL: there was no memory for it, so nothing is known */
    tcp_flow flows[2];   /* as stream's directions; the first that sends is 0 */
} tcp_state;

/* What a segment comes to. */
typedef struct tcp_segment {
    const check_tcp_record *record;
    bool opens; /* a SYN that asks for a connection */
    bool ends;  /* FIN or RST */
    bool new_bytes;
    bool hole;   /* bytes of its sender, or of the other side, are missing so far; not of those of
                    whom nothing was captured */
    int lost[2]; /* by flow: change of tcp_flow.lost */
} tcp_segment;

/* `budget` is borrowed, and must outlive the result. */
tcp_state *check_tcp_state_new(stream_budget *budget);
void check_tcp_state_free(void *tcp);

/* Takes a segment in. */
tcp_segment check_tcp_follow(tcp_state *tcp, const check_tcp_record *record);

/* The capture is over: what is missing is missing for good. */
void check_tcp_end(tcp_state *tcp);

/* The index of the flow that `port` sends, or (`sends` false) receives; -1: not seen, or `tcp` is
 * NULL. */
int check_tcp_flow(const tcp_state *tcp, uint16_t port, bool sends);

/*
 * Whether bytes of a flow are missing: a hole that was not filled, bytes that the other side
 * acknowledges and nobody saw, bytes that were cut, or a flow of which nothing was captured at all
 * though the other side answers it. Not of index -1.
 */
bool check_tcp_has_hole(const tcp_state *tcp, int flow);

/* Whether a number at a flow's end, acknowledged and not seen, may be its FIN; not of index -1. */
bool check_tcp_may_have_closed(const tcp_state *tcp, int flow);

/* Whether nothing at all of a flow was captured, though the other side answers it. */
bool check_tcp_is_unseen(const tcp_state *tcp, int flow);

#endif
