/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeded random histories. Connections have indices below 16, contents are few. */
#ifndef TESTS_ANALYSIS_GENERATE_H
#define TESTS_ANALYSIS_GENERATE_H

#include "history.h"

/* Devices talk in sessions, lose connections and come back; frames are lost, repeated, swapped. */
void generate_traffic(history *h, uint64_t seed, plato_framing framing);

/*
 * Traffic of the header framing as it was sent, and as it was captured: a piece of one direction
 * came late. LOGIN, RECONN and their ACKs are in their places.
 */
void generate_reordered(history *sent, history *captured, uint64_t seed);

/* Any type with any fields, drawn from few values so that they meet, and from extremes. */
void generate_hostile(history *h, uint64_t seed, plato_framing framing);

/* One hostile event: `wide` draws ids from all 64 bits, and both framings. */
event generate_event(uint64_t *state, bool wide, plato_framing framing, int64_t time_ms);

#endif
