/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What frame.c shares with the decoder and with resync. */
#ifndef PLATO_SRC_FRAME_INTERNAL_H
#define PLATO_SRC_FRAME_INTERNAL_H

#include "plato/frame.h"
#include "plato/wire.h"

/* MsgCmd's two fields, and their tags: number << 3 | wire type. */
enum {
    MSGCMD_TYPE = 1,
    MSGCMD_PAYLOAD = 2,
    MSGCMD_TAG_TYPE = MSGCMD_TYPE << 3 | PLATO_WIRE_VARINT,
    MSGCMD_TAG_PAYLOAD = MSGCMD_PAYLOAD << 3 | PLATO_WIRE_BYTES,
};

/* Bytes before the payload: the fixed header or the length. */
static inline size_t plato_prefix_len(plato_framing framing)
{
    return framing == PLATO_FRAMING_MSGCMD ? PLATO_LENGTH_PREFIX_LEN : PLATO_HEADER_LEN;
}

/*
 * Points the spans of a frame, whose header was parsed, at its payload, all of which is at
 * `payload`; in the variant also finds the type. A PLATO_ERR_WIRE_ error sets `*error_offset`, from
 * `payload`.
 */
plato_err plato_frame_open_payload(plato_frame *frame, const uint8_t *payload,
                                   size_t *error_offset);

#endif
