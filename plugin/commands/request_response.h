/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the dissectors of the latency and command protocols share: who is the client, what a TCP
 * stream expects next, requests and their replies, the records for the statistics.
 */
#ifndef PLATO_REQUEST_RESPONSE_H
#define PLATO_REQUEST_RESPONSE_H

#include "support/compat.h"
#include "support/label.h"
#include "taps/tap.h"

#include <analysis/request_response.h>
#include <plato/frame.h>

/* Longest time from a command's first byte to its last. */
#define RR_COMMAND_NS 40000000000

#define RR_REST_MAX 3 /* bytes of a latency value that came in an earlier segment */

/* Expert items that more than one of the protocols has. */
typedef struct rr_expert {
    expert_field no_reply;
    expert_field late;
    expert_field mismatch;
    expert_field in_flight;
    expert_field too_soon;
    expert_field idle_too_long;
    expert_field unsolicited;
    expert_field slow; /* the command took too long to come */
    expert_field error_reply;
    expert_field type_unknown;
} rr_expert;

/* One of the protocols, as its own file describes it. */
typedef struct rr_protocol {
    plato_tap_protocol id;
    int proto;
    const char *column; /* what the protocol column says */
    analysis_rr_rules rules;
    int hf_response_in;
    int hf_response_to;
    int hf_response_time;
    int hf_code; /* of an error reply, and its */
    int hf_reason;
    int hf_continuation; /* bytes outside any message */
    int ett;
    rr_expert expert;
    int tap;
    int64_t known_until_ns; /* time of the latest message of the file */
} rr_protocol;

/* How the bytes of one call of TCP are to be taken; the same in every pass. */
typedef struct rr_start {
    uint32_t skip;     /* first bytes, which were shown before */
    bool after_unseen; /* bytes before these are missing from the capture */
    bool mid_stream;   /* the connection's start was not captured, and no message of this direction
                          has ended */
    unsigned rest_len;
    uint8_t rest[RR_REST_MAX]; /* bytes that an earlier call left over */
} rr_start;

/* One direction of a conversation. First pass only. */
typedef struct rr_flow {
    bool known;
    uint32_t next_seq;
    bool waiting; /* a command has begun and not ended, */
    int64_t waiting_since_ns;
    bool message_seen; /* the end of a message has been seen */
    bool after_unseen; /* bytes are missing from the capture: where a message begins is a guess */
    bool invalid_seen; /* bytes came that begin no command */
    unsigned rest_len;
    uint8_t rest[RR_REST_MAX];
} rr_flow;

/* The layers that have heuristics. */
typedef enum command_layer { COMMAND_TCP, COMMAND_TLS, COMMAND_LAYERS } command_layer;

/* What a heuristic has seen so far. First pass only. */
typedef struct heuristic_state {
    bool never;       /* bytes that cannot be */
    bool mid_line[2]; /* of each direction: the last segment did not end a line */
} heuristic_state;

/* All that is kept for a conversation, for the whole file. */
typedef struct rr_conversation {
    bool client_known;
    unsigned client_direction;
    heuristic_state heuristics[COMMAND_LAYERS];
    bool tls_tried; /* the heuristic over TLS has decided */
    rr_flow flows[2];
    analysis_rr_conversation exchanges;
} rr_conversation;

/* One message, kept with its packet. */
typedef struct rr_message {
    analysis_rr_message exchange;
    bool is_request;
    bool slow;          /* its last byte came too long after its first */
    bool paired;        /* it takes part in requests and replies */
    uint32_t following; /* bytes after it that came with it at first: later TCP may bring fewer */
    struct rr_message *next; /* in the packet */
} rr_message;

/* What the tap of each protocol hands out. Lives as long as the packet, but for the message. */
typedef struct rr_record {
    const rr_protocol *protocol;
    rr_message *message;
    const char *type;   /* of the message; NULL where it could not be read */
    const char *remark; /* what is wrong with its form; NULL: nothing */
    plato_tap_form form;
    uint32_t error;     /* code of an error reply, 0: it is none */
    uint32_t length;    /* bytes */
    uint32_t following; /* bytes after it that came with it */
} rr_record;

rr_conversation *rr_conversation_of(packet_info *pinfo, const rr_protocol *protocol);

/* This packet's direction of it. */
rr_flow *rr_flow_of(packet_info *pinfo, rr_conversation *rr);

/*
 * Whether the client sent this packet: who opened the connection is the client; where the capture
 * does not show it, the port does, or what the first message looks like (`like_reply`), or else who
 * sent first.
 */
bool rr_is_request(packet_info *pinfo, rr_conversation *rr, bool like_reply);

/* TCP: how to take the bytes of this call (`data` is what TCP handed over, or NULL). */
rr_start rr_begin_segment(packet_info *pinfo, const rr_protocol *protocol, rr_conversation *rr,
                          const void *data, uint32_t len);

/* TCP, first pass: where the call ended; `consumed` counts from its first byte. */
void rr_end_segment(packet_info *pinfo, rr_conversation *rr, const void *data, uint32_t consumed);

/* TCP: whether the bytes of this call came in several segments. */
bool rr_is_reassembled(const void *data);

/* TCP: requests the bytes from `offset` on again, followed by `desegment_len` more. */
void rr_request_more(packet_info *pinfo, rr_conversation *rr, int offset, uint32_t desegment_len);

/*
 * The next message of this packet: on the first pass it is entered with what `given` says of it,
 * later it is the same one again. `given` NULL: a message that takes no part in requests and
 * replies.
 */
rr_message *rr_add_message(packet_info *pinfo, rr_protocol *protocol, rr_conversation *rr,
                           bool is_request, const analysis_rr_message *claims);

/* Fields and expert items of what was found of the message at `offset`. */
void rr_add_items(rr_protocol *protocol, const rr_message *message, tvbuff_t *tvb, int offset,
                  packet_info *pinfo, proto_tree *tree);

/* The end of a message was not captured, and perhaps more after it. */
void rr_note_truncated(packet_info *pinfo, rr_conversation *rr);

/* Appends " (1.234 ms)" to the text of a reply. */
void rr_append_time(label *out, const rr_message *message);

/* For the statistics, which bytes outside messages are kept from, and for other plugins; copied. */
void rr_tap(packet_info *pinfo, const rr_record *record);

/*
 * Bytes of the client that begin no command, where one has to begin: the first time they are
 * something that the server answers, with an error reply. First pass only.
 */
bool rr_is_first_invalid(packet_info *pinfo, rr_conversation *rr, bool is_request);

/* Of some bytes, to compare them by. */
uint64_t rr_digest(const uint8_t *p, size_t n);

/* The tap of that name. */
void rr_register(rr_protocol *protocol, const char *name);

/* At the start of each file; from the protocols' own files. */
void rr_reset(rr_protocol *protocol);

#endif
