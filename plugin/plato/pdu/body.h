/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_BODY_H
#define PLATO_BODY_H

#include "plato/packet-plato.h"
#include "plato/tree/hf_schema.h"

/* What a body turned out to be. Plato does not say, so the user or its bytes have to. */
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
    const message_view *view; /* BODY_MESSAGE: how it is shown */
    int message_error;        /* a login body that is no message: its PLATO_ERR_WIRE_ error */
    uint64_t content_type;    /* BODY_MESSAGE of a chat: Plato__ContentType */
    plato_span content;       /* what a person would want to read; of a chat its content field */
    size_t content_offset;    /* of `content` in the body */
} body_facts;

/*
 * Finds out what a body is. `view` is the message that the schema has for it, NULL for none; with
 * `is_ours` it can be nothing else, and is malformed if it is not (a LOGIN's body is Plato's own,
 * what UP and PUSH carry is the application's), unless the user's table or another dissector
 * claims bodies of `msg_type`. `complete`: all of it was captured.
 */
body_facts plato_judge_body(uint32_t msg_type, const message_view *view, bool is_ours,
                            plato_span body, bool complete);

/*
 * Shows a body below `tree`: its content is tvb bytes [offset, offset + length), its item covers
 * [item_offset, item_offset + item_length).
 */
void plato_dissect_body(const body_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                        proto_tree *tree, int item_offset, int item_length, int offset, int length);

void plato_register_body(int proto);

#endif
