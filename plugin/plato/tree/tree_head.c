/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/tree/tree_head.h"

#include "plato/pdu/pdu_fields.h"
#include "plato/pdu/proto3_defaults.h"
#include "plato/tree/expert.h"
#include "plato/tree/protobuf.h"

static int hf_var_head = -1;
static int hf_known_heads[PLATO_SYNC + 1]; /* the same field, labelled by message type */
static int ett_var_head = -1;

/* Generated zeros for fields that proto3 left out, at `offset`, where they would be. */
static void add_defaults(const plato_head *head, const message_view *view, tvbuff_t *tvb,
                         proto_tree *tree, int offset)
{
    uint32_t fields = plato_default_fields(head);
    for (uint32_t number = 0; fields != 0; number++, fields >>= 1) {
        if ((fields & 1u) == 0)
            continue;
        const int hf = plato_field_hf(view, number);
        proto_item *item = proto_registrar_get_ftype(hf) == FT_UINT32
                               ? proto_tree_add_uint(tree, hf, tvb, offset, 0, 0)
                               : proto_tree_add_uint64(tree, hf, tvb, offset, 0, 0);
        proto_item_set_generated(item);
    }
}

proto_tree *plato_dissect_head(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                               proto_tree *tree, int item_offset, int item_length, int offset,
                               int length)
{
    const message_view *view = plato_head_view(facts->frame.msg_type);
    const int hf = view != NULL ? hf_known_heads[facts->frame.msg_type] : hf_var_head;
    int error_offset;
    if (length == 0)
        return tree;
    proto_item *item = proto_tree_add_bytes_with_length(tree, hf, tvb, item_offset, item_length,
                                                        tvb_get_ptr(tvb, offset, length), length);
    proto_tree *fields = proto_item_add_subtree(item, ett_var_head);
    plato_dissect_message(view, tvb, pinfo, fields, offset, length, &error_offset);
    return fields;
}

void plato_add_head_findings(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                             proto_tree *fields, int offset)
{
    const message_view *view = plato_head_view(facts->frame.msg_type);
    proto_item *item = proto_tree_get_parent(fields);
    if (facts->head_error != PLATO_OK)
        plato_expert_add_malformed(pinfo, item, facts->head_error, (int)facts->head_error_at);
    else if (view != NULL && plato_pdu_head_is_whole(facts))
        add_defaults(&facts->head, view, tvb, fields, offset);
    if (facts->head.msg_type == PLATO_ACK && facts->head.ack.code != PLATO_ACK_OK)
        expert_add_info_format(
            pinfo, item, plato_expert(EXPERT_REFUSED), "Refused: %s",
            val_to_str_const(facts->head.ack.code, plato_ack_code_values(), "unknown code"));
}

/* A text of its own for each item would cost more than the item. */
static void register_known_heads(int proto)
{
    static hf_register_info hf[PLATO_SYNC + 1];
    for (uint32_t type = 0; type <= PLATO_SYNC; type++) {
        const hf_register_info row = {
            &hf_known_heads[type],
            {NULL, "plato.var_head", FT_BYTES, BASE_NONE, NULL, 0x0, NULL, HFILL}};
        hf[type] = row;
        hf[type].hfinfo.name = wmem_strdup_printf(wmem_epan_scope(), "Variable header (%s)",
                                                  plato_head_view(type)->title);
        hf_known_heads[type] = -1;
    }
    proto_register_field_array(proto, hf, array_length(hf));
}

void plato_register_tree_head(int proto)
{
    static hf_register_info hf[] = {
        {&hf_var_head,
         {"Variable header", "plato.var_head", FT_BYTES, BASE_NONE, NULL, 0x0, NULL, HFILL}},
    };
    static int *ett[] = {&ett_var_head};
    proto_register_field_array(proto, hf, array_length(hf));
    register_known_heads(proto);
    proto_register_subtree_array(ett, array_length(ett));
}
