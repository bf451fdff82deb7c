/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What TCP says of a connection: its start, its end, and bytes that the capture lacks, also where
 * no frame comes after them. (With TCP's own reassembly of what is out of order nothing is read
 * after a hole that is never filled: then there is no frame to say so.)
 */
#ifndef CHECK_TCP_STATE_H
#define CHECK_TCP_STATE_H

#include "rule.h"

#define NEVER INT64_MIN

#define TCP_OUT_OF_ORDER_MAX 32 /* segments after a hole that are remembered */

typedef struct tcp_range {
    uint32_t from;
    uint32_t to;
} tcp_range;

/* One direction of a TCP connection, by the port that sends. */
typedef struct tcp_flow {
    bool known;
    uint16_t port;
    uint32_t next; /* sequence number after the bytes without a hole */
    bool lost;     /* there were more segments after holes than are remembered */
    unsigned count;
    tcp_range *out_of_order; /* TCP_OUT_OF_ORDER_MAX of them; NULL until there is a hole */
} tcp_flow;

/* Times are NEVER where there was nothing. */
typedef struct tcp_state {
    int64_t syn_ns;
    tcp_flow flows[2];
    int64_t end_ns[2]; /* the first FIN or RST of each direction */
} tcp_state;

/* What a segment comes to. */
typedef struct tcp_segment {
    const check_tcp_record *record;
    bool opens; /* a SYN that asks for a connection */
    bool ends;  /* FIN or RST */
    bool new_bytes;
    bool hole;      /* bytes of its sender, or of the other side, are missing so far */
    int lost;       /* holes of its sender that it opened (1) or closed (-1) */
    int lost_other; /* the same of the other direction: what is acknowledged and was not seen */
    uint16_t other_port; /* of that direction; counts with lost_other */
} tcp_segment;

tcp_state *check_tcp_state_new(void);
void check_tcp_state_free(void *tcp);

/* Takes a segment in. */
tcp_segment check_tcp_follow(tcp_state *tcp, const check_tcp_record *record);

/* The index of the flow that `port` sends, or (`sends` false) receives; -1: not seen, or `tcp` is
 * NULL. */
int check_tcp_flow(const tcp_state *tcp, uint16_t port, bool sends);

/* Whether a flow has a hole that was not filled; not of index -1. */
bool check_tcp_has_hole(const tcp_state *tcp, int flow);

#endif
