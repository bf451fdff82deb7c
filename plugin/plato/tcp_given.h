/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the reader of a TCP connection gives while a packet is dissected for the first time: where
 * the bytes of each frame are, and which packets hold parts of it.
 */
#ifndef PLATO_TCP_GIVEN_H
#define PLATO_TCP_GIVEN_H

#include "plato/tcp_loss.h"
#include "plato/tcp_segment.h"
#include "plato/tcp_store.h"

#include <stream/reader.h>

/* What the reader gave, and where its bytes are. */
typedef struct given_pdu {
    stored_item item;
    uint32_t packet;          /* to which it belongs */
    int64_t time_ns;          /* of that packet */
    int payload;              /* where it begins in the payload at hand; -1: elsewhere */
    bool impossible;          /* its length cannot be */
    bool frames_lost;         /* after it: the snaplen cut them off */
    stream_checksum checksum; /* what was known when it was found */
} given_pdu;

/* Where the sequence numbers of a direction are in its stream. */
typedef struct seq_anchor {
    bool known;
    uint32_t seq;
    uint64_t offset;
} seq_anchor;

/* The first byte of a frame whose end is missing from the capture. */
typedef struct cut_frame {
    frame_begin begin;
    unsigned direction;
} cut_frame;

struct tcp_reader {
    stream_reader_config config; /* the preferences when the connection was claimed */
    stream_reader *stream;
    plato_conversation *conversation;
    seq_anchor anchors[2];
    tcp_losses losses;
    uint32_t tcp_stream;
    uint16_t ports[2];  /* of the sender of each direction */
    GArray *cut_frames; /* of cut_frame; NULL: there never was one */
    flow_packet latest; /* of the connection */
    GPtrArray *gaps;    /* of stored_item: first frames after bytes that may still come */
    /* the packet at hand; NULL and empty otherwise */
    packet_info *pinfo;
    bool number_again; /* an earlier packet had its number, and did not pass the read filter */
    const tcp_segment *segment;
    GArray *given; /* of given_pdu */
};

/* What the reader found; added to reader->given. */
void tcp_given_add(tcp_reader *reader, const stream_reader_pdu *pdu);

/*
 * The bytes at hand of which nothing can be said so far, as items of the packet, in the order of
 * the stream. NULL: there are none, as in most packets.
 */
stored_item *tcp_given_waiting(tcp_reader *reader);

#endif
