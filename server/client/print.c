/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/print.h"

#include "plato/arena.h"
#include "plato/schema/plato.pb-c.h"
#include "plato/wire.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#define MOST_SHOWN 60      /* bytes of content in a line for people */
#define MOST_CHAT 4096     /* bytes of content in a line at a terminal */
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

static void put_line(printer *p, GString *line)
{
    if (p->terminal != NULL)
        terminal_hide(p->terminal);
    puts(line->str);
    if (fflush(stdout) != 0 || ferror(stdout))
        p->failed = true;
    if (p->terminal != NULL)
        terminal_show(p->terminal);
    g_string_free(line, TRUE);
}

/* Text for people: what would steer the terminal, and what is no text, is escaped. */
static void append_readable(GString *line, const uint8_t *p, size_t n)
{
    while (n > 0) {
        const gunichar c = g_utf8_get_char_validated((const char *)p, (gssize)n);
        const bool good = c != (gunichar)-1 && c != (gunichar)-2 && g_unichar_isprint(c);
        const size_t size = good ? (size_t)g_unichar_to_utf8(c, NULL) : 1;
        if (good)
            g_string_append_len(line, (const char *)p, (gssize)size);
        else
            g_string_append_printf(line, "\\x%02x", *p);
        p += size;
        n -= size;
    }
}

static void append_lines_message(GString *line, const Plato__ChatMessage *m)
{
    g_string_append_printf(line, " from=%" G_GUINT64_FORMAT " %s %" G_GSIZE_FORMAT " ",
                           m->sender_id, content_name((int)m->content_type), m->content.len);
    append_quoted(line, m->content.data, MIN(m->content.len, MOST_SHOWN));
    if (m->content.len > MOST_SHOWN)
        g_string_append(line, "...");
}

static void append_json_message(GString *line, const Plato__ChatMessage *m)
{
    g_string_append_printf(line,
                           ",\"sender_id\":%" G_GUINT64_FORMAT ",\"sent_at_us\":%" G_GUINT64_FORMAT
                           ",\"content_type\":\"%s\",\"content_len\":%" G_GSIZE_FORMAT,
                           m->sender_id, m->sent_at_us, content_name((int)m->content_type),
                           m->content.len);
    append_json_bytes(line, "content", m->content.data, m->content.len);
}

static void append_chat_message(GString *line, const Plato__ChatMessage *m)
{
    g_string_append_printf(line, " %" G_GUINT64_FORMAT ": ", m->sender_id);
    append_readable(line, m->content.data, MIN(m->content.len, MOST_CHAT));
    if (m->content.len > MOST_CHAT)
        g_string_append_printf(line, "... (%" G_GSIZE_FORMAT " bytes)", m->content.len);
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

/* How each style shows a PUSH: the ids, then the message, or the length of what is none. */
static const struct {
    const char *ids, *no_message;
    void (*append)(GString *line, const Plato__ChatMessage *message);
} push_styles[PRINT_STYLES] = {
    [PRINT_LINES] = {"push session_id=%" G_GUINT64_FORMAT " msg_id=%" G_GUINT64_FORMAT,
                     " body of %" G_GSIZE_FORMAT " bytes, no ChatMessage", append_lines_message},
    [PRINT_JSON] = {"{\"event\":\"push\",\"session_id\":%" G_GUINT64_FORMAT
                    ",\"msg_id\":%" G_GUINT64_FORMAT,
                    ",\"body_len\":%" G_GSIZE_FORMAT, append_json_message},
    [PRINT_CHAT] = {"[%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT "]",
                    " (%" G_GSIZE_FORMAT " bytes, no ChatMessage)", append_chat_message},
};

static GString *format_push(print_style style, uint64_t session_id, uint64_t msg_id,
                            plato_span body)
{
    plato_arena *arena = NULL;
    Plato__ChatMessage *message = NULL;
    GString *line = g_string_new(NULL);
    g_string_printf(line, push_styles[style].ids, session_id, msg_id);
    if (is_well_formed(body) && plato_arena_new(ARENA_CAP, NULL, &arena) == PLATO_OK)
        message = plato__chat_message__unpack(plato_arena_allocator(arena), body.n, body.p);
    if (message != NULL)
        push_styles[style].append(line, message);
    else
        g_string_append_printf(line, push_styles[style].no_message, body.n);
    if (style == PRINT_JSON)
        g_string_append_c(line, '}');
    plato_arena_free(arena);
    return line;
}

GString *print_push_json(uint64_t session_id, uint64_t msg_id, plato_span body)
{
    return format_push(PRINT_JSON, session_id, msg_id, body);
}

void print_push(printer *p, uint64_t session_id, uint64_t msg_id, plato_span body)
{
    put_line(p, format_push(p->style, session_id, msg_id, body));
}

