/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands in a stream of bytes: what the dissectors of text and binary commands do alike with TCP
 * and TLS, how they are found, and what both show of every command.
 */
#ifndef PLATO_COMMAND_STREAM_H
#define PLATO_COMMAND_STREAM_H

#include "commands/request_response.h"

/* The bytes of one call of TCP or TLS. */
typedef struct command_segment {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    rr_conversation *rr;
    bool after_unseen;  /* bytes before these are missing from the capture */
    bool mid_stream;    /* so may be the start of the first command: rr_start */
    bool can_desegment; /* TCP can hand over more */
    bool reassembled;   /* TCP put the bytes together */
} command_segment;

/* What is registered under; Wireshark keeps the pointers. */
typedef struct command_names {
    const char *dissector; /* "textcmd": also the tap, and what fields begin with */
    const char *dissector_tls;
    const char *heuristics[COMMAND_LAYERS];
    const char *heuristic_titles[COMMAND_LAYERS];
    const char *desegment_title;
} command_names;

/* One of the two protocols, as its own file describes it. */
typedef struct command_stream {
    rr_protocol *protocol;
    command_names names;
    const char *tcp_port;
    const char *tls_port;
    const char *alpn; /* over TLS */
    /* Dissects the commands from `offset` on; returns where it stopped to request more, or the end.
     */
    int (*dissect)(const command_segment *segment, int offset);
    /* Whether a heuristic may take a stream whose segment or record this is. */
    bool (*matches)(heuristic_state *state, packet_info *pinfo, const uint8_t *p, size_t n);
    heur_dissector_t
        heuristics[COMMAND_LAYERS]; /* call command_heuristic_tcp() and command_heuristic_tls() */
    ws_bool desegment;
} command_stream;

/* What heur_dissector_t has no parameter for: which protocol's heuristic it is. */
ws_bool command_heuristic_tcp(command_stream *stream, tvbuff_t *tvb, packet_info *pinfo,
                              proto_tree *tree, void *data);
ws_bool command_heuristic_tls(command_stream *stream, tvbuff_t *tvb, packet_info *pinfo,
                              proto_tree *tree, void *data);

/* Dissectors NAME and NAME.tls, tap, preferences; returns the module, for further ones. */
module_t *command_register(command_stream *stream);

/* Ports, ALPN, heuristics NAME_tcp and NAME_tls, -z NAME,tree. */
void command_handoff(const command_stream *stream);

/* ---- one command ---- */

/* One in the packet at hand. */
typedef struct command_item {
    const command_segment *segment;
    proto_tree *tree; /* once it is begun */
    proto_item *item;
    int offset;
    int length; /* bytes that are shown */
    bool is_request;
    plato_tap_form form;
    uint32_t error; /* code of an error reply; 0: it is none */
    plato_span reason;
    label text;
} command_item;

/* Item and info column, with the item's text. */
void command_begin_item(const rr_protocol *protocol, command_item *item);

/* The same for bytes outside any command; returns the item of the bytes. */
proto_item *command_begin_continuation(const rr_protocol *protocol, command_item *item);

/* What was found out about it, and the record for the statistics; `type`, `remark`: rr_record. */
void command_end_item(rr_protocol *protocol, const command_item *item, rr_message *message,
                      const char *type, const char *remark);

/* The item of an error reply's code. */
void command_add_error_code(rr_protocol *protocol, const command_item *item, proto_item *code);

#endif
