/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scan of PDUs: from the bytes that a transport hands over to frames, and what lies between. */
#ifndef PLATO_PDU_SCAN_H
#define PLATO_PDU_SCAN_H

#include "plato/pdu/checksum.h"
#include "plato/pdu/conversation.h"

/* What a scan made of some bytes. */
typedef enum span_kind {
    SPAN_SKIPPED,   /* they belong to no frame */
    SPAN_PDU,       /* a frame, whole, or as much of it as its impossible length leaves */
    SPAN_SHORTENED, /* a frame whose length was damaged */
    SPAN_TRUNCATED, /* the beginning of a frame */
} span_kind;

typedef struct scan_span {
    span_kind kind;
    int offset;          /* in the tvb */
    int length;          /* bytes that are shown */
    uint64_t total;      /* SPAN_SHORTENED, SPAN_TRUNCATED: what the header claims */
    checksum_result crc; /* SPAN_SHORTENED: of all that the header claimed */
    bool after_unseen;   /* the first frame after unseen segments */
} scan_span;

/*
 * Where a scan of the bytes of one call of a transport begins. All zero but `in_sync` is the usual
 * case; anything else is found on the first pass and kept with the packet, so that every later pass
 * makes the same of them.
 */
typedef struct scan_start {
    bool remember; /* the caller keeps what is decided here for later passes */
    bool in_sync;  /* a frame begins at the first byte, or after `skip` */

    /* Segments before these bytes are missing from the capture, and no frame came since. */
    bool after_unseen;
    bool new_unseen; /* that was not known before */

    bool retransmitted;     /* all of it was there before: TCP sent it again */
    bool out_of_order;      /* it fills an unseen segment; what follows it was shown already */
    uint32_t skip;          /* first bytes that belong to what was shown before */
    bool skip_truncated;    /* they are the rest of a frame that the snaplen cut */
    uint32_t bytes_pending; /* first bytes that an earlier call requested again */
    plato_framing framing;  /* 0: as the conversation says. Else what was known of it at the time */
    /*
     * What the first pass made of the bytes, where those around a frame decided: a later pass does
     * the same. It cannot decide again, since TCP then hands over less. NULL in all other cases.
     */
    const scan_span *spans;
    unsigned span_count;
} scan_start;

/* Where it ended. */
typedef struct scan_end {
    /* Bytes from the call's first to where the next frame begins; more than there were, after a
     * frame that was truncated. */
    uint64_t consumed;
    bool in_sync;           /* a frame begins there */
    plato_framing framing;  /* that of the scan */
    bool after_truncated;   /* frames may be among bytes that the snaplen cut off */
    bool after_unseen;      /* as in the start: still no frame since */
    const scan_span *spans; /* to be kept for later passes; file scope; NULL: no need */
    unsigned span_count;
    /* 0, or how many bytes must follow the call's last before a scan from `consumed` on makes
     * sense: a number or DESEGMENT_ONE_MORE_SEGMENT. */
    uint32_t desegment_len;
} scan_end;

/*
 * Dissects every frame in `tvb`, in order, and what lies between them. `can_desegment`: the caller
 * can bring the bytes from `consumed` on again, followed by more; otherwise all are consumed.
 * `reassembled`: the tvb was put together from several segments, so only its last may be requested.
 */
scan_end plato_scan_pdus(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                         plato_conversation *conversation, const scan_start *start,
                         bool can_desegment, bool reassembled);

#endif
