/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame of the MsgCmd framing in the tree:
 *
 *     offset  size  field
 *          0     4  length       bytes that follow, big-endian
 *          4     length          MsgCmd{ Type = 1, Payload = 2 }
 *
 * Payload of LOGIN, HEARTBEAT, RECONN and UP is { Head = 1, body = 2 }; ACK and PUSH have their
 * fields, and PUSH its content, directly in it. The fields have the numbers of the fixed header's
 * heads, so they are shown under the same names.
 */
#include "plato/tree/tree_msgcmd.h"

#include "plato/tree/expert.h"
#include "plato/tree/protobuf.h"
#include "plato/tree/tree_body.h"
#include "plato/tree/tree_head.h"

/* ConnID = (Unix milliseconds - this) << 16 | counter */
#define CONN_ID_EPOCH_MS 1589923200000u

enum { MSGCMD_TYPE = 1, MSGCMD_PAYLOAD = 2 };
enum { NESTED_HEAD = 1, NESTED_BODY = 2 };

static int hf_len = -1;
static int hf_type = -1;
static int hf_msg_type = -1;
static int hf_conn_created = -1;
static int ett_payload = -1;

typedef struct place {
    const pdu_info *facts;
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    int offset; /* of the message whose fields are read, in tvb */
} place;

static int field_at(const place *at, const plato_field *field)
{
    return at->offset + (int)field->offset;
}

static int field_length(const plato_field *field)
{
    return (int)(field->end - field->offset);
}

/* Connection ids of this implementation hold the time of their making. */
static void add_conn_created(const place *at, uint64_t conn_id)
{
    const uint64_t ms = (conn_id >> 16) + CONN_ID_EPOCH_MS;
    const nstime_t created = {(time_t)(ms / 1000), (int)(ms % 1000) * 1000000};
    if (conn_id >> 16 == 0)
        return;
    proto_item_set_generated(
        proto_tree_add_time(at->tree, hf_conn_created, at->tvb, at->offset, 0, &created));
}

static uint64_t conn_id_of(const plato_head *head)
{
    switch (head->msg_type) {
    case PLATO_RECONN:
        return head->reconn.conn_id;
    case PLATO_ACK:
        return head->ack.conn_id;
    case PLATO_UP:
        return head->up.conn_id;
    default:
        return 0;
    }
}

static void dissect_body_field(const place *at, const plato_field *field)
{
    plato_dissect_body(&at->facts->body, at->tvb, at->pinfo, at->tree, field_at(at, field),
                       field_length(field), at->offset + (int)field->value_offset,
                       (int)field->bytes.n);
}

/* Fields 2 and 3 of PUSH, where they are bytes: its content had number 2 before it got 3. */
static bool is_push_content(const place *at, const plato_field *field)
{
    return at->facts->frame.msg_type == PLATO_PUSH && field->wire_type == PLATO_WIRE_BYTES &&
           (field->number == 2 || field->number == 3);
}

static void dissect_nested(const place *at, const plato_field *field)
{
    if (field->number == NESTED_HEAD && field->wire_type == PLATO_WIRE_BYTES)
        plato_dissect_head(at->facts, at->tvb, at->pinfo, at->tree, field_at(at, field),
                           field_length(field), at->offset + (int)field->value_offset,
                           (int)field->bytes.n);
    else if (field->number == NESTED_BODY && field->wire_type == PLATO_WIRE_BYTES)
        dissect_body_field(at, field);
    else
        plato_dissect_unknown_field(at->tvb, at->pinfo, at->tree, at->offset, field);
}

static void dissect_flat(const place *at, const plato_field *field)
{
    if (is_push_content(at, field))
        dissect_body_field(at, field);
    else
        plato_dissect_field(plato_head_view(at->facts->frame.msg_type), at->tvb, at->pinfo,
                            at->tree, at->offset, field);
}

static void dissect_payload(const place *outer, const plato_field *payload)
{
    const uint32_t type = outer->facts->frame.msg_type;
    const bool flat = type == PLATO_ACK || type == PLATO_PUSH;
    place at = *outer;
    plato_wire reader;
    plato_field field;
    proto_item *item;
    at.tree = proto_tree_add_subtree_format(outer->tree, outer->tvb, field_at(outer, payload),
                                            field_length(payload), ett_payload, &item,
                                            "Payload (%zu bytes)", payload->bytes.n);
    at.offset = outer->offset + (int)payload->value_offset;
    plato_wire_init(&reader, payload->bytes.p, payload->bytes.n, 0);
    while (plato_wire_next(&reader, &field) > 0) {
        if (flat)
            dissect_flat(&at, &field);
        else
            dissect_nested(&at, &field);
    }
    add_conn_created(&at, conn_id_of(&outer->facts->head));
}

void plato_dissect_msgcmd_header(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo _U_,
                                 proto_tree *tree)
{
    proto_tree_add_item(tree, hf_len, tvb, 0, PLATO_LENGTH_PREFIX_LEN, ENC_BIG_ENDIAN);
    if (facts->decoded)
        proto_item_set_generated(
            proto_tree_add_uint(tree, hf_msg_type, tvb, 0, 0, facts->frame.msg_type & 0xff));
}

static void add_type(const place *at, const plato_field *field)
{
    proto_item *item = proto_tree_add_uint(at->tree, hf_type, at->tvb, field_at(at, field),
                                           field_length(field), (uint32_t)field->value);
    if (field->value > PLATO_PUSH)
        expert_add_info(at->pinfo, item, plato_expert(EXPERT_MSG_TYPE));
}

void plato_dissect_msgcmd_payload(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                                  proto_tree *tree)
{
    const place at = {facts, tvb, pinfo, tree, PLATO_LENGTH_PREFIX_LEN};
    const int length = facts->captured - PLATO_LENGTH_PREFIX_LEN;
    plato_wire reader;
    plato_field field;
    plato_wire_init(&reader, tvb_get_ptr(tvb, at.offset, length), (size_t)length, 0);
    while (plato_wire_next(&reader, &field) > 0) {
        if (field.number == MSGCMD_TYPE && field.wire_type == PLATO_WIRE_VARINT)
            add_type(&at, &field);
        else if (field.number == MSGCMD_PAYLOAD && field.wire_type == PLATO_WIRE_BYTES)
            dissect_payload(&at, &field);
        else
            plato_dissect_unknown_field(tvb, pinfo, tree, at.offset, &field);
    }
    plato_add_head_findings(facts, tvb, pinfo, tree, facts->captured);
}

void plato_register_tree_msgcmd(int proto)
{
    static hf_register_info hf[] = {
        {&hf_len, {"Length", "plato.mc.len", FT_UINT32, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_type, {"Type", "plato.mc.type", FT_UINT32, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_msg_type,
         {"Message type", "plato.msg_type", FT_UINT8, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_conn_created,
         {"Connection made at", "plato.mc.conn_created", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL,
          0x0, "The time that the connection id holds", HFILL}},
    };
    static int *ett[] = {&ett_payload};
    hf[1].hfinfo.strings = VALS(plato_msg_type_values());
    hf[2].hfinfo.strings = VALS(plato_msg_type_values());
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
