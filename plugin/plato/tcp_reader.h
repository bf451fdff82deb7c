/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plato over plain TCP. The first pass gives each segment to the reader of its connection (stream/)
 * and dissects what comes out, in the packet at hand; what it was is kept with the packet to which
 * it belongs (tcp_store.h), and that is what later passes show.
 */
#ifndef PLATO_TCP_READER_H
#define PLATO_TCP_READER_H

#include "plato/pdu/conversation.h"

/*
 * TCP, a heuristic or the user says that this connection is Plato's, from this packet on. Dissects
 * the packet's segment, whatever part of it TCP hands over.
 */
void tcp_reader_dissect(packet_info *pinfo, proto_tree *tree);

void tcp_reader_register(void);
/* After `plato` is a registered dissector. */
void tcp_reader_handoff(int proto);

#endif
