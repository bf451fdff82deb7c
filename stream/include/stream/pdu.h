/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From contiguous bytes to PDUs (frames), whatever the bytes are: one decision at a time.
 *
 * In sync, the lengths of each header say where the next frame begins; only an impossible length,
 * or a bad CRC with a provable frame inside, is not believed. Out of sync (the bytes start inside a
 * frame, some are missing before them, a length was damaged) a frame is taken for one on proof
 * only, and the bytes before it belong to no frame. The work of searching is bounded by the budget.
 *
 * No state but the structure, no allocation. The same code serves every transport and every reader
 * of captures, so they cannot disagree on what is a frame.
 */
#ifndef STREAM_PDU_H
#define STREAM_PDU_H

#include "stream/checksum.h"

#include <plato/resync.h>

/* Longest frame that is read whatever the limits say, in bytes. */
#define STREAM_PDU_LONGEST 0x3fffffffu

/* After a search that ended on something undecided no more than this waits for later bytes: each
 * of them would have it searched again. Bytes. */
#define STREAM_PDU_UNDECIDED 1024u

/* One direction of a connection. */
typedef struct stream_pdu_reader {
    plato_limits limits;
    plato_framing framing;      /* never 0 */
    stream_checksum *checksum;  /* of the connection; borrowed */
    bool in_sync;               /* a frame begins with the next byte */
    plato_resync_budget budget; /* what is left; the caller sets it for each segment */
} stream_pdu_reader;

/* The next bytes of a direction. */
typedef struct stream_pdu_bytes {
    const uint8_t *p;
    size_t captured;   /* bytes at p */
    uint64_t reported; /* bytes on the wire, >= captured: the rest was cut by the snaplen */
    bool more;         /* bytes may follow: what cannot be decided yet waits for them */
    bool after_cut;    /* a segment begins here, after bytes that the snaplen cut off: senders like
                          to begin one with a frame, so what looks like a header is one */
} stream_pdu_bytes;

typedef enum stream_pdu_kind {
    STREAM_PDU_NEED_MORE, /* nothing can be said before more bytes are there */
    STREAM_PDU_SKIPPED,   /* bytes that belong to no frame */
    STREAM_PDU_FRAME,     /* a frame, whole, or as much of it as its impossible length leaves */
    STREAM_PDU_SHORTENED, /* a frame whose length was damaged: the next one begins inside it */
    STREAM_PDU_CUT,       /* the first bytes of a frame whose end was not captured */
} stream_pdu_kind;

typedef struct stream_pdu {
    stream_pdu_kind kind;
    uint64_t length; /* bytes that it has, of those captured; NEED_MORE: bytes that must be there in
                        all before another call can decide, as far as is known */
    uint64_t total;  /* what the header claims, header included; 0 where there is none */
    uint64_t consume; /* bytes on the wire to where the next PDU begins. More than `reported` where
                         a frame's end is still to come and was cut off before it */
    bool impossible;  /* FRAME: the length cannot be; `length` is what is left to it */
    bool frames_lost; /* frames may begin among bytes that the snaplen cut off */
    stream_checksum_result checksum; /* FRAME, SHORTENED: of all that the header claimed */
} stream_pdu;

/*
 * What the bytes begin with. Updates reader->in_sync to what holds after `consume` bytes, the
 * budget, and the checksum's kind. Must not be called without bytes (reported > 0).
 */
stream_pdu stream_pdu_next(stream_pdu_reader *reader, const stream_pdu_bytes *bytes);

/*
 * Looks for the first frame that proves itself in `n` bytes at `p`, p[0] included, within the
 * reader's budget: as plato_resync_among(), for the framing and the kinds of CRC of this
 * connection.
 */
plato_resync_result stream_pdu_search(stream_pdu_reader *reader, const uint8_t *p, size_t n);

/* Whether a search found a frame, or what is likely to be one. */
bool stream_pdu_is_found(const plato_resync_result *result);

/* What can be said of the first bytes of a frame by themselves. */
typedef enum stream_pdu_look {
    STREAM_PDU_NO_HEADER,
    STREAM_PDU_MAYBE_HEADER, /* so far as they are here */
    STREAM_PDU_IS_HEADER,
} stream_pdu_look;

/*
 * Whether a frame seems to begin at p[0], be it whole or not: a known version and type and lengths
 * within the limits; in the length-prefixed variant a known type, and a length of the payload that
 * goes with that of the frame. Chance gives such bytes less than once in 2^30. O(1).
 */
stream_pdu_look stream_pdu_look_at(plato_framing framing, const plato_limits *limits,
                                   const uint8_t *p, size_t n);

/* Bytes before the payload in a framing. */
static inline size_t stream_pdu_header_len(plato_framing framing)
{
    return framing == PLATO_FRAMING_MSGCMD ? PLATO_LENGTH_PREFIX_LEN : PLATO_HEADER_LEN;
}

#endif
