/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TREE_MSGCMD_H
#define PLATO_TREE_MSGCMD_H

#include "plato/pdu/pdu_info.h"

/* Shows the length of a frame of the MsgCmd framing. */
void plato_dissect_msgcmd_header(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                                 proto_tree *tree);

/* Shows its MsgCmd: type, head and body, under the names that the fixed header has for them. */
void plato_dissect_msgcmd_payload(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                                  proto_tree *tree);

void plato_register_tree_msgcmd(int proto);

#endif
