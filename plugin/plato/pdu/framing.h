/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_FRAMING_H
#define PLATO_FRAMING_H

#include "plato/pdu/conversation.h"

/* Bytes before the payload. */
static inline size_t plato_header_len(plato_framing framing)
{
    return framing == PLATO_FRAMING_MSGCMD ? PLATO_LENGTH_PREFIX_LEN : PLATO_HEADER_LEN;
}

/*
 * The framing of a conversation; detects it, on the first pass, if that has not been done. `p` is
 * where a frame begins if `in_sync`, else anywhere. PLATO_FRAMING_HEADER while it is not known.
 */
plato_framing plato_find_framing(packet_info *pinfo, plato_conversation *conversation,
                                 const uint8_t *p, size_t n, bool in_sync);

/*
 * Whether a whole MsgCmd frame begins at p[0] beyond doubt. There is no CRC, so everything must
 * fit: the length, MsgCmd with nothing unknown, and in it the message of its type with known fields
 * only.
 */
bool plato_msgcmd_is_proof(const uint8_t *p, size_t n, const plato_limits *limits);

/* As plato_resync(), for the MsgCmd framing. */
plato_resync_result plato_msgcmd_resync(const uint8_t *p, size_t n, const plato_limits *limits,
                                        const plato_resync_budget *budget);

#endif
