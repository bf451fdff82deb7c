/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a body is: JSON, a message of the schema, text, or bytes. */
#include "body.h"

#include "expert.h"
#include "message.h"

#include <plato/schema/plato.pb-c.h>
#include <string.h>
#include <wsutil/wsjson.h>

/* Numbers of ChatMessage's fields, as in proto/plato.proto. */
enum { CHAT_CONTENT_TYPE = 3, CHAT_CONTENT = 4 };

static int hf_body = -1;
static int hf_text = -1;
static int ett_body = -1;
static dissector_handle_t json_handle;

static bool is_json(plato_span s)
{
    return s.n > 0 && (s.p[0] == '{' || s.p[0] == '[') && json_validate(s.p, s.n);
}

static bool is_printable(plato_span s)
{
    const char *p = (const char *)s.p;
    const char *end = p + s.n;
    if (!g_utf8_validate_len(p, s.n, NULL))
        return false;
    for (; p < end; p = g_utf8_next_char(p)) {
        const gunichar c = g_utf8_get_char(p);
        if (!g_unichar_isprint(c) && c != '\t' && c != '\r' && c != '\n')
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
            facts->content_type = field.value;
        if (field.number == CHAT_CONTENT && field.wire_type == PLATO_WIRE_BYTES) {
            facts->content = field.bytes;
            facts->content_offset = field.value_offset;
        }
    }
}

body_facts plato_judge_body(uint32_t msg_type, plato_span body, bool complete)
{
    const message_view *view = plato_body_view(msg_type);
    body_facts facts = {BODY_EMPTY, PLATO_OK, 0, body, 0};
    unsigned known;
    if (!complete)
        facts.kind = BODY_CUT;
    else if (body.n == 0)
        facts.kind = BODY_EMPTY;
    else if (is_json(body))
        facts.kind = BODY_JSON;
    else if (view != NULL && plato_scan_message(view, body.p, body.n, &known) == PLATO_OK &&
             known > 0)
        facts.kind = BODY_MESSAGE;
    else if (is_printable(body))
        facts.kind = BODY_TEXT;
    else
        facts.kind = BODY_BYTES;
    /* the application chooses what UP and PUSH carry, but a LOGIN's body is Plato's own */
    if (facts.kind == BODY_BYTES && msg_type == PLATO_LOGIN) {
        facts.kind = BODY_MESSAGE;
        facts.message_error = plato_scan_message(view, body.p, body.n, &known);
    }
    if (facts.kind == BODY_MESSAGE && view == plato_chat_view())
        read_chat(body, &facts);
    return facts;
}

static void add_text(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int offset, int length)
{
    const uint8_t *text = tvb_get_string_enc(pinfo->pool, tvb, offset, length, ENC_UTF_8 | ENC_NA);
    proto_item *item =
        proto_tree_add_string(tree, hf_text, tvb, offset, length, (const char *)text);
    proto_item_set_generated(item);
}

/* The info column is ours: the JSON dissector must not write its own words into it. */
static void call_json(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int offset, int length)
{
    if (json_handle == NULL || length == 0)
        return;
    col_set_writable(pinfo->cinfo, -1, FALSE);
    call_dissector(json_handle, tvb_new_subset_length(tvb, offset, length), pinfo, tree);
    col_set_writable(pinfo->cinfo, -1, TRUE);
}

static void show_chat_content(const body_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                              proto_tree *tree, int offset)
{
    const int at = offset + (int)facts->content_offset;
    const int length = (int)facts->content.n;
    if (length == 0)
        return;
    if (facts->content_type == PLATO__CONTENT_TYPE__JSON && is_json(facts->content))
        call_json(tvb, pinfo, tree, at, length);
    else if (facts->content_type == PLATO__CONTENT_TYPE__TEXT)
        add_text(tvb, pinfo, tree, at, length);
}

void plato_dissect_body(const body_facts *facts, uint32_t msg_type, tvbuff_t *tvb,
                        packet_info *pinfo, proto_tree *tree, int offset, int length)
{
    const message_view *view = plato_body_view(msg_type);
    int error_offset;
    if (length == 0)
        return;
    proto_item *item = proto_tree_add_item(tree, hf_body, tvb, offset, length, ENC_NA);
    proto_tree *body = proto_item_add_subtree(item, ett_body);
    switch (facts->kind) {
    case BODY_MESSAGE:
        proto_item_set_text(item, "Body: %s (%d bytes)", view->title, length);
        plato_dissect_message(view, tvb, pinfo, body, offset, length, &error_offset);
        if (facts->message_error != PLATO_OK)
            plato_add_malformed(pinfo, item, facts->message_error, error_offset);
        else if (view == plato_chat_view())
            show_chat_content(facts, tvb, pinfo, body, offset);
        break;
    case BODY_JSON:
        proto_item_set_text(item, "Body: JSON (%d bytes)", length);
        call_json(tvb, pinfo, body, offset, length);
        break;
    case BODY_TEXT:
        proto_item_set_text(item, "Body: text (%d bytes)", length);
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

void plato_handoff_body(void)
{
    json_handle = find_dissector("json");
}
