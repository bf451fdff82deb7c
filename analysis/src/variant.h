/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the length-prefixed variant does its own way: an UP is acknowledged by its ClientID alone,
 * and Pushes without id are told apart by their content, acknowledged without any id.
 */
#ifndef PLATO_ANALYSIS_VARIANT_H
#define PLATO_ANALYSIS_VARIANT_H

#include "counter.h"

/* The first sending of an UP waits for the ACK with its ClientID. */
void variant_open_up(plato_analysis *a, const frame *f);
void variant_ack_up(plato_analysis *a, const frame *f);

/* A Push without id. */
void variant_push(const frame *f);

/* A Push with id, judged by its counter: `first` is its first sending, NULL for a conflict. */
void variant_note_push(const frame *f, record *first);

/* Whether the frame acknowledges the connection's latest Push, whichever that is. */
bool variant_acks_latest(const frame *f);
void variant_ack_push(const plato_analysis *a, const frame *f);

#endif
