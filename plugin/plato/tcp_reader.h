/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plato over plain TCP. The first pass gives each segment to the reader of its connection (stream/)
 * and dissects what comes out, in the packet at hand; what it was is kept with the packet to which
 * it belongs (tcp_store.h), and that is what later passes show.
 */
#ifndef PLATO_TCP_READER_H
#define PLATO_TCP_READER_H

#include "plato/pdu/conversation.h"

#include <stream/reader.h>

/* TCP, a heuristic or the user says that this connection is Plato's, from this packet on. */
void tcp_reader_claim(packet_info *pinfo);

/* What has become of the missing bytes before a frame, by what was read so far. */
stream_gap tcp_reader_gap(const tcp_reader *reader, unsigned direction, uint64_t offset);

/*
 * Whether the frame at `position` is the last of its sender in the capture although its peer goes
 * on acknowledging. Known after the first pass.
 */
bool tcp_reader_is_silent(uint64_t position);

void tcp_reader_register(void);
/* After `plato` is a registered dissector. */
void tcp_reader_handoff(int proto);

#endif
