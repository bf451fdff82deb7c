/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields registered from the protobuf descriptors: `plato.<message>.<field>`, where <message> is
 * the descriptor's name in lower case without "Head", "Body" or "Message". A field that is new in
 * proto/plato.proto is new in the dissector.
 */
#ifndef PLATO_HF_SCHEMA_H
#define PLATO_HF_SCHEMA_H

#include "plato/pdu/schema.h"

/* How one protobuf message is shown. */
typedef struct message_view {
    const ProtobufCMessageDescriptor *descriptor;
    const char *title; /* of its subtree, "Login head" */
    int *hf;           /* one per field, in the order of descriptor->fields */
    int ett;
} message_view;

/* The views of a frame type; NULL for an unknown type and for a body without a message. */
const message_view *plato_head_view(uint32_t msg_type);
const message_view *plato_body_view(uint32_t msg_type);
const message_view *plato_chat_view(void);

/* `plato.msg_type` and `plato.ack.code` by name, from the descriptors; NULL-terminated. */
const value_string *plato_msg_type_values(void);
const value_string *plato_ack_code_values(void);

/* The hf of field `number` of a view; -1 if the schema does not know it. */
int plato_field_hf(const message_view *view, uint32_t number);

/*
 * The hf for a number that some senders write as text (the session in the MsgCmd framing:
 * `plato.up.session_name` beside `plato.up.session_id`); -1 for all other fields.
 */
int plato_field_text_hf(const message_view *view, uint32_t number);

void plato_register_hf_schema(int proto);

#endif
