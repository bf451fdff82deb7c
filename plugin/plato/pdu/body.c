/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a body is: what the user says, JSON, a message of the schema, text, or bytes. */
#include "plato/pdu/body.h"

#include "user_schema/uat_body_types.h"

#include <plato/json.h>
#include <plato/schema/plato.pb-c.h>
#include <string.h>

/* Numbers of ChatMessage's fields, as in proto/plato.proto. */
enum { CHAT_CONTENT_TYPE = 3, CHAT_CONTENT = 4 };

static dissector_table_t subdissectors; /* by message type */

/* What one reading of a body as a message of the schema finds. */
typedef struct message_scan {
    int error;             /* PLATO_OK, or why it is no message */
    unsigned known_fields; /* how many the schema knows */
    uint64_t content_type; /* of a ChatMessage */
    plato_span content;
    size_t content_offset;
} message_scan;

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

static void note_chat_field(const plato_field *field, message_scan *found)
{
    if (field->number == CHAT_CONTENT_TYPE && field->wire_type == PLATO_WIRE_VARINT)
        found->content_type = (uint32_t)field->value; /* as protobuf reads an enumeration */
    if (field->number == CHAT_CONTENT && field->wire_type == PLATO_WIRE_BYTES) {
        found->content = field->bytes;
        found->content_offset = field->value_offset;
    }
}

static message_scan scan_message(const ProtobufCMessageDescriptor *message, plato_span body)
{
    const bool is_chat = message == &plato__chat_message__descriptor;
    message_scan found = {.error = PLATO_OK};
    plato_wire reader;
    plato_field field;
    plato_wire_init(&reader, body.p, body.n, 0);
    while ((found.error = plato_wire_next(&reader, &field)) > 0) {
        const ProtobufCFieldDescriptor *known = plato_schema_field(message, field.number);
        if (known != NULL &&
            (plato_schema_wire_type(known) == field.wire_type || plato_is_packed(known, &field)))
            found.known_fields++;
        if (is_chat)
            note_chat_field(&field, &found);
    }
    return found;
}

static bool is_message(const message_scan *scan)
{
    return scan->error == PLATO_OK && scan->known_fields > 0;
}

/* By the bytes alone. `scan`: of a body that the schema has a message for, else NULL. */
static body_kind kind_by_content(plato_span body, const message_scan *scan)
{
    if (scan != NULL && is_message(scan))
        return BODY_MESSAGE;
    return is_printable(body) ? BODY_TEXT : BODY_BYTES;
}

static void set_chat_content(body_facts *facts, const message_scan *scan)
{
    facts->content_type = scan->content_type;
    facts->content = scan->content;
    facts->content_offset = scan->content_offset;
    facts->content_is_json =
        scan->content_type == PLATO__CONTENT_TYPE__JSON && plato_is_json(scan->content);
}

/* A body that is neither the user's nor JSON. */
static void examine_content(body_facts *facts, const ProtobufCMessageDescriptor *message,
                            bool is_ours, plato_span body)
{
    message_scan scan = {.error = PLATO_OK};
    if (message != NULL)
        scan = scan_message(message, body);
    facts->kind = kind_by_content(body, message != NULL ? &scan : NULL);
    /* the first tag of a LoginBody is a line feed, with which no text begins */
    const bool is_broken =
        facts->kind == BODY_BYTES || (facts->kind == BODY_TEXT && body.p[0] == '\n');
    if (message != NULL && is_broken && is_ours && !facts->has_subdissector) {
        facts->kind = BODY_MESSAGE;
        facts->message_error = scan.error;
    }
    if (facts->kind == BODY_MESSAGE && message == &plato__chat_message__descriptor)
        set_chat_content(facts, &scan);
}

body_facts plato_examine_body(uint32_t msg_type, const ProtobufCMessageDescriptor *message,
                              bool is_ours, plato_span body, bool complete)
{
    body_facts facts = {
        .kind = BODY_EMPTY,
        .msg_type = msg_type,
        .user_message = plato_user_type_of(msg_type),
        .has_subdissector = complete && dissector_get_uint_handle(subdissectors, msg_type) != NULL,
        .message_error = PLATO_OK,
        .content = body,
    };
    if (!complete)
        facts.kind = BODY_CUT;
    else if (body.n == 0)
        facts.kind = BODY_EMPTY;
    else if (facts.user_message != NULL)
        facts.kind = BODY_USER;
    else if (plato_is_json(body))
        facts.kind = BODY_JSON;
    else
        examine_content(&facts, message, is_ours, body);
    return facts;
}

void plato_register_body_types(int proto)
{
    subdissectors = register_dissector_table("plato.msg_type", "Plato body by message type", proto,
                                             FT_UINT8, BASE_DEC);
}
