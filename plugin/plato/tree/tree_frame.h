/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_SHOW_H
#define PLATO_SHOW_H

#include "plato/pdu/analysis_feed.h"

/* Shows a frame: info column and tree. `tvb` holds what there is of it and nothing else. */
void plato_show_frame(const frame_facts *facts, const frame_judgement *judgement, tvbuff_t *tvb,
                      packet_info *pinfo, proto_tree *tree);

/* Shows bytes that belong to no frame. */
void plato_show_continuation(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* Shows a WebSocket message that holds nothing but a part of a frame. */
void plato_show_part(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/*
 * Shows a head below `tree`: its fields are in tvb bytes [offset, offset + length), its item covers
 * [item_offset, item_offset + item_length). Returns the tree that holds the fields.
 */
proto_tree *plato_show_head_field(const frame_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                                  proto_tree *tree, int item_offset, int item_length, int offset,
                                  int length);

/*
 * Adds to the fields of a head what its bytes do not say: zeros that were left out, at `offset`, or
 * that it is malformed, or that it refuses.
 */
void plato_show_head_verdict(const frame_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                             proto_tree *fields, int offset);

void plato_register_show(int proto);

#endif
