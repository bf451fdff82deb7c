/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rooms of the dissector share: the protocol, its preferences, and the entry points.
 *
 *   plugin.c        what the plugin loader looks for
 *   packet-plato.c  registration: protocol, preferences, ports, heuristics
 *   heuristic.c     is this stream Plato?
 *   stream.c        what TCP, TLS and WebSocket hand over -> walks
 *   walk.c          bytes -> frames, and what lies between them
 *   framing.c       fixed header or length prefix
 *   begun.c         frames that begin in one packet and end in another
 *   conversation.c  what is kept for a conversation
 *   frame.c         the facts of one frame
 *   crc.c           which CRC a conversation uses, and whether it is right
 *   body.c          what a body is: JSON, a message, text, bytes
 *   guest.c         other dissectors that are given a body
 *   json.c          is it JSON?
 *   user-types.c    the user's table: which message a body is
 *   user-set.c      reads a user's FileDescriptorSet
 *   user-fields.c   the fields registered from it
 *   user-body.c     a body shown as a message of it
 *   judge.c         feeds the analysis, and asks it for verdicts
 *   judged.c        which frames were judged
 *   verdict.c       the verdicts in the tree
 *   tap.c           a record for each frame, for the statistics
 *   stat.h          the statistics, each in a file of its own
 *   show.c          a frame of the fixed header in the tree
 *   msgcmd.c        a frame of the length-prefixed variant in the tree
 *   fields.c        fields registered from the protobuf descriptors
 *   message.c       one protobuf message, with the bytes of every field
 *   defaults.c      zeros that proto3 left out
 *   expert.c        expert information: names, severities, texts
 *   info.c          the info column
 *   label.h         short texts put together by hand
 *   talk.h          what the latency and command protocols share, and their rooms
 */
#ifndef PLATO_PACKET_PLATO_H
#define PLATO_PACKET_PLATO_H

#include "compat.h"

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
