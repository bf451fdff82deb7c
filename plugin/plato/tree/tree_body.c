/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A body in the tree. */
#include "plato/tree/tree_body.h"

#include "plato/tree/expert.h"
#include "plato/tree/protobuf.h"
#include "plato/tree/subdissector.h"
#include "plato/tree/tree_user.h"
#include "user_schema/hf_user.h"

#include <plato/schema/plato.pb-c.h>

static int hf_body = -1;
static int hf_text = -1;
static int ett_body = -1;

static void add_text(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int offset, int length)
{
    const char *text = plato_text_of(pinfo, tvb, offset, length);
    proto_item *item = proto_tree_add_string(tree, hf_text, tvb, offset, length, text);
    proto_item_set_generated(item);
}

static void dissect_chat_content(const body_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                                 proto_tree *tree, int offset)
{
    const int at = offset + (int)facts->content_offset;
    const int length = (int)facts->content.n;
    if (length == 0)
        return;
    if (facts->content_is_json)
        plato_call_json(tvb_new_subset_length(tvb, at, length), pinfo, tree);
    else if (facts->content_type == PLATO__CONTENT_TYPE__TEXT)
        add_text(tvb, pinfo, tree, at, length);
}

/* Our own reading of a user's message where the descriptor set has it, else Wireshark's. */
static void dissect_user_message(const body_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                                 proto_tree *tree, proto_item *item, int offset, int length)
{
    const char *name = facts->user_message;
    const user_message *message = plato_user_find_message(name);
    plato_item_set_title(item, "Body: ", name, length);
    if (message != NULL)
        plato_dissect_user_message(message, tvb, pinfo, tree, item, offset, length);
    else
        plato_call_protobuf(name, tvb_new_subset_length(tvb, offset, length), pinfo, tree);
}

void plato_dissect_body(const body_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                        proto_tree *tree, int item_offset, int item_length, int offset, int length)
{
    const message_view *view = plato_body_view(facts->msg_type);
    int error_offset;
    if (length == 0)
        return;
    proto_item *item = proto_tree_add_bytes_with_length(
        tree, hf_body, tvb, item_offset, item_length, tvb_get_ptr(tvb, offset, length), length);
    proto_tree *body = proto_item_add_subtree(item, ett_body);
    if (facts->has_subdissector &&
        plato_call_subdissector(facts->msg_type, tvb_new_subset_length(tvb, offset, length), pinfo,
                                body))
        return;
    switch (facts->kind) {
    case BODY_MESSAGE:
        plato_item_set_title(item, "Body: ", view->title, length);
        plato_dissect_message(view, tvb, pinfo, body, offset, length, &error_offset);
        if (facts->message_error != PLATO_OK)
            plato_expert_add_malformed(pinfo, item, facts->message_error, error_offset);
        else if (view == plato_chat_view())
            dissect_chat_content(facts, tvb, pinfo, body, offset);
        break;
    case BODY_JSON:
        plato_item_set_title(item, "Body: ", "JSON", length);
        plato_call_json(tvb_new_subset_length(tvb, offset, length), pinfo, body);
        break;
    case BODY_USER:
        dissect_user_message(facts, tvb, pinfo, body, item, offset, length);
        break;
    case BODY_TEXT:
        plato_item_set_title(item, "Body: ", "text", length);
        add_text(tvb, pinfo, body, offset, length);
        break;
    default:
        break;
    }
}

void plato_register_tree_body(int proto)
{
    static hf_register_info hf[] = {
        {&hf_body, {"Body", "plato.body", FT_BYTES, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&hf_text,
         {"Text", "plato.chat.text", FT_STRING, BASE_NONE, NULL, 0x0,
          "Content that can be read as text", HFILL}},
    };
    static int *ett[] = {&ett_body};
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
