/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TRANSPORT_H
#define PLATO_TRANSPORT_H

#include "support/compat.h"

/* Dissectors for the payload of each transport: as many frames as there are, however they are cut.
 */
int plato_dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);
int plato_dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);
int plato_dissect_websocket(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

#endif
