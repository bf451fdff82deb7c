/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a packet says of the connection that it belongs to, whatever the protocol above is. */
#ifndef PLATO_FLOW_H
#define PLATO_FLOW_H

#include "support/compat.h"

/* 0 or 1: which of the two ends sent this packet. The same in every pass. */
unsigned flow_direction(const packet_info *pinfo);

/* The packet that something belongs to: by default the one at hand. */
typedef struct flow_packet {
    uint32_t number;
    int64_t time_ns;     /* capture time, since the epoch */
    unsigned direction;  /* see flow_direction() */
    bool start_captured; /* see flow_start_captured() */
    bool opened;         /* its sender opened the connection; only where its start was captured */
    bool visited;        /* this is not the first pass */
} flow_packet;

flow_packet flow_packet_of(packet_info *pinfo);

/* tcp.stream; UINT32_MAX where it is not TCP. */
uint32_t flow_tcp_stream(packet_info *pinfo);

/* When this packet was captured, in ns since the epoch. */
int64_t flow_time_ns(const packet_info *pinfo);

/* Whether the start of this TCP connection was captured. */
bool flow_start_captured(packet_info *pinfo);

/* Whether the sender of this packet opened the connection; only where its start was captured. */
bool flow_sender_opened(packet_info *pinfo);

/*
 * Gives the conversation to `dissector` from this packet on. (A claim that reached back would show
 * earlier packets otherwise in a second pass.) First pass only; later it does nothing.
 */
void flow_set_dissector(packet_info *pinfo, const char *dissector);

#endif
