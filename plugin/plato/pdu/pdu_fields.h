/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids and names of one frame, for those who write it as a row of columns. */
#ifndef PLATO_PDU_FIELDS_H
#define PLATO_PDU_FIELDS_H

#include "plato/pdu/pdu_info.h"

/* The ids that a message can carry. */
typedef enum pdu_id { PDU_DEVICE, PDU_CONN, PDU_SESSION, PDU_CLIENT, PDU_MSG } pdu_id;

/* Whether all of its head is here: what it does not have is 0 then, and was not cut off. */
bool plato_pdu_head_is_whole(const pdu_info *facts);

/* The message's own id, where it has one or shows a zero in its place. */
bool plato_pdu_id(const pdu_info *facts, pdu_id which, uint64_t *id);

/* The session of the MsgCmd framing, where it is text; else empty. */
plato_span plato_pdu_session_name(const pdu_info *facts);

/* Whether the frame's type was found; the MsgCmd framing has it after the header. */
bool plato_pdu_has_type(const pdu_info *facts);

/* What is counted by its ids: whole, decoded, not damaged as far as is known. */
bool plato_pdu_is_sound(const pdu_info *facts);

/* "UP", or the number where there is no name, from `scope`. */
const char *plato_type_text(wmem_allocator_t *scope, uint32_t msg_type);
const char *plato_code_text(wmem_allocator_t *scope, uint32_t code);

/* "good", "bad" or "unverified". */
const char *plato_checksum_text(const pdu_info *facts);

/* "up" or "down". */
const char *plato_direction_text(bool upstream);

#endif
