/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TREE_USER_H
#define PLATO_TREE_USER_H

#include "user_schema/descriptor_set.h"

/*
 * Shows tvb bytes [offset, offset + length), all captured, as a message of the user's descriptor
 * set. Every item covers its field's own bytes, tag included. What does not fit the message is
 * `plato.user.mismatch` at `item`, and never the frame's fault: bodies are the application's.
 */
void plato_dissect_user_message(const user_message *message, tvbuff_t *tvb, packet_info *pinfo,
                                proto_tree *tree, proto_item *item, int offset, int length);

void plato_register_tree_user(void);

#endif
