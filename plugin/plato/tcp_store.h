/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the first pass found in the TCP segments of each packet, for later passes: TCP hands over
 * fewer bytes then, and fields are no longer wanted. A packet whose payload is whole frames and
 * nothing else, as most are, costs 12 bytes.
 */
#ifndef PLATO_TCP_STORE_H
#define PLATO_TCP_STORE_H

#include "plato/pdu/pdu_info.h"

#include <stream/reader.h>

/* A frame, bytes that belong to none, or a part of a frame that another packet completes. */
typedef struct stored_item {
    struct stored_item *next; /* of the same packet, by place in the stream */
    plato_conversation *conversation;
    uint64_t offset;      /* in the stream */
    bool is_part;         /* of a frame; `completed_in` says which */
    bool waits;           /* is_part: after missing bytes, so it may be part of none */
    bool superseded;      /* is_part: other items say now what its bytes are */
    stream_pdu_kind kind; /* unless is_part */
    plato_framing framing;
    uint64_t position;
    uint64_t total;
    int length;           /* bytes that are there */
    int frame_offset;     /* where they are in the packet's own bytes; -1: in `bytes` */
    const uint8_t *bytes; /* file scope */
    stream_checksum_result checksum;
    frame_begin begin;
    stream_gap gap;
    const stream_reader *gap_reader; /* says what has become of it; NULL: it stays as it is */
    unsigned direction;
    uint32_t completed_in; /* is_part: packet of the frame; 0: it never ends */
    pdu_piece *pieces;     /* of a frame of several packets */
    unsigned piece_count;
} stored_item;

/* A packet whose payload is whole frames: `length` bytes at `frame_offset`. */
typedef struct stored_packet {
    uint32_t packet;
    uint16_t frame_offset;
    uint16_t ordinal; /* of the first frame's position */
    uint32_t length;
} stored_packet;

/* Adds a packet; they come in order. */
void tcp_store_add_packet(const stored_packet *packet);

/* Adds an item to a packet's, by its place in the stream. It is taken over: file scope. */
void tcp_store_add_item(uint32_t packet, stored_item *item);

/*
 * The bytes of a packet from `offset` in the stream on, which were kept as a part when it came, as
 * an item of their own: file scope, not yet added. The part is superseded. NULL: it was not kept.
 */
stored_item *tcp_store_take_part(uint32_t packet, uint64_t offset, uint64_t length);

/* Forgets what was found in the latest packet: it did not pass the read filter, and now another one
 * has its number. */
void tcp_store_forget(uint32_t packet);

/* Both NULL if nothing was found in it. O(log n). */
const stored_packet *tcp_store_packet(uint32_t packet);
stored_item *tcp_store_items(uint32_t packet);

void tcp_store_register(void);

#endif
