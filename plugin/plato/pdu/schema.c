/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/pdu/schema.h"

#include <plato/schema/plato.pb-c.h>

const ProtobufCMessageDescriptor *plato_head_descriptor(uint32_t msg_type)
{
    static const ProtobufCMessageDescriptor *const heads[] = {
        [PLATO_LOGIN] = &plato__login_head__descriptor,
        [PLATO_HEARTBEAT] = &plato__heartbeat_head__descriptor,
        [PLATO_RECONN] = &plato__reconn_head__descriptor,
        [PLATO_ACK] = &plato__ack_head__descriptor,
        [PLATO_UP] = &plato__up_head__descriptor,
        [PLATO_PUSH] = &plato__push_head__descriptor,
        [PLATO_SYNC] = &plato__sync_head__descriptor,
    };
    return msg_type < array_length(heads) ? heads[msg_type] : NULL;
}

const ProtobufCMessageDescriptor *plato_body_descriptor(uint32_t msg_type)
{
    switch (msg_type) {
    case PLATO_LOGIN:
        return &plato__login_body__descriptor;
    case PLATO_UP:
    case PLATO_PUSH:
        return &plato__chat_message__descriptor;
    default:
        return NULL;
    }
}

const ProtobufCFieldDescriptor *plato_schema_field(const ProtobufCMessageDescriptor *message,
                                                   uint32_t number)
{
    return protobuf_c_message_descriptor_get_field(message, number);
}

plato_wire_type plato_schema_wire_type(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PLATO_WIRE_BYTES;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PLATO_WIRE_FIXED64;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PLATO_WIRE_FIXED32;
    default:
        return PLATO_WIRE_VARINT;
    }
}

bool plato_is_packed(const ProtobufCFieldDescriptor *known, const plato_field *field)
{
    return known->label == PROTOBUF_C_LABEL_REPEATED &&
           plato_schema_wire_type(known) == PLATO_WIRE_VARINT &&
           field->wire_type == PLATO_WIRE_BYTES;
}
