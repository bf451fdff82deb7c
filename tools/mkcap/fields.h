/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protobuf messages from named values: names, numbers and types are the schema's (proto/). */
#ifndef PLATO_MKCAP_FIELDS_H
#define PLATO_MKCAP_FIELDS_H

#include "words.h"

#include <protobuf-c/protobuf-c.h>

/* A message under construction. */
typedef struct message message;

message *message_new(void);
void message_free(message *m);
gboolean message_is_empty(const message *m);

/*
 * The field of this name; letters' case and '_' do not count, so device_id finds DeviceID too. NULL
 * if there is none, or no descriptor.
 */
const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *descriptor,
                                           const char *name);

/*
 * Adds the word's value. proto3's rule: zero and empty values are left out. A field given again
 * stands on the wire again. FALSE with `error` set if the value does not fit the field's type.
 */
gboolean message_add(message *m, const ProtobufCFieldDescriptor *field, const word *w,
                     GError **error);

/* The same for a field that the schema does not know: a number is a varint, all else bytes. */
gboolean message_add_unknown(message *m, guint32 number, const word *w, GError **error);

/* For what is no word of the scenario. */
void message_add_varint(message *m, guint32 number, guint64 value);
void message_add_bytes(message *m, guint32 number, const guint8 *p, gsize n);

gboolean message_has(const message *m, guint32 number);

/* The message's bytes, its fields in the order of their numbers. The caller's to unref. */
GByteArray *message_encode(const message *m);

#endif
