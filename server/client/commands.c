/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/commands.h"

#include "client/compose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A command with what follows its name. Handlers return NULL, or what is wrong. */
typedef struct command {
    struct client *client;
    struct script *script;
    const char *args;
} command;

static const char out_of_range[] = "a number is missing, is none, or is too large";
static const char too_much[] = "something follows that does not belong there";

/* Reads a number and steps past it and the blanks or the comma that follow. */
static bool read_number(const char **text, uint64_t most, uint64_t *value)
{
    char *end;
    if (!g_ascii_isdigit(**text))
        return false;
    errno = 0;
    *value = g_ascii_strtoull(*text, &end, 10);
    *text = end + strspn(end, " ,");
    return errno == 0 && *value <= most;
}

/* Reads the one number that a command takes. */
static const char *read_only(const char *text, uint64_t most, uint64_t *value)
{
    if (!read_number(&text, most, value))
        return out_of_range;
    return *text == '\0' ? NULL : too_much;
}

static const char *read_nothing(const char *text)
{
    return *text == '\0' ? NULL : too_much;
}

static const char *read_offsets(const char *text, GArray *offsets)
{
    while (*text != '\0') {
        uint64_t offset;
        if (!read_number(&text, COMMAND_MOST_SIZE, &offset))
            return out_of_range;
        const gsize value = (gsize)offset;
        g_array_append_val(offsets, value);
    }
    return NULL;
}

static const char *on_to(const command *c)
{
    uint64_t session_id;
    const char *wrong = read_only(c->args, UINT64_MAX, &session_id);
    if (wrong == NULL)
        client_turn_to(c->client, session_id);
    return wrong;
}

static const char *on_json(const command *c)
{
    if (*c->args == '\0')
        return "the JSON to send is missing";
    client_say(c->client, PLATO__CONTENT_TYPE__JSON, c->args, strlen(c->args));
    return NULL;
}

static const char *on_size(const command *c)
{
    uint64_t n;
    const char *wrong = read_only(c->args, COMMAND_MOST_SIZE, &n);
    if (wrong != NULL)
        return wrong;
    char *text = compose_filler((size_t)n);
    client_say(c->client, PLATO__CONTENT_TYPE__TEXT, text, (size_t)n);
    g_free(text);
    return NULL;
}

static const char *on_again(const command *c)
{
    if (!client_say_again(c->client))
        return "nothing was sent that could be sent again";
    return read_nothing(c->args);
}

static const char *on_heartbeat(const command *c)
{
    client_put(c->client, compose_heartbeat());
    return read_nothing(c->args);
}

static const char *on_sync(const command *c)
{
    uint64_t from, to;
    const char *args = c->args;
    if (!read_number(&args, UINT64_MAX, &from) || !read_number(&args, UINT64_MAX, &to))
        return out_of_range;
    if (*args != '\0')
        return too_much;
    holes_note_sync(c->client->holes, c->client->session_id);
    client_put(c->client, compose_sync(c->client->session_id, from, to));
    return NULL;
}

static const char *on_raw(const command *c)
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
    return ok ? NULL : "these are no bytes in hex";
}

static const char *on_cut(const command *c)
{
    GArray *offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
    const char *wrong = read_offsets(c->args, offsets);
    if (wrong == NULL && offsets->len == 0)
        wrong = out_of_range;
    outbox_cut(c->client->out, offsets);
    g_array_unref(offsets);
    return wrong;
}

static const char *on_hold(const command *c)
{
    outbox_hold(c->client->out);
    return read_nothing(c->args);
}

static const char *on_flush(const command *c)
{
    GArray *offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
    const char *wrong = read_offsets(c->args, offsets);
    outbox_flush(c->client->out, offsets);
    g_array_unref(offsets);
    return wrong;
}

static const char *on_expect(const command *c)
{
    uint64_t n, ms = c->client->options->timeout_ms;
    const char *args = c->args;
    if (!read_number(&args, UINT32_MAX, &n) || (*args != '\0' && !read_number(&args, 3600000, &ms)))
        return out_of_range;
    script_expect(c->script, n, (unsigned)ms);
    return read_nothing(args);
}

static const char *on_wait(const command *c)
{
    uint64_t ms;
    const char *wrong = read_only(c->args, 3600000, &ms);
    if (wrong == NULL)
        script_wait(c->script, (unsigned)ms);
    return wrong;
}

static const char *on_quit(const command *c)
{
    if (outbox_is_holding(c->client->out))
        return "frames are held; /flush comes first";
    script_quit(c->script);
    return read_nothing(c->args);
}

static const struct {
    const char *name;
    const char *(*run)(const command *c);
} rows[] = {
    {"/to", on_to},         {"/json", on_json}, {"/size", on_size}, {"/again", on_again},
    {"/sync", on_sync},     {"/raw", on_raw},   {"/cut", on_cut},   {"/hold", on_hold},
    {"/flush", on_flush},   {"/wait", on_wait}, {"/quit", on_quit}, {"/heartbeat", on_heartbeat},
    {"/expect", on_expect},
};

static void fail(struct script *script, const char *typed, const char *wrong)
{
    char *why = g_strdup_printf("'%s': %s; see plato-client --help", typed, wrong);
    script_fail(script, why);
    g_free(why);
}

static void run_named(struct client *client, struct script *script, char *line)
{
    const char *wrong = "there is no such command";
    char *typed = g_strdup(line);
    const size_t n = strcspn(line, " ");
    command c = {client, script, ""};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strlen(rows[i].name) != n || strncmp(line, rows[i].name, n) != 0)
            continue;
        c.args = g_strstrip(line + n);
        wrong = rows[i].run(&c);
        break;
    }
    if (wrong != NULL)
        fail(script, typed, wrong);
    g_free(typed);
}

void command_run(struct client *client, struct script *script, char *line)
{
    if (line[0] == '/' && line[1] != '/') {
        run_named(client, script, line);
    } else if (line[0] != '\0') {
        const char *text = line[0] == '/' ? line + 1 : line;
        client_say(client, PLATO__CONTENT_TYPE__TEXT, text, strlen(text));
    }
}
