/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rooms of the dissector share: the protocol, its preferences, and the entry points.
 *
 *   plugin.c        what the plugin loader looks for
 *   packet-plato.c  registration: protocol, preferences, ports
 *   stream.c        TCP segments -> frames
 *   heuristic.c     is this stream Plato?
 *   frame.c         one frame: header, CRC, head, body
 *   crc.c           which CRC a conversation uses, and whether it is right
 *   fields.c        fields registered from the protobuf descriptors
 *   message.c       one protobuf message, with the bytes of every field
 *   body.c          what a body is: JSON, a message, text, bytes
 *   defaults.c      zeros that proto3 left out
 *   expert.c        expert information: names, severities, texts
 *   info.c          the info column
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
    unsigned max_var_head_len; /* bytes */
    unsigned max_msg_len;      /* bytes */
} plato_prefs;

extern plato_prefs plato_pref;
extern int proto_plato;

/* The limits of the preferences, as the codec takes them. */
plato_limits plato_pref_limits(void);

void proto_register_plato(void);
void proto_reg_handoff_plato(void);

#endif
