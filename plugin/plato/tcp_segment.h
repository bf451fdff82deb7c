/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP segment of a packet, whatever packet-tcp does with it. TCP withholds retransmitted and
 * out-of-order segments from dissectors, or everything after a lost one, depending on its
 * preferences; a postdissector that wants fields of TCP sees each segment in the first pass.
 */
#ifndef PLATO_TCP_SEGMENT_H
#define PLATO_TCP_SEGMENT_H

#include "support/compat.h"

#include <stream/tcp.h>

typedef struct tcp_segment {
    stream_segment stream; /* `bytes` live as long as the packet */
    tvbuff_t *payload;     /* the captured bytes; NULL: there are none */
    int frame_offset; /* of the payload in the frame; -1: it is in other bytes than the frame's,
                         such as those of a reassembled IP packet */
} tcp_segment;

/*
 * The innermost segment of the packet that is being dissected. `frame` and `tree` are what a
 * postdissector is given; first pass only. False: there is none, or only one that an ICMP error
 * quotes.
 */
bool tcp_segment_of(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree, tcp_segment *segment);

/* Registers `dissect` as a postdissector that is called with these fields known. */
void tcp_segment_register(dissector_t dissect, int proto);

#endif
