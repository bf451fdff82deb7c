/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_JUDGED_H
#define PLATO_JUDGED_H

#include <analysis/analysis.h>

/*
 * What is kept with each frame of the file, 16 bytes. (Wireshark's data of a packet would be five
 * times that.) Frames are added in the order of the first pass and found again by packet and
 * ordinal.
 */
typedef struct judged_frame {
    const analysis_record *judged; /* NULL: the frame did not enter the analysis */
    uint32_t packet;
    uint32_t identity; /* see judged_identity() */
} judged_frame;

/* Adds a frame, if it is the next one: `ordinal` 0, 1, ... of a packet that is not behind the last.
 * NULL if it is not; otherwise it stays where it is, and is to be filled in. */
judged_frame *judged_add(uint32_t packet, uint32_t ordinal);

/* NULL if there is none. O(log n). */
const judged_frame *judged_find(uint32_t packet, uint32_t ordinal);

/*
 * Who is behind a connection, as a number. `last` is what was returned last for the same
 * connection, at first 0: an identity is kept once as long as it stays.
 */
uint32_t judged_keep_identity(analysis_identity identity, uint32_t last);
analysis_identity judged_identity(uint32_t number);

/* Forgets all. */
void judged_clear(void);

#endif
