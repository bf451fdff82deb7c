/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PDU_INFO_H
#define PLATO_PDU_INFO_H

#include "plato/pdu/body.h"
#include "plato/pdu/checksum.h"
#include "plato/pdu/conversation.h"

/* A part of a frame of several packets. */
typedef struct pdu_piece {
    uint32_t packet;
    uint32_t length; /* bytes */
} pdu_piece;

/*
 * What there is to know of one frame. All of it is found before anything is shown, so that columns,
 * tree and taps agree, and nothing depends on whether there is a tree.
 */
typedef struct pdu_info {
    tvbuff_t *tvb; /* begins with the frame; lives as long as the packet */
    plato_frame frame;
    uint32_t index;          /* 0, 1, ... within the packet that completes it */
    uint64_t position;       /* grows from frame to frame over the file, the same in every pass */
    uint64_t total;          /* bytes that the header claims, header included */
    int captured;            /* bytes of it that are here */
    frame_begin begin;       /* where its first byte came in an earlier packet */
    const pdu_piece *pieces; /* by packet, in the order of its bytes; file scope */
    unsigned piece_count;    /* 0: all in one packet, or not known */
    bool complete;           /* all of them */
    bool shortened;          /* its length was damaged: another frame was found inside */
    bool capture_gap;        /* bytes before it are missing from the capture */
    bool silent; /* no byte of its sender comes after it, although they are acknowledged; known on
                    later passes only */
    plato_err length_error; /* over a limit; then nothing below is set */
    stream_checksum_result crc;
    bool decoded; /* a version that we know: head and body were looked at */
    plato_head head;
    plato_err head_error;
    size_t head_error_at; /* its offset, in bytes of the head or of the MsgCmd */
    plato_span content;   /* the application's body, wherever the framing has it */
    body_facts body;
} pdu_info;

/* A frame that was found, and what its bytes do not say. */
typedef struct found_pdu {
    plato_framing framing;
    uint64_t position;
    uint32_t index;   /* 0, 1, ... within the packet that completes it */
    bool shortened;   /* its length was damaged: `checksum` is of all that its header claimed */
    bool capture_gap; /* bytes before it are missing from the capture */
    frame_begin begin;
    const pdu_piece *pieces;
    unsigned piece_count;
    bool silent;
    const stream_checksum_result *checksum; /* NULL: not computed so far */
} found_pdu;

/*
 * Looks at the frame that begins with `tvb` and of which there may be less than its header claims,
 * but at least its header.
 */
void plato_examine_pdu(tvbuff_t *tvb, const plato_conversation *conversation,
                       const found_pdu *found, pdu_info *facts);

#endif
