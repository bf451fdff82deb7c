/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs in MsgCmd framing: an UP is acknowledged by its ClientID alone; Pushes without an id
 * are distinguished by their content, and acknowledged without any id.
 */
#ifndef PLATO_ANALYSIS_VARIANT_H
#define PLATO_ANALYSIS_VARIANT_H

#include "counter.h"

/* The first transmission of an UP waits for the ACK with its ClientID. */
void variant_open_up(plato_analysis *a, const frame *f);
void variant_ack_up(plato_analysis *a, const frame *f);

/* A Push without an id. */
void variant_push(const frame *f);

/* A Push with an id, which was checked: `first` is its first transmission, NULL for a conflict. */
void variant_note_push(const frame *f, record *first);

/* Whether the frame acknowledges the connection's latest Push, by naming no id. */
bool variant_acks_latest(const frame *f);
void variant_ack_push(const plato_analysis *a, const frame *f);

#endif
