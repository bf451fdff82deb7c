/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/print.h"

#include "plato/arena.h"
#include "plato/schema/plato.pb-c.h"
#include "plato/wire.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#define MOST_SHOWN 60      /* bytes of content in a line for people */
#define ARENA_CAP 33554432 /* bytes: a body of the largest size and its content */

static const char *const content_names[] = {"text", "json", "binary"};

static const char *content_name(int content_type)
{
    return content_type >= 0 && content_type < (int)G_N_ELEMENTS(content_names)
               ? content_names[content_type]
               : "unknown";
}

/* Appends `n` bytes with everything that is not printable ASCII, and the quotes, escaped. */
static void append_quoted(GString *line, const uint8_t *p, size_t n)
{
    g_string_append_c(line, '"');
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '"' || p[i] == '\\')
            g_string_append_printf(line, "\\%c", p[i]);
        else if (p[i] >= 0x20 && p[i] < 0x7f)
            g_string_append_c(line, (char)p[i]);
        else
            g_string_append_printf(line, "\\x%02x", p[i]);
    }
    g_string_append_c(line, '"');
}

/* A JSON string from valid UTF-8. */
static void append_json_string(GString *line, const char *p, size_t n)
{
    g_string_append_c(line, '"');
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)p[i];
        if (c == '"' || c == '\\')
            g_string_append_printf(line, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            g_string_append_printf(line, "\\u%04x", c);
        else
            g_string_append_c(line, (char)c);
    }
    g_string_append_c(line, '"');
}

/* Also text with a NUL in it, at which GLib's own function stops. */
static bool is_utf8(const char *p, size_t n)
{
    const char *end = p + n;
    while (p < end && !g_utf8_validate_len(p, (gsize)(end - p), &p) && *p == '\0')
        p++;
    return p == end;
}

/* "key": "text", or "key_hex": "..." where the bytes are no UTF-8. */
static void append_json_bytes(GString *line, const char *key, const uint8_t *p, size_t n)
{
    if (is_utf8((const char *)p, n)) {
        g_string_append_printf(line, ",\"%s\":", key);
        append_json_string(line, (const char *)p, n);
        return;
    }
    g_string_append_printf(line, ",\"%s_hex\":\"", key);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(line, "%02x", p[i]);
    g_string_append_c(line, '"');
}

static void put_line(GString *line)
{
    puts(line->str);
    fflush(stdout);
    g_string_free(line, TRUE);
}

static void append_message(GString *line, bool json, const Plato__ChatMessage *message)
{
    const char *name = content_name((int)message->content_type);
    const ProtobufCBinaryData *content = &message->content;
    if (json) {
        g_string_append_printf(line,
                               ",\"sender_id\":%" G_GUINT64_FORMAT
                               ",\"sent_at_us\":%" G_GUINT64_FORMAT
                               ",\"content_type\":\"%s\",\"content_len\":%" G_GSIZE_FORMAT,
                               message->sender_id, message->sent_at_us, name, content->len);
        append_json_bytes(line, "content", content->data, content->len);
        return;
    }
    g_string_append_printf(line, " from=%" G_GUINT64_FORMAT " %s %" G_GSIZE_FORMAT " ",
                           message->sender_id, name, content->len);
    append_quoted(line, content->data, MIN(content->len, MOST_SHOWN));
    if (content->len > MOST_SHOWN)
        g_string_append(line, "...");
}

/* protobuf-c takes much that is no good message: our own reader goes over it first. */
static bool is_well_formed(plato_span body)
{
    plato_wire reader;
    plato_field field;
    int rc;
    plato_wire_init(&reader, body.p, body.n, 0);
    while ((rc = plato_wire_next(&reader, &field)) > 0)
        ;
    return rc == 0;
}

void print_push(bool json, uint64_t session_id, uint64_t msg_id, plato_span body)
{
    plato_arena *arena = NULL;
    Plato__ChatMessage *message = NULL;
    GString *line = g_string_new(NULL);
    g_string_printf(line,
                    json ? "{\"event\":\"push\",\"session_id\":%" G_GUINT64_FORMAT
                           ",\"msg_id\":%" G_GUINT64_FORMAT
                         : "push session_id=%" G_GUINT64_FORMAT " msg_id=%" G_GUINT64_FORMAT,
                    session_id, msg_id);
    if (is_well_formed(body) && plato_arena_new(ARENA_CAP, NULL, &arena) == PLATO_OK)
        message = plato__chat_message__unpack(plato_arena_allocator(arena), body.n, body.p);
    if (message != NULL)
        append_message(line, json, message);
    else
        g_string_append_printf(line,
                               json ? ",\"body_len\":%" G_GSIZE_FORMAT
                                    : " body of %" G_GSIZE_FORMAT " bytes, no ChatMessage",
                               body.n);
    if (json)
        g_string_append_c(line, '}');
    plato_arena_free(arena);
    put_line(line);
}

void print_lost(bool json, uint64_t session_id, uint64_t first, uint64_t last)
{
    GString *line = g_string_new(NULL);
    g_string_printf(line,
                    json ? "{\"event\":\"lost\",\"session_id\":%" G_GUINT64_FORMAT
                           ",\"first_msg_id\":%" G_GUINT64_FORMAT
                           ",\"last_msg_id\":%" G_GUINT64_FORMAT "}"
                         : "lost session_id=%" G_GUINT64_FORMAT " msg_id=%" G_GUINT64_FORMAT
                           " to %" G_GUINT64_FORMAT,
                    session_id, first, last);
    put_line(line);
}

/* The ids of an ACK that are there; an absent one is 0. */
static void append_ids(GString *line, bool json, const plato_head_ack *ack)
{
    const struct {
        const char *name;
        uint64_t id;
    } rows[] = {
        {"conn_id", ack->conn_id},
        {"session_id", ack->session_id},
        {"client_id", ack->client_id},
        {"msg_id", ack->msg_id},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].id != 0)
            g_string_append_printf(line,
                                   json ? ",\"%s\":%" G_GUINT64_FORMAT : " %s=%" G_GUINT64_FORMAT,
                                   rows[i].name, rows[i].id);
    }
}

void print_ack(bool json, const plato_head_ack *ack)
{
    const char *type = plato_msg_type_name(ack->type), *code = plato_ack_code_name(ack->code);
    GString *line = g_string_new(NULL);
    g_string_printf(line,
                    json ? "{\"event\":\"ack\",\"type\":\"%s\",\"code\":%u,\"code_name\":\"%s\""
                         : "ack type=%s code=%u %s",
                    type != NULL ? type : "unknown", ack->code, code != NULL ? code : "unknown");
    append_ids(line, json, ack);
    if (json) {
        append_json_bytes(line, "msg", ack->msg.p, ack->msg.n);
        g_string_append_c(line, '}');
    } else if (ack->msg.n > 0) {
        g_string_append_c(line, ' ');
        append_quoted(line, ack->msg.p, ack->msg.n);
    }
    put_line(line);
}
