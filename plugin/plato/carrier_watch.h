/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plato over TLS, WebSocket or something else that is carried by TCP: Wireshark's own dissectors
 * hand over its bytes, and do not say when they cannot go on because segments are missing. This
 * watches the sequence numbers, and says so where that is known.
 */
#ifndef PLATO_CARRIER_WATCH_H
#define PLATO_CARRIER_WATCH_H

#include "plato/pdu/conversation.h"

#include <stream/tcp.h>

/* This connection carries Plato. First pass; later it does nothing. */
void carrier_watch_claim(packet_info *pinfo);

/* First pass: a segment of a connection that may be watched. True if something was shown. */
bool carrier_watch_segment(const stream_segment *segment, tvbuff_t *frame, packet_info *pinfo,
                           proto_tree *tree);

/* Later passes: the same, from what was kept. */
bool carrier_watch_show(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree);

/* Forgets what was kept with the latest packet, as tcp_store_forget(). */
void carrier_watch_forget(uint32_t packet);

/* The first pass is over: what is missing now is missing for good. */
void carrier_watch_end(void);

void carrier_watch_register(void);

#endif
