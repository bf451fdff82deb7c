/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids and names of one frame, for those who write it as a row of columns. */
#ifndef PLATO_PDU_FIELDS_H
#define PLATO_PDU_FIELDS_H

#include "plato/pdu/pdu_info.h"

/* The ids that a message can carry. */
typedef enum stat_id { STAT_DEVICE, STAT_CONN, STAT_SESSION, STAT_CLIENT, STAT_MSG } stat_id;

/* The message's own id, where it has one or shows a zero in its place. */
bool plato_stat_id(const frame_facts *facts, stat_id which, uint64_t *id);

/* The variant's session where it sends text; else empty. */
plato_span plato_stat_session_name(const frame_facts *facts);

/* Whether the frame's type was found; the variant has it behind the header. */
bool plato_stat_has_type(const frame_facts *facts);

/* What is counted by its ids: whole, decoded, not damaged as far as can be told. */
bool plato_stat_is_sound(const frame_facts *facts);

/* "UP", or the number where there is no name, from `scope`. */
const char *plato_stat_type_text(wmem_allocator_t *scope, uint32_t msg_type);
const char *plato_stat_code_text(wmem_allocator_t *scope, uint32_t code);

/* "good", "bad" or "unverified". */
const char *plato_stat_crc_text(const frame_facts *facts);

/* "up" or "down". */
const char *plato_stat_direction_text(bool upstream);

#endif
