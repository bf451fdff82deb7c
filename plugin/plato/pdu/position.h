/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_POSITION_H
#define PLATO_POSITION_H

#include "support/compat.h"

/*
 * Positions of frames: they grow from frame to frame over the file, and are the same in every pass.
 * The lower 32 bits are the frame's ordinal in its packet.
 */

/* That of the next frame of this packet. */
uint64_t plato_next_position(packet_info *pinfo);

/* The same, and counts the frame: once for each frame and pass. */
uint64_t plato_take_position(packet_info *pinfo);

#endif
