/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_EXPERT_H
#define PLATO_EXPERT_H

#include "support/compat.h"

/* The expert information of the dissector; expert.c has names, severities and texts. */
typedef enum plato_expert_id {
    EXPERT_CRC_BAD,
    EXPERT_MALFORMED,
    EXPERT_TOO_LARGE,
    EXPERT_VERSION,
    EXPERT_MSG_TYPE,
    EXPERT_REFUSED,
    EXPERT_SKIPPED,
    EXPERT_UTF8,
    EXPERT_USER_MISMATCH,
    EXPERT_CAPTURE_GAP,
    EXPERT_SILENT,
    EXPERT_UNREADABLE,
    EXPERT_GAP,
    EXPERT_GAP_FILLED,
    EXPERT_DUPLICATE,
    EXPERT_CONFLICT,
    EXPERT_OUT_OF_ORDER,
    EXPERT_UNACKED,
    EXPERT_SLOW_RESPONSE,
    EXPERT_HEARTBEAT_LATE,
    EXPERT_COUNT,
} plato_expert_id;

expert_field *plato_expert(plato_expert_id id);

/* "plato.malformed" with the wire reader's error and where in its message it was found. */
void plato_expert_add_malformed(packet_info *pinfo, proto_item *item, int error, int error_offset);

void plato_register_expert(int proto);

#endif
