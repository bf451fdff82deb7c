/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scan of PDUs: from the bytes that TLS or WebSocket hand over, all of them and in their order,
 * to frames and what lies between. (Plain TCP: tcp_reader.h.)
 */
#ifndef PLATO_PDU_SCAN_H
#define PLATO_PDU_SCAN_H

#include "plato/pdu/conversation.h"

/* Where it ended. */
typedef struct scan_end {
    int consumed; /* bytes from the tvb's first to where the next frame begins */
    /* 0, or how many bytes must follow the tvb's last before a scan from `consumed` on makes sense:
     * a number or DESEGMENT_ONE_MORE_SEGMENT. */
    uint32_t desegment_len;
} scan_end;

/*
 * Dissects every frame in `tvb`, in order, and what lies between them. `can_desegment`: the caller
 * can bring the bytes from `consumed` on again, followed by more; otherwise all are consumed.
 */
scan_end plato_scan_pdus(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                         plato_conversation *conversation, bool can_desegment);

#endif
