/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A user's own messages, read from a FileDescriptorSet: what `protoc --descriptor_set_out` writes.
 * Read with the codec's wire reader; every count and depth is bounded, so that a damaged or hostile
 * file costs no more than a good one of its size.
 */
#ifndef PLATO_DESCRIPTOR_SET_H
#define PLATO_DESCRIPTOR_SET_H

#include "support/compat.h"

#include <plato/frame.h>

/* FieldDescriptorProto.Type, by its numbers. */
typedef enum user_type {
    USER_DOUBLE = 1,
    USER_FLOAT,
    USER_INT64,
    USER_UINT64,
    USER_INT32,
    USER_FIXED64,
    USER_FIXED32,
    USER_BOOL,
    USER_STRING,
    USER_GROUP,
    USER_MESSAGE,
    USER_BYTES,
    USER_UINT32,
    USER_ENUM,
    USER_SFIXED32,
    USER_SFIXED64,
    USER_SINT32,
    USER_SINT64,
    USER_TYPE_COUNT,
} user_type;

typedef struct user_enum_value {
    const char *name;
    int32_t number;
} user_enum_value;

typedef struct user_enum {
    const char *full_name;
    wmem_array_t *values; /* of user_enum_value */
} user_enum;

typedef struct user_message user_message;

typedef struct user_field {
    const char *name;
    const char *type_name; /* of a message or enum, ".pkg.Type"; else NULL */
    uint32_t number;
    user_type type;
    bool repeated;
    const user_message *message; /* the type's, NULL if the set does not have it */
    const user_enum *values;     /* likewise */
    int hf;
} user_field;

struct user_message {
    const char *full_name; /* "pkg.Order.Item" */
    const char *path;      /* the same without the package, "Order.Item" */
    user_field *fields;    /* in the order of their numbers */
    unsigned n_fields;
};

typedef struct user_set {
    wmem_allocator_t *pool;  /* holds all of it */
    wmem_array_t *messages;  /* of user_message *, in the order of the file */
    wmem_map_t *by_name;     /* full name -> user_message */
    wmem_map_t *enums;       /* full name -> user_enum */
    unsigned n_fields;       /* of all messages */
    unsigned n_values;       /* of all enums */
    unsigned n_field_values; /* of all enums, counted for each field that uses one */
} user_set;

/* What is wrong with a set, and at which of its bytes. */
typedef struct user_set_error {
    const char *text; /* static */
    size_t offset;
} user_set_error;

/* NULL and `*error`, or a set that the caller frees. It keeps nothing of `bytes`. */
user_set *plato_user_set_read(plato_span bytes, user_set_error *error);

/* NULL is allowed. */
void plato_user_set_free(user_set *set);

/* A message by its full name, and a field of it by its number; NULL if there is none. */
const user_message *plato_user_set_find(const user_set *set, const char *full_name);
const user_field *plato_user_field(const user_message *message, uint32_t number);

#endif
