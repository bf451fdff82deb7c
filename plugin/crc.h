/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PLUGIN_CRC_H
#define PLATO_PLUGIN_CRC_H

#include "packet-plato.h"

/* What the CRC field of a frame came to. */
typedef struct crc_verdict {
    proto_checksum_enum_e status;
    bool computed;       /* `calculated` is set */
    bool known_kind;     /* `kind` is set */
    uint32_t calculated; /* what the field should be under `kind` */
    plato_crc_kind kind;
} crc_verdict;

/*
 * Judges the CRC of a frame all of whose bytes are there. `position` grows from frame to frame over
 * the file and is the same in every pass. With the preferences on "auto" the first
 * frame of a conversation that matches some kind fixes it: what differs later is bad.
 */
crc_verdict plato_judge_crc(packet_info *pinfo, uint64_t position, const plato_frame *frame);

/* "frame", "payload (CRC-32C)", ...; a constant. */
const char *plato_crc_kind_text(plato_crc_kind kind);

#endif
