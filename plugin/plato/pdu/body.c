/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a body is: what the user says, JSON, a message of the schema, text, or bytes. */
#include "plato/pdu/body.h"

#include "plato/subdissector.h"
#include "plato/tree/expert.h"
#include "plato/tree/protobuf.h"
#include "user_schema/dissect_user.h"
#include "user_schema/hf_user.h"
#include "user_schema/uat_body_types.h"

#include <plato/json.h>
#include <plato/schema/plato.pb-c.h>
#include <string.h>

/* Numbers of ChatMessage's fields, as in proto/plato.proto. */
enum { CHAT_CONTENT_TYPE = 3, CHAT_CONTENT = 4 };

static int hf_body = -1;
static int hf_text = -1;
static int ett_body = -1;

static bool is_printable(plato_span s)
{
    const char *p = (const char *)s.p;
    const char *end = p + s.n;
    if (!g_utf8_validate_len(p, s.n, NULL))
        return false;
    for (; p < end; p = g_utf8_next_char(p)) {
        const gunichar c = g_utf8_get_char(p);
        /* format characters join emoji and turn the direction of writing */
        if (!g_unichar_isprint(c) && g_unichar_type(c) != G_UNICODE_FORMAT && c != '\t' &&
            c != '\r' && c != '\n')
            return false;
    }
    return true;
}

/* Finds the content of a ChatMessage that is known to parse. */
static void read_chat(plato_span body, body_facts *facts)
{
    plato_wire reader;
    plato_field field;
    facts->content = (plato_span){NULL, 0};
    plato_wire_init(&reader, body.p, body.n, 0);
    while (plato_wire_next(&reader, &field) > 0) {
        if (field.number == CHAT_CONTENT_TYPE && field.wire_type == PLATO_WIRE_VARINT)
            facts->content_type = (uint32_t)field.value; /* as protobuf reads an enumeration */
        if (field.number == CHAT_CONTENT && field.wire_type == PLATO_WIRE_BYTES) {
            facts->content = field.bytes;
            facts->content_offset = field.value_offset;
        }
    }
}

body_facts plato_judge_body(uint32_t msg_type, const message_view *view, bool is_ours,
                            plato_span body, bool complete)
{
    body_facts facts = {BODY_EMPTY, msg_type, view, PLATO_OK, 0, body, 0};
    unsigned known;
    if (!complete)
        facts.kind = BODY_CUT;
    else if (body.n == 0)
        facts.kind = BODY_EMPTY;
    else if (plato_user_type_of(msg_type) != NULL)
        facts.kind = BODY_USER;
    else if (plato_is_json(body))
        facts.kind = BODY_JSON;
    else if (view != NULL && plato_scan_message(view, body.p, body.n, &known) == PLATO_OK &&
             known > 0)
        facts.kind = BODY_MESSAGE;
    else if (is_printable(body))
        facts.kind = BODY_TEXT;
    else
        facts.kind = BODY_BYTES;
    /* the first tag of a LoginBody is a line feed, with which no text begins */
    const bool is_broken =
        facts.kind == BODY_BYTES || (facts.kind == BODY_TEXT && body.p[0] == '\n');
    if (is_broken && is_ours && !plato_has_guest(msg_type)) {
        facts.kind = BODY_MESSAGE;
        facts.message_error = plato_scan_message(view, body.p, body.n, &known);
    }
    if (facts.kind == BODY_MESSAGE && view == plato_chat_view())
        read_chat(body, &facts);
    return facts;
}

static void add_text(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int offset, int length)
{
    const char *text = plato_text_of(pinfo, tvb, offset, length);
    proto_item *item = proto_tree_add_string(tree, hf_text, tvb, offset, length, text);
    proto_item_set_generated(item);
}

static void show_chat_content(const body_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                              proto_tree *tree, int offset)
{
    const int at = offset + (int)facts->content_offset;
    const int length = (int)facts->content.n;
    if (length == 0)
        return;
    if (facts->content_type == PLATO__CONTENT_TYPE__JSON && plato_is_json(facts->content))
        plato_call_json(tvb_new_subset_length(tvb, at, length), pinfo, tree);
    else if (facts->content_type == PLATO__CONTENT_TYPE__TEXT)
        add_text(tvb, pinfo, tree, at, length);
}

/* Our own reading of a user's message where the descriptor set has it, else Wireshark's. */
static void show_user_message(const body_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                              proto_tree *tree, proto_item *item, int offset, int length)
{
    const char *name = plato_user_type_of(facts->msg_type);
    const user_message *message = plato_user_find_message(name);
    plato_set_title(item, "Body: ", name, length);
    if (message != NULL)
        plato_dissect_user_message(message, tvb, pinfo, tree, item, offset, length);
    else
        plato_call_protobuf(name, tvb_new_subset_length(tvb, offset, length), pinfo, tree);
}

void plato_dissect_body(const body_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                        proto_tree *tree, int item_offset, int item_length, int offset, int length)
{
    int error_offset;
    if (length == 0)
        return;
    proto_item *item = proto_tree_add_bytes_with_length(
        tree, hf_body, tvb, item_offset, item_length, tvb_get_ptr(tvb, offset, length), length);
    proto_tree *body = proto_item_add_subtree(item, ett_body);
    if (facts->kind != BODY_CUT && plato_has_guest(facts->msg_type) &&
        plato_call_guest(facts->msg_type, tvb_new_subset_length(tvb, offset, length), pinfo, body))
        return;
    switch (facts->kind) {
    case BODY_MESSAGE:
        plato_set_title(item, "Body: ", facts->view->title, length);
        plato_dissect_message(facts->view, tvb, pinfo, body, offset, length, &error_offset);
        if (facts->message_error != PLATO_OK)
            plato_add_malformed(pinfo, item, facts->message_error, error_offset);
        else if (facts->view == plato_chat_view())
            show_chat_content(facts, tvb, pinfo, body, offset);
        break;
    case BODY_JSON:
        plato_set_title(item, "Body: ", "JSON", length);
        plato_call_json(tvb_new_subset_length(tvb, offset, length), pinfo, body);
        break;
    case BODY_USER:
        show_user_message(facts, tvb, pinfo, body, item, offset, length);
        break;
    case BODY_TEXT:
        plato_set_title(item, "Body: ", "text", length);
        add_text(tvb, pinfo, body, offset, length);
        break;
    default:
        break;
    }
}

void plato_register_body(int proto)
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
