/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_STREAM_H
#define PLATO_STREAM_H

#include "compat.h"

/* A dissector_t for the payload of TCP: as many frames as there are, in any pieces. */
int plato_dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

#endif
