/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The statistics. Each has a file of its own, reads the records of the tap "plato" and nothing
 * else.
 *
 *   rows.c           -z plato,rows         one row for each message, csv or ndjson
 *   stat-tree.c      -z plato,tree         what there is, how much of it, how fast
 *   stat-srt.c       -z plato,srt          response times by type
 *   stat-delivery.c  -z plato,delivery     from UP to PUSH, by session
 *   stat-sessions.c  -z plato,sessions     counters by session and direction
 *   stat-conns.c     -z plato,conns        connections
 *   stat-ends.c      -z conv,plato, -z endpoints,plato
 *   follow.c         -z follow,plato,MODE,STREAM
 *   export.c         --export-objects plato,FOLDER, and exported PDUs
 *
 * docs/statistics.md shows them.
 */
#ifndef PLATO_STAT_H
#define PLATO_STAT_H

#include "taps/tap.h"

#include <epan/tap.h>

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

/* When protocols register, and when all of them are there. */
void plato_register_statistics(int proto);
void plato_handoff_statistics(void);

/* Each one's part of that. */
void plato_register_rows(void);
void plato_register_srt(int proto);
void plato_register_delivery(void);
void plato_register_sessions(void);
void plato_register_conns(void);
void plato_register_ends(int proto);
void plato_register_follow(int proto);
void plato_register_export(int proto);
void plato_handoff_tree(void);

/* A frame for those who listen for whole objects and PDUs. */
void plato_export_frame(packet_info *pinfo, const frame_facts *facts);

#endif
