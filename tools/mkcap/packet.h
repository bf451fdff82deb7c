/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet as bytes: Ethernet, VLAN tags, IPv4 or IPv6, TCP, with right checksums. */
#ifndef PLATO_MKCAP_PACKET_H
#define PLATO_MKCAP_PACKET_H

#include "scenario.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10

#define SEGMENT_MAX 65495 /* bytes of data that fit any of these packets */

typedef struct tcp_header {
    guint32 seq, ack;
    guint8 flags;
    gboolean bad_checksum; /* TCP's is wrong by all its bits */
} tcp_header;

/* The packet with `n` bytes of data at `p`; `up`: from the client. The caller's to unref. */
GByteArray *packet_build(const connection_plan *connection, gboolean up, const tcp_header *tcp,
                         const guint8 *p, gsize n);

#endif
