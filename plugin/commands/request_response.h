/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the dissectors of the latency and command protocols share: who is the client, where a TCP
 * stream stands, requests and their replies, the records for the statistics.
 *
 *   packet-latency.c  the latency protocol
 *   packet-textcmd.c  text commands
 *   packet-bincmd.c   binary commands
 *   talk-stream.c     what these two do alike with a stream of commands
 *   stat-talk.c       -z latency,tree, -z textcmd,tree, -z bincmd,tree
 *   stat-rtt.c        -z latency,rtt
 */
#ifndef PLATO_TALK_H
#define PLATO_TALK_H

#include "support/compat.h"
#include "support/label.h"
#include "taps/tap.h"

#include <analysis/request_response.h>
#include <plato/frame.h>

/* A command must be there within so long from its first byte to its last. */
#define TALK_COMMAND_NS 40000000000

#define TALK_REST_MAX 3 /* bytes of a latency value that came in an earlier segment */

/* Expert items that more than one of the protocols has. */
typedef struct talk_expert {
    expert_field no_reply;
    expert_field late;
    expert_field differs;
    expert_field in_flight;
    expert_field too_soon;
    expert_field silent;
    expert_field unasked;
    expert_field slow; /* the command took too long to come */
    expert_field error_reply;
    expert_field type_unknown;
} talk_expert;

/* One of the protocols, as its own file describes it. */
typedef struct talk_protocol {
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
    talk_expert expert;
    int tap;
    int64_t known_until_ns; /* time of the latest message of the file */
} talk_protocol;

/* How the bytes of one call of TCP are to be taken; the same in every pass. */
typedef struct talk_start {
    uint32_t skip; /* bytes in front that were shown before */
    bool gap;      /* bytes in front are missing from the capture */
    bool middle;   /* the connection's start was not captured, and nothing of this side was read */
    unsigned rest_len;
    uint8_t rest[TALK_REST_MAX]; /* bytes that an earlier call left over */
} talk_start;

/* One direction of a conversation. First pass only. */
typedef struct talk_side {
    bool known;
    uint32_t next_seq;
    bool waiting; /* a command has begun and not ended, */
    int64_t waiting_since_ns;
    bool read;  /* the end of a message has been seen */
    bool lost;  /* bytes are missing from the capture: where a message begins is a guess */
    bool wrong; /* bytes came that begin no command */
    unsigned rest_len;
    uint8_t rest[TALK_REST_MAX];
} talk_side;

/* What heuristics are asked about. */
typedef enum talk_layer { TALK_TCP, TALK_TLS, TALK_LAYERS } talk_layer;

/* What a heuristic has seen so far. First pass only. */
typedef struct talk_looks {
    bool never;       /* bytes that cannot be */
    bool mid_line[2]; /* of each side: the last segment did not end a line */
} talk_looks;

/* All that is kept for a conversation, for the whole file. */
typedef struct talk {
    bool client_known;
    unsigned client_side;
    talk_looks looks[TALK_LAYERS];
    bool tls_asked; /* the heuristic over TLS has been asked */
    talk_side sides[2];
    analysis_rr_conversation exchanges;
} talk;

/* One message, kept with its packet. */
typedef struct talk_message {
    analysis_rr_message exchange;
    bool is_request;
    bool slow;       /* its last byte came too long after its first */
    bool paired;     /* it takes part in requests and replies */
    uint32_t behind; /* bytes behind it that came with it at first: later TCP may bring fewer */
    struct talk_message *next; /* in the packet */
} talk_message;

/* What the tap of each protocol hands out. Lives as long as the packet, but for the message. */
typedef struct talk_record {
    const talk_protocol *protocol;
    talk_message *message;
    const char *type;   /* of the message; NULL where it could not be read */
    const char *remark; /* what is wrong with its form; NULL: nothing */
    plato_tap_form form;
    uint32_t error;  /* code of an error reply, 0: it is none */
    uint32_t length; /* bytes */
    uint32_t behind; /* bytes behind it that came with it */
} talk_record;

talk *talk_of(packet_info *pinfo, const talk_protocol *protocol);

/* This packet's direction of it. */
talk_side *talk_side_of(packet_info *pinfo, talk *t);

/*
 * Whether the client sent this packet: who opened the connection is the client; where the capture
 * does not tell, the port does, or what the first message looks like (`like_reply`), or else who
 * spoke first.
 */
bool talk_is_request(packet_info *pinfo, talk *t, bool like_reply);

/* TCP: how to take the bytes of this call (`tcp` is what TCP handed over, or NULL). */
talk_start talk_begin(packet_info *pinfo, const talk_protocol *protocol, talk *t, const void *tcp,
                      uint32_t len);

/* TCP, first pass: where the call ended; `used` counts from its first byte. */
void talk_end(packet_info *pinfo, talk *t, const void *tcp, uint32_t used);

/* TCP: whether the bytes of this call came in several segments. */
bool talk_is_reassembled(const void *tcp);

/* TCP: asks for the bytes from `offset` on again, with `wanted` more behind them. */
void talk_ask(packet_info *pinfo, talk *t, int offset, uint32_t wanted);

/*
 * The next message of this packet: on the first pass it is entered with what `given` says of it,
 * later it is the same one again. `given` NULL: a message that takes no part in requests and
 * replies.
 */
talk_message *talk_enter(packet_info *pinfo, talk_protocol *protocol, talk *t, bool is_request,
                         const analysis_rr_message *given);

/* Fields and expert items of what was found of the message at `offset`. */
void talk_show(talk_protocol *protocol, const talk_message *message, tvbuff_t *tvb, int offset,
               packet_info *pinfo, proto_tree *tree);

/* The end of a message was not captured, and who knows what else behind it. */
void talk_cut(packet_info *pinfo, talk *t);

/* " (1.234 ms)" behind the words of a reply. */
void talk_add_time(label *out, const talk_message *message);

/* For the statistics, which bytes outside messages are kept from, and for other plugins; copied. */
void talk_tap(packet_info *pinfo, const talk_record *record);

/*
 * Bytes of the client that begin no command, where one has to begin: the first time they are
 * something that the server answers, with an error reply. First pass only.
 */
bool talk_is_answered_rubbish(packet_info *pinfo, talk *t, bool is_request);

/* Of some bytes, to compare them by. */
uint64_t talk_digest(const uint8_t *p, size_t n);

/* Rows of a protocol's table of fields. */
#define TALK_FIELDS(protocol, name, time_name, time_title)                                         \
    {&(protocol).hf_response_in,                                                                   \
     {"Response in", name ".response_in", FT_FRAMENUM, BASE_NONE,                                  \
      FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0x0, NULL, HFILL}},                                     \
        {&(protocol).hf_response_to,                                                               \
         {"Response to", name ".response_to", FT_FRAMENUM, BASE_NONE,                              \
          FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0, NULL, HFILL}},                                  \
    {                                                                                              \
        &(protocol).hf_response_time,                                                              \
        {                                                                                          \
            time_title, name "." time_name, FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0, NULL, HFILL    \
        }                                                                                          \
    }

/* The tap of that name. */
void talk_register(talk_protocol *protocol, const char *name);

/* At the start of each file; from the protocols' own files. */
void talk_forget(talk_protocol *protocol);

#endif
