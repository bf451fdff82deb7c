/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_ANALYSIS_STORE_H
#define PLATO_ANALYSIS_STORE_H

#include <analysis/analysis.h>

/*
 * What is kept with each frame of the file, 16 bytes. (Wireshark's data of a packet would be five
 * times that.) Frames are added in the order of the first pass and found again by packet and
 * ordinal.
 */
typedef struct stored_pdu {
    const analysis_record *handle; /* NULL: the frame did not enter the analysis */
    uint32_t packet;
    uint32_t identity; /* see store_identity() */
} stored_pdu;

/* Adds a frame, if it is the next one: `ordinal` 0, 1, ... of a packet that is not before the last
 * one. NULL if it is not; otherwise it stays where it is, and is to be filled in. */
stored_pdu *store_add(uint32_t packet, uint32_t ordinal);

/* The ordinal that store_add() takes next for this packet, if it is not before the last one. */
uint32_t store_next_ordinal(uint32_t packet);

/* NULL if there is none. O(log n). */
const stored_pdu *store_find(uint32_t packet, uint32_t ordinal);

/*
 * Which device and conn_id a connection belongs to, as a number. `last` is what was returned last
 * for the same connection, at first 0: an identity is kept once as long as it stays.
 */
uint32_t store_keep_identity(analysis_identity identity, uint32_t last);
analysis_identity store_identity(uint32_t number);

/* Forgets all. */
void store_clear(void);

#endif
