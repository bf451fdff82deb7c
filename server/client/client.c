/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/client.h"

#include "client/compose.h"
#include "client/script.h"
#include "plato/ports.h"

#include <stdio.h>
#include <unistd.h>

void client_warn(struct client *client, const char *why)
{
    if (client->printer.terminal != NULL)
        terminal_hide(client->printer.terminal);
    fprintf(stderr, "plato-client: %s\n", why);
    if (client->printer.terminal != NULL)
        terminal_show(client->printer.terminal);
}

void client_fail(struct client *client, int exit_code, const char *why)
{
    if (why != NULL)
        client_warn(client, why);
    if (client->exit_code == EXIT_OK)
        client->exit_code = exit_code;
    event_base_loopexit(client->base, NULL);
}

void client_put(struct client *client, GBytes *frame)
{
    outbox_put(client->out, frame);
    g_bytes_unref(frame);
}

void client_put_aside(struct client *client, GBytes *frame)
{
    outbox_put_aside(client->out, frame);
    g_bytes_unref(frame);
}

bool client_commit(struct client *client)
{
    const char *why = NULL;
    if (client->broken)
        return false;
    if (client->printer.failed)
        why = "standard output cannot be written to";
    else if (client->deliver != NULL && !deliver_flush(client->deliver, client->state))
        why = "the file of --deliver-to cannot be written to";
    else if (client->state != NULL && !state_commit(client->state))
        why = state_error(client->state);
    if (why == NULL)
        return true;
    client->broken = true;
    client_fail(client, EXIT_STORAGE, why);
    return false;
}

static GBytes *frame_up(const struct client *client, uint64_t session_id, uint64_t client_id,
                        GBytes *body)
{
    const plato_head_up up = {
        .client_id = client_id, .conn_id = client->conn_id, .session_id = session_id};
    return compose_up(&up, body);
}

/* What is sent again was held and cut, if at all, the first time. */
static void send_up(void *user, uint64_t session_id, uint64_t client_id, GBytes *body, bool again)
{
    struct client *client = user;
    g_bytes_ref(body);
    g_clear_pointer(&client->last_up.body, g_bytes_unref);
    client->last_up.session_id = session_id;
    client->last_up.client_id = client_id;
    client->last_up.body = body;
    if (client_commit(client) && client->online_us != 0)
        (again ? client_put_aside : client_put)(client,
                                                frame_up(client, session_id, client_id, body));
}

bool client_say_again(struct client *client)
{
    if (client->last_up.body == NULL)
        return false;
    client->repeats++;
    client_put(client, frame_up(client, client->last_up.session_id, client->last_up.client_id,
                                client->last_up.body));
    return true;
}

/* A row of the state for a message; also where the session stands. */
typedef struct keeper {
    state *state;
    uint64_t session_id;
} keeper;

static void keep(void *user, uint64_t client_id, GBytes *body)
{
    const keeper *k = user;
    state_keep_message(k->state, k->session_id, client_id, body);
    state_set_last_client_id(k->state, k->session_id, client_id);
}

static void keep_renumbered(void *user, uint64_t session_id)
{
    struct client *client = user;
    keeper k = {client->state, session_id};
    if (client->state == NULL)
        return;
    state_drop_messages(client->state, session_id, INT64_MAX);
    upstream_foreach(client->up, session_id, keep, &k);
}

void client_say(struct client *client, Plato__ContentType type, const void *content, size_t n)
{
    keeper k = {client->state, client->session_id};
    GBytes *body = compose_message(client->options->device_id, type, content, n);
    if (client->state != NULL)
        keep(&k, upstream_next_id(client->up, client->session_id), body);
    upstream_say(client->up, client->session_id, body, (uint64_t)g_get_monotonic_time());
    connection_arm_resend(client);
    g_bytes_unref(body);
}

unsigned client_unanswered(const struct client *client)
{
    return upstream_waiting(client->up) + client->repeats;
}

void client_turn_to(struct client *client, uint64_t session_id)
{
    client->session_id = session_id;
    if (client->state != NULL)
        state_set(client->state, STATE_CURRENT, session_id);
    if (client->printer.terminal != NULL) {
        char *prompt = g_strdup_printf("%" G_GUINT64_FORMAT "> ", session_id);
        terminal_set_prompt(client->printer.terminal, prompt);
        g_free(prompt);
    }
}

