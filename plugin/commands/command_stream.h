/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands in a stream of bytes: what the dissectors of text and binary commands do alike with TCP
 * and TLS, how they are found, and what both show of every command.
 */
#ifndef PLATO_TALK_STREAM_H
#define PLATO_TALK_STREAM_H

#include "commands/request_response.h"

/* The bytes of one call of TCP or TLS. */
typedef struct talk_call {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    talk *talk;
    bool gap;         /* bytes in front are missing from the capture */
    bool middle;      /* so may be the start of the first command: talk_start */
    bool may_ask;     /* for bytes that have not come yet */
    bool reassembled; /* TCP put the bytes together */
} talk_call;

/* What Wireshark is told, and keeps: constants, from TALK_NAMES(). */
typedef struct talk_names {
    const char *dissector; /* "textcmd": also the tap, and what fields begin with */
    const char *dissector_tls;
    const char *title; /* "Text commands" */
    const char *heuristics[TALK_LAYERS];
    const char *heuristic_titles[TALK_LAYERS];
    const char *desegment_title;
} talk_names;

#define TALK_NAMES(name, title, unit)                                                              \
    {                                                                                              \
        name, name ".tls", title, {name "_tcp", name "_tls"},                                      \
            {title " over TCP", title " over TLS"}, "Reassemble " unit " over TCP segments"        \
    }

/* One of the two protocols, as its own file describes it. */
typedef struct talk_stream {
    talk_protocol *protocol;
    talk_names names;
    const char *tcp_port;
    const char *tls_port;
    const char *alpn; /* over TLS */
    /* Shows the commands from `offset` on; returns where it stopped to ask for more, or the end. */
    int (*walk)(const talk_call *call, int offset);
    /* Whether a heuristic may take a stream whose segment or record this is. */
    bool (*looks_right)(talk_looks *looks, packet_info *pinfo, const uint8_t *p, size_t n);
    heur_dissector_t heuristics[TALK_LAYERS]; /* call talk_claim_tcp() and talk_claim_tls() */
    ws_bool desegment;
} talk_stream;

/* What heur_dissector_t has no room to say: whose heuristic it is. */
ws_bool talk_claim_tcp(talk_stream *stream, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                       void *data);
ws_bool talk_claim_tls(talk_stream *stream, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                       void *data);

/* Dissectors NAME and NAME.tls, tap, preferences; returns the module, for further ones. */
module_t *talk_register_stream(talk_stream *stream);

/* Ports, ALPN, heuristics NAME_tcp and NAME_tls, -z NAME,tree. */
void talk_handoff_stream(const talk_stream *stream);

/* ---- one command ---- */

/* One in the packet at hand. */
typedef struct talk_piece {
    const talk_call *call;
    proto_tree *tree; /* once it is begun */
    proto_item *item;
    int offset;
    int length; /* bytes that are shown */
    bool is_request;
    plato_tap_form form;
    uint32_t error; /* code of an error reply; 0: it is none */
    plato_span reason;
    label text;
} talk_piece;

/* Item and info column, with the piece's text. */
void talk_begin_piece(const talk_protocol *protocol, talk_piece *piece);

/* The same for bytes outside any command; returns the item of the bytes. */
proto_item *talk_begin_outside(const talk_protocol *protocol, talk_piece *piece);

/* What was found out about it, and the record for the statistics; `type`, `remark`: talk_record. */
void talk_end_piece(talk_protocol *protocol, const talk_piece *piece, talk_message *message,
                    const char *type, const char *remark);

/* The item of an error reply's code. */
void talk_show_error(talk_protocol *protocol, const talk_piece *piece, proto_item *code);

/* Rows of a protocol's table of fields. */
#define TALK_ERROR_FIELDS(protocol, name)                                                          \
    {&(protocol).hf_code,                                                                          \
     {"Error code", name ".error.code", FT_UINT16, BASE_DEC, NULL, 0x0, NULL, HFILL}},             \
    {                                                                                              \
        &(protocol).hf_reason,                                                                     \
        {                                                                                          \
            "Error reason", name ".error.reason", FT_STRING, BASE_NONE, NULL, 0x0, NULL, HFILL     \
        }                                                                                          \
    }

/* Rows of its table of expert items. */
#define TALK_COMMAND_EXPERTS(protocol, name)                                                       \
    {&(protocol).expert.error_reply,                                                               \
     {name ".error_reply", PI_RESPONSE_CODE, PI_NOTE, "Error reply", EXPFILL}},                    \
        {&(protocol).expert.type_unknown,                                                          \
         {name ".type.unknown", PI_UNDECODED, PI_NOTE, "No command of the protocol itself",        \
          EXPFILL}},                                                                               \
        {&(protocol).expert.differs,                                                               \
         {name ".differs", PI_PROTOCOL, PI_ERROR, "Reply does not fit its request", EXPFILL}},     \
        {&(protocol).expert.unasked,                                                               \
         {name ".unasked", PI_SEQUENCE, PI_NOTE, "Reply without a request", EXPFILL}},             \
    {                                                                                              \
        &(protocol).expert.slow,                                                                   \
        {                                                                                          \
            name ".slow", PI_SEQUENCE, PI_WARN, "More than 40 s from the first byte to the last",  \
                EXPFILL                                                                            \
        }                                                                                          \
    }

#endif
