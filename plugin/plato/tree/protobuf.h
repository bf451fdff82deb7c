/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PROTOBUF_H
#define PLATO_PROTOBUF_H

#include "plato/tree/hf_schema.h"

#include <plato/wire.h>

/*
 * Shows the protobuf message that fills tvb bytes [offset, offset + length), all captured, guided
 * by `view` (NULL: nothing is known of it, so every field is an unknown one). Every item covers its
 * field's own bytes, tag included, so the items tile the message. Returns PLATO_OK or the
 * PLATO_ERR_WIRE_ error at which it stopped, with `*error_offset` counted from `offset`.
 */
int plato_dissect_message(const message_view *view, tvbuff_t *tvb, packet_info *pinfo,
                          proto_tree *tree, int offset, int length, int *error_offset);

/*
 * Shows one field of a message that begins at `offset`. PLATO_OK or, for a packed field, the error
 * of its content.
 */
int plato_dissect_field(const message_view *view, tvbuff_t *tvb, packet_info *pinfo,
                        proto_tree *tree, int offset, const plato_field *field);

/* Shows a field as one that the schema does not know. */
void plato_dissect_unknown_field(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int offset,
                                 const plato_field *field);

/* Makes the label of an item that holds a message: its place, its name, its length in bytes. */
void plato_item_set_title(proto_item *item, const char *place, const char *name, int length);

/* A text of the packet, from its pool; what is no UTF-8 is replaced. */
const char *plato_text_of(packet_info *pinfo, tvbuff_t *tvb, int offset, int length);

/* Whether `text` is UTF-8; NUL is one of its characters. */
bool plato_is_utf8(plato_span text);

void plato_register_protobuf(int proto);

#endif
