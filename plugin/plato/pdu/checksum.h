/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CRC a conversation uses, by the preferences and by what its frames have shown. */
#ifndef PLATO_CHECKSUM_H
#define PLATO_CHECKSUM_H

#include "plato/pdu/conversation.h"

#include <stream/checksum.h>

/* What the preferences say. */
stream_checksum plato_checksum_preferences(void);

/* What was known of a conversation at the frame at `position`: the same in every pass. */
stream_checksum plato_checksum_at(const plato_conversation *conversation, uint64_t position);

/* First pass: what the frame at `position` has shown, if that is new. */
void plato_keep_checksum(plato_conversation *conversation, uint64_t position,
                         const stream_checksum *checksum);

/* "frame", "payload (CRC-32C)", ...; a constant. */
const char *plato_crc_kind_text(plato_crc_kind kind);

#endif
