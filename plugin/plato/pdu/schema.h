/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plato's own protobuf messages (proto/plato.proto): which one belongs where, and its fields. */
#ifndef PLATO_SCHEMA_H
#define PLATO_SCHEMA_H

#include "support/compat.h"

#include <plato/plato.h>
#include <protobuf-c/protobuf-c.h>

/* The head of a message type, and the body that it may have; NULL where there is none. */
const ProtobufCMessageDescriptor *plato_head_descriptor(uint32_t msg_type);
const ProtobufCMessageDescriptor *plato_body_descriptor(uint32_t msg_type);

/* NULL if the schema does not know the number. */
const ProtobufCFieldDescriptor *plato_schema_field(const ProtobufCMessageDescriptor *message,
                                                   uint32_t number);

/* How a field is written. */
plato_wire_type plato_schema_wire_type(const ProtobufCFieldDescriptor *field);

/* proto3 packs repeated numbers into one length-delimited field, older writers do not. */
bool plato_is_packed(const ProtobufCFieldDescriptor *known, const plato_field *field);

#endif
