/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/commands.h"

#include "client/compose.h"

#include <stdio.h>
#include <string.h>

#define MOST_SIZE 67108864 /* bytes for /size */

/* A command with what stands behind its name. Handlers return false if that is wrong. */
typedef struct command {
    struct client *client;
    struct script *script;
    const char *args;
} command;

/* Reads a number and steps behind it and the blanks or the comma that follow. */
static bool read_number(const char **text, uint64_t most, uint64_t *value)
{
    char *end;
    if (!g_ascii_isdigit(**text))
        return false;
    *value = g_ascii_strtoull(*text, &end, 10);
    *text = end + strspn(end, " ,");
    return *value <= most;
}

static bool read_offsets(const char *text, GArray *offsets)
{
    while (*text != '\0') {
        uint64_t offset;
        if (!read_number(&text, MOST_SIZE, &offset))
            return false;
        const gsize value = (gsize)offset;
        g_array_append_val(offsets, value);
    }
    return true;
}

static bool on_to(const command *c)
{
    uint64_t session_id;
    const char *args = c->args;
    if (!read_number(&args, UINT64_MAX, &session_id) || *args != '\0')
        return false;
    c->client->session_id = session_id;
    return true;
}

static bool on_json(const command *c)
{
    client_say(c->client, PLATO__CONTENT_TYPE__JSON, c->args, strlen(c->args));
    return *c->args != '\0';
}

static bool on_size(const command *c)
{
    uint64_t n;
    const char *args = c->args;
    if (!read_number(&args, MOST_SIZE, &n) || *args != '\0')
        return false;
    char *text = compose_filler((size_t)n);
    client_say(c->client, PLATO__CONTENT_TYPE__TEXT, text, (size_t)n);
    g_free(text);
    return true;
}

static bool on_again(const command *c)
{
    if (c->client->last_up == NULL)
        return false;
    c->client->unacknowledged++;
    client_put(c->client, g_bytes_ref(c->client->last_up));
    return true;
}

static bool on_heartbeat(const command *c)
{
    client_put(c->client, compose_heartbeat());
    return *c->args == '\0';
}

static bool on_sync(const command *c)
{
    uint64_t from, to;
    const char *args = c->args;
    if (!read_number(&args, UINT64_MAX, &from) || !read_number(&args, UINT64_MAX, &to))
        return false;
    client_put(c->client, compose_sync(c->client->session_id, from, to));
    return true;
}

static bool on_raw(const command *c)
{
    GByteArray *bytes = g_byte_array_new();
    const char *p = c->args;
    while (g_ascii_isxdigit(p[0]) && g_ascii_isxdigit(p[1])) {
        const guint8 byte = (guint8)(g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]));
        g_byte_array_append(bytes, &byte, 1);
        p += 2;
        p += strspn(p, " ");
    }
    const bool ok = *p == '\0' && bytes->len > 0;
    GBytes *frame = g_byte_array_free_to_bytes(bytes);
    if (ok)
        outbox_put(c->client->out, frame);
    g_bytes_unref(frame);
    return ok;
}

static bool on_cut(const command *c)
{
    GArray *offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
    const bool ok = read_offsets(c->args, offsets) && offsets->len > 0;
    outbox_cut(c->client->out, offsets);
    g_array_unref(offsets);
    return ok;
}

static bool on_hold(const command *c)
{
    outbox_hold(c->client->out);
    return *c->args == '\0';
}

static bool on_flush(const command *c)
{
    GArray *offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
    const bool ok = read_offsets(c->args, offsets);
    outbox_flush(c->client->out, offsets);
    g_array_unref(offsets);
    return ok;
}

static bool on_expect(const command *c)
{
    uint64_t n, ms = c->client->options->timeout_ms;
    const char *args = c->args;
    if (!read_number(&args, UINT32_MAX, &n))
        return false;
    if (*args != '\0' && !read_number(&args, 3600000, &ms))
        return false;
    script_expect(c->script, n, (unsigned)ms);
    return *args == '\0';
}

static bool on_wait(const command *c)
{
    uint64_t ms;
    const char *args = c->args;
    if (!read_number(&args, 3600000, &ms) || *args != '\0')
        return false;
    script_wait(c->script, (unsigned)ms);
    return true;
}

static bool on_quit(const command *c)
{
    script_quit(c->script);
    return *c->args == '\0';
}

static const struct {
    const char *name;
    bool (*run)(const command *c);
} rows[] = {
    {"/to", on_to},         {"/json", on_json}, {"/size", on_size}, {"/again", on_again},
    {"/sync", on_sync},     {"/raw", on_raw},   {"/cut", on_cut},   {"/hold", on_hold},
    {"/flush", on_flush},   {"/wait", on_wait}, {"/quit", on_quit}, {"/heartbeat", on_heartbeat},
    {"/expect", on_expect},
};

static bool run_named(struct client *client, struct script *script, char *line)
{
    const size_t n = strcspn(line, " ");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strlen(rows[i].name) != n || strncmp(line, rows[i].name, n) != 0)
            continue;
        const command c = {client, script, g_strstrip(line + n)};
        return rows[i].run(&c);
    }
    return false;
}

void command_run(struct client *client, struct script *script, char *line)
{
    char *typed = g_strdup(line);
    if (line[0] == '/' && line[1] != '/') {
        if (!run_named(client, script, line)) {
            char *why = g_strdup_printf("'%s' is not a command; see plato-client --help", typed);
            client_fail(client, EXIT_USAGE, why);
            script_quit(script);
            g_free(why);
        }
    } else if (line[0] != '\0') {
        const char *text = line[0] == '/' ? line + 1 : line;
        client_say(client, PLATO__CONTENT_TYPE__TEXT, text, strlen(text));
    }
    g_free(typed);
}
