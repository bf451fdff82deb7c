/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TCP connection: which sequence and acknowledgement numbers its packets bear. Data is known by
 * its place in its direction, in bytes after the direction's first sequence number, in 64 bits.
 */
#ifndef PLATO_MKCAP_TCP_H
#define PLATO_MKCAP_TCP_H

#include "packet.h"

typedef struct tcp_flow tcp_flow;

/* `plan` must outlive it. */
tcp_flow *tcp_flow_new(const connection_plan *plan);
void tcp_flow_free(tcp_flow *flow);

/* Takes the next `n` places of a direction for data; returns the first. */
guint64 tcp_reserve(tcp_flow *flow, gboolean up, guint64 n);

/* The data at `place` is not sent before tcp_release(); the peer acknowledges no further. */
void tcp_hold(tcp_flow *flow, gboolean up, guint64 place);
void tcp_release(tcp_flow *flow, gboolean up, guint64 place);

/* The packet with data at a place that was reserved, whether for the first time or again. */
GByteArray *tcp_data(const tcp_flow *flow, gboolean up, guint64 place, const guint8 *p, gsize n,
                     gboolean bad_checksum);

/* A packet without data. SYN and FIN take a place. */
GByteArray *tcp_control(tcp_flow *flow, gboolean up, guint8 flags);

#endif
