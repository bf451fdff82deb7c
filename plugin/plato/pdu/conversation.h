/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept for a conversation from packet to packet. */
#ifndef PLATO_CONVERSATION_H
#define PLATO_CONVERSATION_H

#include "support/flow.h"

#include <epan/conversation.h>
#include <plato/plato.h>

/*
 * Which CRC a conversation uses: fixed by the first frame that matched a kind. A frame before
 * `fixed_at` is still verified as if nothing were known, in every pass.
 */
typedef struct conversation_crc {
    bool fixed;
    uint64_t fixed_at;
    plato_crc_kind kind;
} conversation_crc;

/* The packet with the first byte of a frame that ends in a later one. */
typedef struct frame_begin {
    uint32_t packet; /* 0: there is none, the frame ends where it began */
    int64_t time_ns; /* of that packet, since the epoch */
} frame_begin;

typedef struct pdu_fragment pdu_fragment;   /* pdu_fragment.c */
typedef struct tcp_reader tcp_reader;       /* tcp_reader.c */
typedef struct carrier_watch carrier_watch; /* carrier_watch.c */
/* What shows who is the client, the weakest first. */
typedef enum client_evidence {
    CLIENT_UNKNOWN,
    CLIENT_BY_TYPE, /* only clients, or only servers, send a frame of this type */
    CLIENT_BY_PORT, /* the other end has a port that the preferences give to Plato */
    CLIENT_BY_SYN,  /* it opened the TCP connection */
} client_evidence;

/* What is kept of one direction. Changed on the first pass only. */
typedef struct plato_flow {
    uint8_t *rest; /* WebSocket: the start of a frame that goes on in the next message */
    size_t rest_len;
    size_t rest_cap;
    pdu_fragment *fragment; /* TLS; NULL while every frame ended in the packet where it began */
} plato_flow;

/* All that is kept for a conversation, for the whole file. */
typedef struct plato_conversation {
    uint32_t stream; /* plato.stream: 0, 1, 2, ... in the order of first frames */
    bool has_stream;
    uint32_t identity;               /* the latest, see store_keep_identity(); 0 at first */
    plato_framing framing;           /* 0: not known yet */
    client_evidence client_evidence; /* the strongest so far */
    unsigned client_direction;       /* of the client's packets, see flow_direction() */
    conversation_crc crc;
    plato_flow flows[2];
    tcp_reader *tcp;        /* plain TCP; NULL: it was not claimed for Plato */
    carrier_watch *carrier; /* TLS, WebSocket, ...; NULL: none */
    /* The same ports were used again although no SYN was captured: the conversation before, and the
     * first packet of this one. */
    struct plato_conversation *earlier;
    uint32_t first_packet;
} plato_conversation;

/* The conversation of a packet; made if there is none. */
plato_conversation *plato_conversation_of(packet_info *pinfo);

/* NULL if there is none. */
plato_conversation *plato_find_conversation(packet_info *pinfo);

/* From this packet on another connection uses the ports of `conversation`. Returns its own. */
plato_conversation *plato_renew_conversation(packet_info *pinfo);

/*
 * Whether the client sent the packet, by the strongest evidence so far; while there is none, the
 * lower address is taken for it. `head` is NULL for a frame that could not be read. Later passes
 * know what the whole first one found out.
 */
bool plato_is_upstream(const flow_packet *packet, plato_conversation *conversation,
                       plato_framing framing, const plato_head *head);

/* Registers the reset of the stream count with each new file. */
void plato_register_conversation(void);

/* Gives the conversation its plato.stream, at its first frame. */
void plato_number_stream(plato_conversation *conversation);

/* How many there are so far. */
uint32_t plato_stream_count(void);

#endif
