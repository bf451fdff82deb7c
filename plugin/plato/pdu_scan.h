/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_WALK_H
#define PLATO_WALK_H

#include "plato/pdu/checksum.h"
#include "plato/pdu/conversation.h"

/* What a walk made of some bytes. */
typedef enum piece_kind {
    PIECE_SKIPPED,   /* they belong to no frame */
    PIECE_FRAME,     /* a frame, whole, or as much of it as its impossible length leaves */
    PIECE_SHORTENED, /* a frame whose length was damaged */
    PIECE_CUT,       /* the beginning of a frame */
} piece_kind;

typedef struct piece {
    piece_kind kind;
    int offset;      /* in the tvb */
    int length;      /* bytes that are shown */
    uint64_t total;  /* PIECE_SHORTENED, PIECE_CUT: what the header claims */
    crc_verdict crc; /* PIECE_SHORTENED: of all that the header claimed */
    bool gap;        /* the first frame behind missing bytes */
} piece;

/*
 * Where a walk over the bytes of one call of a transport begins. All zero but `in_sync` is the
 * usual case; anything else is found on the first pass and kept with the packet, so that every
 * later pass walks the same way.
 */
typedef struct walk_start {
    bool remember;    /* the caller keeps what is decided here for later passes */
    bool in_sync;     /* a frame begins at the first byte (behind `skip`) */
    bool gap;         /* bytes in front are missing from the capture, and no frame came since */
    bool loss;        /* that was not known before */
    bool repeated;    /* everything was there before: TCP sent it again */
    uint32_t skip;    /* bytes in front that belong to what was shown before */
    bool late;        /* they fill a hole: to ask for more would reach into what was shown */
    bool skip_is_cut; /* they are the rest of a frame that the snaplen cut */
    uint32_t carried; /* bytes in front that an earlier call had asked to see again */
    plato_framing framing; /* 0: as the conversation says. Else what was known of it at the time */
    /*
     * What the first pass made of the bytes, where it had to look around: a later pass does as it
     * did. It cannot look again, since TCP then hands over less. NULL in all other cases.
     */
    const piece *pieces;
    unsigned piece_count;
} walk_start;

/* Where it ended. */
typedef struct walk_end {
    uint64_t used; /* bytes from the call's first to where the next frame begins; more than there
                      were after a frame that was cut */
    bool in_sync;  /* a frame begins there */
    plato_framing framing; /* by which it went */
    bool lost;             /* frames may be among bytes that the snaplen cut off */
    bool gap;            /* as in the start: what comes next is still the first frame behind them */
    const piece *pieces; /* what was made of the bytes, if looking around decided it; file scope */
    unsigned piece_count;
    uint32_t wanted; /* 0, or how many bytes must follow the call's last before walking on from
                        `used` makes sense: a number or DESEGMENT_ONE_MORE_SEGMENT */
} walk_end;

/*
 * Shows every frame in `tvb`, in order, and what lies between them. `may_ask`: the caller can bring
 * the bytes from `used` on again with more behind them; otherwise everything is used up.
 * `reassembled`: the tvb was put together from several segments, so only its last may be asked for.
 */
walk_end plato_walk(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                    plato_conversation *conversation, const walk_start *start, bool may_ask,
                    bool reassembled);

#endif