void client_leave(struct client *client)
{
    if (client->leaving)
        return;
    client->leaving = true;
    client_commit(client);
    if (client->online_us == 0)
        client_fail(client, EXIT_OK, NULL);
    else
        transport_leave(client->transport);
}

static void on_outbox_idle(void *user)
{
    script_go_on(((struct client *)user)->script);
}

static void restore_session(void *user, uint64_t session_id, uint64_t last_answered,
                            uint64_t complete)
{
    struct client *client = user;
    if (complete > 0)
        inbox_restore(client->in, session_id, complete);
    if (last_answered > 0)
        upstream_restore(client->up, session_id, last_answered);
}

static void restore_message(void *user, uint64_t session_id, uint64_t client_id, GBytes *body)
{
    upstream_restore_message(((struct client *)user)->up, session_id, client_id, body);
}

static void restore(struct client *client)
{
    const state_reader reader = {restore_session, restore_message};
    state_read(client->state, &reader, client);
    if (state_has_members(client->state, client->options->session_ids))
        client->conn_id = state_get(client->state, STATE_CONN_ID);
    if (state_get(client->state, STATE_CONN_ID) != 0)
        inbox_resumed(client->in);
}

static bool open_files(struct client *client, char **error)
{
    const client_options *options = client->options;
    client->tls = tls_options_client(&options->tls, PLATO_ALPN, error);
    if (*error != NULL)
        return false;
    if (options->state != NULL &&
        (client->state = state_open(options->state, options->device_id, error)) == NULL)
        return false;
    if (options->deliver_to != NULL &&
        (client->deliver = deliver_open(options->deliver_to, client->state, error)) == NULL)
        return false;
    return true;
}

static bool start(struct client *client)
{
    if (client->state != NULL)
        restore(client);
    client_turn_to(client, client->session_id);
    if (!client_commit(client))
        return false;
    if (connection_start(client))
        return true;
    fprintf(stderr, "plato-client: no connection to %s port %d: --host needs a numeric address\n",
            client->options->host, client->options->port);
    client->exit_code = EXIT_NO_CONNECTION;
    return false;
}

struct client *client_new(const client_options *options, struct event_base *base, int *exit_code)
{
    static const upstream_handler handler = {send_up, keep_renumbered};
    struct client *client = g_new0(struct client, 1);
    char *error = NULL;
    client->options = options;
    client->base = base;
    client->session_id = g_array_index(options->session_ids, uint64_t, 0);
    client->push_acks = g_array_new(FALSE, FALSE, 2 * sizeof(uint64_t));
    client->printer.style = options->json       ? PRINT_JSON
                            : options->terminal ? PRINT_CHAT
                                                : PRINT_LINES;
    client->in = incoming_inbox(client);
    client->holes = incoming_holes(client);
    client->up = upstream_new(options->first_client_id, options->resend ? options->retry_ms : 0,
                              &handler, client);
    client->out = outbox_new(base, options->pause_ms, on_outbox_idle, client);
    if (open_files(client, &error)) {
        connection_set_up(client);
        client->script = script_new(client);
        if (start(client))
            return client;
    } else {
        fprintf(stderr, "plato-client: %s\n", error);
        client->exit_code = EXIT_STORAGE;
    }
    g_free(error);
    *exit_code = client->exit_code;
    client_free(client);
    return NULL;
}

void client_tell_kept(const struct client *client)
{
    const unsigned n = upstream_waiting(client->up);
    if (client->state != NULL && n > 0)
        fprintf(stderr, "plato-client: %u messages without an answer are kept in %s\n", n,
                client->options->state);
}

void client_free(struct client *client)
{
    if (client->script != NULL)
        script_free(client->script);
    if (client->transport != NULL)
        connection_tear_down(client);
    terminal_free(client->printer.terminal);
    outbox_free(client->out);
    upstream_free(client->up);
    holes_free(client->holes);
    inbox_free(client->in);
    deliver_close(client->deliver);
    state_close(client->state);
    tls_client_free(client->tls);
    g_array_unref(client->push_acks);
    g_clear_pointer(&client->last_up.body, g_bytes_unref);
    g_free(client);
}