void print_lost(printer *p, uint64_t session_id, uint64_t first, uint64_t last)
{
    static const char *const formats[PRINT_STYLES] = {
        [PRINT_LINES] = "lost session_id=%" G_GUINT64_FORMAT " msg_id=%" G_GUINT64_FORMAT
                        " to %" G_GUINT64_FORMAT,
        [PRINT_JSON] =
            "{\"event\":\"lost\",\"session_id\":%" G_GUINT64_FORMAT
            ",\"first_msg_id\":%" G_GUINT64_FORMAT ",\"last_msg_id\":%" G_GUINT64_FORMAT "}",
        [PRINT_CHAT] = "[%" G_GUINT64_FORMAT "] messages %" G_GUINT64_FORMAT
                       " to %" G_GUINT64_FORMAT " are lost",
    };
    GString *line = g_string_new(NULL);
    g_string_printf(line, formats[p->style], session_id, first, last);
    put_line(p, line);
}

void print_forgotten(printer *p, uint64_t session_id)
{
    static const char *const formats[PRINT_STYLES] = {
        [PRINT_LINES] = "forgotten session_id=%" G_GUINT64_FORMAT,
        [PRINT_JSON] = "{\"event\":\"forgotten\",\"session_id\":%" G_GUINT64_FORMAT "}",
        [PRINT_CHAT] = "[%" G_GUINT64_FORMAT "] the server has forgotten this session",
    };
    GString *line = g_string_new(NULL);
    g_string_printf(line, formats[p->style], session_id);
    put_line(p, line);
}

void print_connected(printer *p, bool resumed, uint64_t conn_id, const char *host, int port,
                     bool tls)
{
    const char *event = resumed ? "resumed" : "connected";
    GString *line = g_string_new(NULL);
    if (p->style == PRINT_JSON)
        g_string_printf(line,
                        "{\"event\":\"%s\",\"conn_id\":%" G_GUINT64_FORMAT
                        ",\"host\":\"%s\",\"port\":%d,\"tls\":%s}",
                        event, conn_id, host, port, tls ? "true" : "false");
    else
        g_string_printf(line, "%s conn_id=%" G_GUINT64_FORMAT " host=%s port=%d%s", event, conn_id,
                        host, port, tls ? " tls" : "");
    put_line(p, line);
}

void print_disconnected(printer *p, const char *why, unsigned retry_ms)
{
    GString *line = g_string_new(NULL);
    if (p->style == PRINT_JSON) {
        g_string_append(line, "{\"event\":\"disconnected\"");
        append_json_bytes(line, "why", (const uint8_t *)why, strlen(why));
        g_string_append_printf(line, ",\"retry_ms\":%u}", retry_ms);
    } else {
        g_string_append_printf(line, "disconnected retry_ms=%u ", retry_ms);
        append_quoted(line, (const uint8_t *)why, strlen(why));
    }
    put_line(p, line);
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

/* Ends the line with what the ACK says. */
static void put_ack(printer *p, GString *line, const plato_head_ack *ack)
{
    const bool json = p->style == PRINT_JSON;
    const char *code = plato_ack_code_name(ack->code);
    g_string_append_printf(line, json ? ",\"code\":%u,\"code_name\":\"%s\"" : " code=%u %s",
                           ack->code, code != NULL ? code : "unknown");
    append_ids(line, json, ack);
    if (json) {
        append_json_bytes(line, "msg", ack->msg.p, ack->msg.n);
        g_string_append_c(line, '}');
    } else if (ack->msg.n > 0) {
        g_string_append_c(line, ' ');
        append_quoted(line, ack->msg.p, ack->msg.n);
    }
    put_line(p, line);
}

/* People see what arrived and what was refused; not that a HEARTBEAT was answered. */
static void print_ack_for_people(printer *p, const plato_head_ack *ack)
{
    if (ack->type != PLATO_UP)
        return;
    GString *line = g_string_new(NULL);
    g_string_printf(line, "[%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT "] delivered",
                    ack->session_id, ack->msg_id);
    put_line(p, line);
}

void print_ack(printer *p, const plato_head_ack *ack)
{
    const char *type = plato_msg_type_name(ack->type);
    if (p->style == PRINT_CHAT && ack->code == PLATO_ACK_OK) {
        print_ack_for_people(p, ack);
        return;
    }
    GString *line = g_string_new(NULL);
    g_string_printf(line,
                    p->style == PRINT_JSON ? "{\"event\":\"ack\",\"type\":\"%s\"" : "ack type=%s",
                    type != NULL ? type : "unknown");
    put_ack(p, line, ack);
}

void print_refused(printer *p, const plato_head_ack *ack, uint64_t client_id)
{
    plato_head_ack about = *ack;
    about.client_id = client_id;
    put_ack(p, g_string_new(p->style == PRINT_JSON ? "{\"event\":\"refused\"" : "refused"), &about);
}
