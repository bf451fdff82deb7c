/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TREE_BODY_H
#define PLATO_TREE_BODY_H

#include "plato/pdu/body.h"

/*
 * Shows a body below `tree`: its content is tvb bytes [offset, offset + length), its item covers
 * [item_offset, item_offset + item_length).
 */
void plato_dissect_body(const body_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                        proto_tree *tree, int item_offset, int item_length, int offset, int length);

void plato_register_tree_body(int proto);

#endif
