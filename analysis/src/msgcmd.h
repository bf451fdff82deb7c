/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs in MsgCmd framing: an UP is acknowledged by its ClientID alone; Pushes without an id
 * are distinguished by their content, and acknowledged without any id.
 */
#ifndef ANALYSIS_SRC_MSGCMD_H
#define ANALYSIS_SRC_MSGCMD_H

#include "id_sequence.h"

/* The first transmission of an UP waits for the ACK with its ClientID. */
void analysis_msgcmd_open_up(analysis_state *a, const frame *f);
void analysis_msgcmd_ack_up(analysis_state *a, const frame *f);

/* A Push without an id. */
void analysis_msgcmd_push(const frame *f);

/* A Push with an id, which was checked: `first` is its first transmission, NULL for a conflict. */
void analysis_msgcmd_note_push(const frame *f, analysis_record *first);

/* Whether the frame acknowledges the connection's latest Push, by naming no id. */
bool analysis_msgcmd_acks_latest(const frame *f);
void analysis_msgcmd_ack_push(const analysis_state *a, const frame *f);

#endif
