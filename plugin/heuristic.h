/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_HEURISTIC_H
#define PLATO_HEURISTIC_H

#include "compat.h"

/*
 * A heur_dissector_t for TCP: claims a stream at the first segment that begins with a whole frame
 * whose CRC is right, and dissects that segment. Plato has no magic, so nothing less is proof.
 */
ws_bool plato_heuristic_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

#endif
