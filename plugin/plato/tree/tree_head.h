/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame's head (its variable header) in the tree, wherever the framing has it. */
#ifndef PLATO_TREE_HEAD_H
#define PLATO_TREE_HEAD_H

#include "plato/pdu/pdu_info.h"

/*
 * Shows a head below `tree`: its fields are in tvb bytes [offset, offset + length), its item covers
 * [item_offset, item_offset + item_length). Returns the tree that holds the fields.
 */
proto_tree *plato_dissect_head(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                               proto_tree *tree, int item_offset, int item_length, int offset,
                               int length);

/*
 * Adds to the fields of a head what is not in its bytes: zeros that were left out, at `offset`, or
 * that it is malformed, or that it refuses.
 */
void plato_add_head_findings(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                             proto_tree *fields, int offset);

void plato_register_tree_head(int proto);

#endif
