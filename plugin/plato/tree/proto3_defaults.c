/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generated zeros for fields that proto3 left out. */
#include "plato/tree/proto3_defaults.h"

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

void plato_add_defaults(const plato_head *head, const message_view *view, tvbuff_t *tvb,
                        proto_tree *tree, int offset)
{
    const unsigned when = situation(head);
    for (size_t i = 0; i < array_length(rows); i++) {
        if (rows[i].msg_type != head->msg_type || (rows[i].when & when) == 0 ||
            (head->present >> rows[i].number & 1u) != 0)
            continue;
        const int hf = plato_field_hf(view, rows[i].number);
        proto_item *item = proto_registrar_get_ftype(hf) == FT_UINT32
                               ? proto_tree_add_uint(tree, hf, tvb, offset, 0, 0)
                               : proto_tree_add_uint64(tree, hf, tvb, offset, 0, 0);
        proto_item_set_generated(item);
    }
}

bool plato_shows_field(const plato_head *head, uint32_t number)
{
    if ((head->present >> number & 1u) != 0)
        return true;
    const unsigned when = situation(head);
    for (size_t i = 0; i < array_length(rows); i++) {
        if (rows[i].msg_type == head->msg_type && rows[i].number == number)
            return (rows[i].when & when) != 0;
    }
    return false;
}
