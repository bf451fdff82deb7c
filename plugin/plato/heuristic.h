/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_HEURISTIC_H
#define PLATO_HEURISTIC_H

#include "support/compat.h"

/*
 * A heur_dissector_t for TCP: claims a stream at the first segment that begins with a whole frame
 * whose CRC is right, or with the beginning of one whose variable header fits exactly, and dissects
 * that segment. Plato has no magic, so nothing less is proof.
 */
ws_bool plato_heuristic_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/* The same for TLS and for WebSocket messages. */
ws_bool plato_heuristic_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);
ws_bool plato_heuristic_websocket(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/*
 * For the MsgCmd framing over TCP. It has no CRC and looks like many private protocols: off by
 * default.
 */
ws_bool plato_heuristic_msgcmd(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

#endif
