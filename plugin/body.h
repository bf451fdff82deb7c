/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_BODY_H
#define PLATO_BODY_H

#include "fields.h"
#include "packet-plato.h"

/* What a body turned out to be. Plato does not say, so its bytes have to. */
typedef enum body_kind {
    BODY_EMPTY,
    BODY_MESSAGE, /* the protobuf message that belongs to the frame's type */
    BODY_JSON,
    BODY_TEXT,
    BODY_BYTES,
    BODY_CUT, /* not all of it was captured */
} body_kind;

typedef struct body_facts {
    body_kind kind;
    int message_error;     /* a login body that is no message: its PLATO_ERR_WIRE_ error */
    uint64_t content_type; /* BODY_MESSAGE of a chat: Plato__ContentType */
    plato_span content;    /* what a person would want to read; of a chat its content field */
    size_t content_offset; /* of `content` in the body */
} body_facts;

/* Finds out what the body of a frame of `msg_type` is; `complete`: all of it was captured. */
body_facts plato_judge_body(uint32_t msg_type, plato_span body, bool complete);

/* Shows the body, which is tvb bytes [offset, offset + length), below `tree`. */
void plato_dissect_body(const body_facts *facts, uint32_t msg_type, tvbuff_t *tvb,
                        packet_info *pinfo, proto_tree *tree, int offset, int length);

void plato_register_body(int proto);
void plato_handoff_body(void);

#endif
