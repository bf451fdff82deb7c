/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_CHECKSUM_H
#define PLATO_CHECKSUM_H

#include "plato/pdu/conversation.h"

/* What the CRC field of a frame came to. */
typedef struct checksum_result {
    proto_checksum_enum_e status;
    bool computed;       /* `calculated` is set */
    bool known_kind;     /* `kind` is set */
    uint32_t calculated; /* what the field should be under `kind` */
    plato_crc_kind kind;
} checksum_result;

/* The kinds that can prove a frame of a conversation, as plato_frame_find_crc_among() takes them.
 */
typedef struct crc_candidates {
    unsigned coverages;
    unsigned polynomials;
} crc_candidates;

/*
 * Judges the CRC of a frame all of whose bytes are there. With the preferences on "auto" the first
 * frame of a conversation that matches some kind fixes it: what differs later is bad.
 */
checksum_result plato_verify_checksum(packet_info *pinfo, plato_conversation *conversation,
                                      uint64_t position, const plato_frame *frame);

/* What would prove a frame at this place of a conversation; coverage "none" proves nothing. */
crc_candidates plato_crc_candidates(packet_info *pinfo, const plato_conversation *conversation);

/* Whether the CRC of a frame whose bytes are all there proves that it is one. */
bool plato_crc_proves(packet_info *pinfo, const plato_conversation *conversation,
                      const plato_frame *frame);

/* "frame", "payload (CRC-32C)", ...; a constant. */
const char *plato_crc_kind_text(plato_crc_kind kind);

#endif
