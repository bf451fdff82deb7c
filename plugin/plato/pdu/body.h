/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a body is. Plato does not say, so the user or its bytes have to. */
#ifndef PLATO_BODY_H
#define PLATO_BODY_H

#include "plato/pdu/schema.h"

typedef enum body_kind {
    BODY_EMPTY,
    BODY_MESSAGE, /* the protobuf message that belongs to the frame's type */
    BODY_JSON,
    BODY_TEXT,
    BODY_BYTES,
    BODY_CUT,  /* not all of it was captured */
    BODY_USER, /* the message that the user's table says it is */
} body_kind;

typedef struct body_facts {
    body_kind kind;
    uint32_t msg_type;
    const char *user_message; /* its full name, where the user's table has the type; else NULL */
    bool has_subdissector;    /* one is registered in plato.msg_type, and may take the body */
    int message_error;        /* a login body that is no message: its PLATO_ERR_WIRE_ error */
    uint64_t content_type;    /* BODY_MESSAGE of a chat: Plato__ContentType */
    plato_span content;       /* what a person would want to read; of a chat its content field */
    size_t content_offset;    /* of `content` in the body */
    bool content_is_json;     /* BODY_MESSAGE of a chat: of type JSON, and it is */
} body_facts;

/*
 * Finds out what a body is. `message` is what the schema has for it, NULL for none; with `is_ours`
 * it can be nothing else, and is malformed if it is not (a LOGIN's body is Plato's own, what UP and
 * PUSH carry is the application's), unless the user's table or another dissector claims bodies of
 * `msg_type`. `complete`: all of it was captured. The content points into `body`; no copy.
 */
body_facts plato_examine_body(uint32_t msg_type, const ProtobufCMessageDescriptor *message,
                              bool is_ours, plato_span body, bool complete);

/* The table plato.msg_type, where other dissectors register for bodies. */
void plato_register_body_types(int proto);

#endif
