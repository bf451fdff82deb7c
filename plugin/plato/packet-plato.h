/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rooms of the dissector share: the protocol, its preferences, and the entry points.
 *
 *   plugin.c        what the plugin loader looks for
 *   plato/packet-plato.c             registration: protocol, preferences, ports, heuristics
 *   plato/heuristic.c                is this stream Plato?
 *   plato/transport.c                what TCP, TLS and WebSocket hand over -> walks
 *   plato/pdu_scan.c                 bytes -> frames, and what lies between them
 *   plato/pdu/framing.c              fixed header or length prefix
 *   plato/pdu/pdu_fragment.c         frames that begin in one packet and end in another
 *   plato/pdu/conversation.c         what is kept for a conversation
 *   plato/pdu/pdu_info.c             the facts of one frame
 *   plato/pdu/checksum.c             which CRC a conversation uses, and whether it is right
 *   plato/pdu/body.c                 what a body is: JSON, a message, text, bytes
 *   plato/subdissector.c             other dissectors that are given a body
 *   plato/pdu/json.c                 is it JSON?
 *   user_schema/uat_body_types.c     the user's table: which message a body is
 *   user_schema/descriptor_set.c     reads a user's FileDescriptorSet
 *   user_schema/hf_user.c            the fields registered from it
 *   user_schema/dissect_user.c       a body shown as a message of it
 *   plato/pdu/analysis_feed.c        feeds the analysis, and asks it for verdicts
 *   plato/pdu/analysis_store.c       which frames were judged
 *   plato/tree/tree_analysis.c       the verdicts in the tree
 *   taps/tap.c                       a record for each frame, for the statistics
 *   taps/stat.h                      the statistics, each in a file of its own
 *   plato/tree/tree_frame.c          a frame of the fixed header in the tree
 *   plato/tree/tree_msgcmd.c         a frame of the length-prefixed variant in the tree
 *   plato/tree/hf_schema.c           fields registered from the protobuf descriptors
 *   plato/tree/protobuf.c            one protobuf message, with the bytes of every field
 *   plato/tree/proto3_defaults.c     zeros that proto3 left out
 *   plato/tree/expert.c              expert information: names, severities, texts
 *   plato/tree/col_info.c            the info column
 *   support/label.h                  short texts put together by hand
 *   commands/request_response.h      what the latency and command protocols share, and their rooms
 */
#ifndef PLATO_PACKET_PLATO_H
#define PLATO_PACKET_PLATO_H

#include "support/compat.h"

#include <plato/plato.h>

/* plato.crc_coverage and plato.crc_polynomial: what the user says, or that we find out. */
enum { PREF_AUTO = -1 };

typedef struct plato_prefs {
    ws_bool verify_crc;
    ws_bool desegment;
    int crc_coverage;          /* plato_crc_coverage, or PREF_AUTO */
    int crc_polynomial;        /* plato_crc_polynomial, or PREF_AUTO */
    int framing;               /* plato_framing, or PREF_AUTO */
    unsigned max_var_head_len; /* bytes */
    ws_bool analyze;
    unsigned slow_response_ms;
    unsigned heartbeat_interval_s;
    unsigned max_msg_len;       /* bytes */
    const char *descriptor_set; /* file name, "" for none */
} plato_prefs;

extern plato_prefs plato_pref;
extern int proto_plato;

/* The limits of the preferences, as the codec takes them. */
plato_limits plato_pref_limits(void);

void proto_register_plato(void);
void proto_reg_handoff_plato(void);

#endif
