/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/pdu/proto3_defaults.h"

#include "support/compat.h"

/* Which ACKs a row is for. */
enum { ANY = 1, ACK_OF_UP = 2, ACK_OF_PUSH = 4 };

typedef struct default_row {
    plato_msg_type msg_type;
    uint32_t number; /* of the field, as in proto/plato.proto */
    unsigned when;
} default_row;

static const default_row rows[] = {
    {PLATO_ACK, 1, ANY},                     /* code */
    {PLATO_ACK, 3, ANY},                     /* type */
    {PLATO_ACK, 5, ACK_OF_UP},               /* client_id */
    {PLATO_ACK, 6, ACK_OF_UP | ACK_OF_PUSH}, /* session_id */
    {PLATO_ACK, 7, ACK_OF_UP | ACK_OF_PUSH}, /* msg_id */
    {PLATO_UP, 1, ANY},                      /* client_id */
    {PLATO_UP, 3, ANY},                      /* session_id */
    {PLATO_PUSH, 1, ANY},                    /* msg_id */
    {PLATO_PUSH, 2, ANY},                    /* session_id */
    {PLATO_SYNC, 1, ANY},                    /* session_id */
    {PLATO_SYNC, 2, ANY},                    /* from_msg_id */
    {PLATO_SYNC, 3, ANY},                    /* to_msg_id */
};

static unsigned situation(const plato_head *head)
{
    unsigned when = ANY;
    if (head->msg_type != PLATO_ACK)
        return when;
    if (head->ack.type == PLATO_UP && head->ack.code == PLATO_ACK_OK)
        when |= ACK_OF_UP;
    if (head->ack.type == PLATO_PUSH)
        when |= ACK_OF_PUSH;
    return when;
}

uint32_t plato_default_fields(const plato_head *head)
{
    const unsigned when = situation(head);
    uint32_t fields = 0;
    for (size_t i = 0; i < array_length(rows); i++) {
        if (rows[i].msg_type == head->msg_type && (rows[i].when & when) != 0)
            fields |= 1u << rows[i].number;
    }
    return fields & ~head->present;
}
