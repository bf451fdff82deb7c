/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/client.h"

#include "client/compose.h"
#include "client/print.h"
#include "client/script.h"
#include "common/address.h"
#include "plato/head.h"

#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

void client_fail(struct client *client, int exit_code, const char *why)
{
    if (why != NULL)
        fprintf(stderr, "plato-client: %s\n", why);
    if (client->exit_code == EXIT_OK)
        client->exit_code = exit_code;
    event_base_loopexit(client->base, NULL);
}

void client_put(struct client *client, GBytes *frame)
{
    outbox_put(client->out, frame);
    g_bytes_unref(frame);
}

static void put_aside(struct client *client, GBytes *frame)
{
    outbox_put_aside(client->out, frame);
    g_bytes_unref(frame);
}

/* What is sent again was held and cut, if at all, the first time. */
static void send_up(void *user, const plato_head_up *head, Plato__ContentType type, GBytes *content,
                    bool again)
{
    gsize n;
    struct client *client = user;
    plato_head_up up = *head;
    const void *p = g_bytes_get_data(content, &n);
    up.conn_id = client->conn_id;
    g_clear_pointer(&client->last_up, g_bytes_unref);
    client->last_up = compose_up(&up, client->options->device_id, type, p, n);
    client->unacknowledged++;
    (again ? put_aside : client_put)(client, g_bytes_ref(client->last_up));
}

void client_say(struct client *client, Plato__ContentType type, const void *content, size_t n)
{
    GBytes *bytes = g_bytes_new(content, n);
    upstream_say(client->up, client->session_id, type, bytes);
    g_bytes_unref(bytes);
}

void client_leave(struct client *client)
{
    if (client->leaving)
        return;
    client->leaving = true;
    shutdown(bufferevent_getfd(client->stream), SHUT_WR);
}

static void show(void *user, uint64_t session_id, uint64_t msg_id, GBytes *body)
{
    struct client *client = user;
    gsize n;
    if (body == NULL) /* one's own, which was printed as an ACK */
        return;
    const uint8_t *p = g_bytes_get_data(body, &n);
    print_push(client->options->json, session_id, msg_id, (plato_span){p, n});
    client->shown++;
}

static void ask(void *user, uint64_t session_id, uint64_t first, uint64_t last)
{
    put_aside(user, compose_sync(session_id, first, last));
}

static void tell_lost(void *user, uint64_t session_id, uint64_t first, uint64_t last)
{
    struct client *client = user;
    print_lost(client->options->json, session_id, first, last);
    client->exit_code = EXIT_EXPECTATION;
}

/* Takes note of a msg_id; asks for what is missing in front of it. */
static void note(struct client *client, uint64_t session_id, uint64_t msg_id, GBytes *body)
{
    if (inbox_put(client->in, session_id, msg_id, body))
        holes_check(client->holes, session_id);
}

static void acknowledge(struct client *client, uint64_t session_id)
{
    put_aside(client, compose_push_ack(session_id, inbox_complete(client->in, session_id)));
}

static void on_push(struct client *client, const plato_head *head, plato_span body)
{
    GBytes *copy = g_bytes_new(body.p, body.n);
    note(client, head->push.session_id, head->push.msg_id, copy);
    g_bytes_unref(copy);
    /* A repeat is acknowledged too: our first ACK may be what got lost. */
    acknowledge(client, head->push.session_id);
}

static void on_login_ack(struct client *client, const plato_head_ack *ack)
{
    const struct timeval often = {client->options->heartbeat_s, 0};
    if (ack->code != PLATO_ACK_OK) {
        client_fail(client, EXIT_NO_CONNECTION, "the login was refused");
        return;
    }
    client->conn_id = ack->conn_id;
    if (client->options->heartbeat_s > 0)
        event_add(client->heartbeat, &often);
    script_start(client->script);
}

static void on_up_ack(struct client *client, const plato_head_ack *ack)
{
    if (client->unacknowledged > 0)
        client->unacknowledged--;
    if (!upstream_answered(client->up, ack))
        client->exit_code = EXIT_EXPECTATION;
    else if (ack->code == PLATO_ACK_OK)
        note(client, ack->session_id, ack->msg_id, NULL);
}

static void on_sync_ack(struct client *client, const plato_head_ack *ack)
{
    const uint64_t before = inbox_complete(client->in, ack->session_id);
    holes_answered(client->holes, ack);
    if (inbox_complete(client->in, ack->session_id) > before)
        acknowledge(client, ack->session_id);
}

static void on_ack(struct client *client, const plato_head *head, plato_span body)
{
    const plato_head_ack *ack = &head->ack;
    (void)body;
    print_ack(client->options->json, ack);
    if (ack->type == PLATO_LOGIN && client->conn_id == 0)
        on_login_ack(client, ack);
    else if (ack->type == PLATO_UP)
        on_up_ack(client, ack);
    else if (ack->type == PLATO_SYNC)
        on_sync_ack(client, ack);
}

static void handle_frame(struct client *client, const plato_frame *frame)
{
    static void (*const handlers[])(struct client *, const plato_head *, plato_span) = {
        [PLATO_ACK] = on_ack,
        [PLATO_PUSH] = on_push,
    };
    plato_head head;
    plato_span body;
    if (frame->msg_type >= G_N_ELEMENTS(handlers) || handlers[frame->msg_type] == NULL)
        return; /* of a later version: not for us */
    if (plato_head_read_frame(frame, &head, &body) != PLATO_OK)
        client_fail(client, EXIT_NO_CONNECTION, "the server sent a malformed frame");
    else
        handlers[frame->msg_type](client, &head, body);
}

static void on_read(struct bufferevent *stream, void *user)
{
    char why[160];
    plato_event event;
    int rc = 0;
    struct client *client = user;
    struct evbuffer *input = bufferevent_get_input(stream);
    struct evbuffer_iovec piece;
    while (evbuffer_get_length(input) > 0 && evbuffer_peek(input, -1, NULL, &piece, 1) > 0) {
        plato_decoder_input(client->decoder, piece.iov_base, piece.iov_len);
        while ((rc = plato_decoder_next(client->decoder, &event)) > 0)
            handle_frame(client, event.frame);
        evbuffer_drain(input, piece.iov_len);
        if (rc < 0)
            break;
    }
    if (rc < 0)
        client_fail(client, EXIT_NO_CONNECTION,
                    plato_error_format(plato_decoder_error(client->decoder), why, sizeof why));
    script_go_on(client->script);
}

static void on_written(struct bufferevent *stream, void *user)
{
    (void)stream;
    outbox_written(((struct client *)user)->out);
}

static void on_outbox_idle(void *user)
{
    script_go_on(((struct client *)user)->script);
}

static void log_in(struct client *client)
{
    const int on = 1;
    setsockopt(bufferevent_getfd(client->stream), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    put_aside(client, compose_login(client->options->device_id, client->options->session_ids));
}

static void on_event(struct bufferevent *stream, short what, void *user)
{
    struct client *client = user;
    (void)stream;
    if (what & BEV_EVENT_CONNECTED) {
        log_in(client);
    } else if (client->leaving && (what & BEV_EVENT_EOF)) {
        client_fail(client, EXIT_OK, NULL);
    } else {
        char *why = g_strdup_printf(
            client->conn_id == 0 ? "no connection to %s port %d: %s" : "lost %s port %d: %s",
            client->options->host, client->options->port,
            what & BEV_EVENT_EOF ? "the server closed it"
                                 : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
        client_fail(client, EXIT_NO_CONNECTION, why);
        g_free(why);
    }
}

static void on_heartbeat(evutil_socket_t fd, short what, void *user)
{
    struct client *client = user;
    (void)fd;
    (void)what;
    put_aside(client, compose_heartbeat());
}

/* 0, or -1 if the address is not numeric or cannot be tried at all. */
static int start_connecting(struct client *client)
{
    struct sockaddr_storage address;
    const int length = address_make(client->options->host, client->options->port, &address);
    if (length == 0)
        return -1;
    return bufferevent_socket_connect(client->stream, (struct sockaddr *)&address, length);
}

struct client *client_new(const client_options *options, struct event_base *base)
{
    struct client *client = g_new0(struct client, 1);
    client->options = options;
    client->base = base;
    client->session_id = g_array_index(options->session_ids, uint64_t, 0);
    client->stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    client->heartbeat = event_new(base, -1, EV_PERSIST, on_heartbeat, client);
    client->in = inbox_new(show, client);
    client->holes = holes_new(client->in, ask, tell_lost, client);
    client->up = upstream_new(options->first_client_id, send_up, client);
    if (plato_decoder_new(NULL, NULL, &client->decoder) != PLATO_OK)
        g_error("a decoder cannot be made");
    client->out = outbox_new(client->stream, options->pause_ms, on_outbox_idle, client);
    client->script = script_new(client);
    bufferevent_setcb(client->stream, on_read, on_written, on_event, client);
    bufferevent_enable(client->stream, EV_READ | EV_WRITE);
    if (start_connecting(client) == 0)
        return client;
    fprintf(stderr, "plato-client: no connection to %s port %d: --host needs a numeric address\n",
            options->host, options->port);
    client_free(client);
    return NULL;
}

void client_free(struct client *client)
{
    script_free(client->script);
    outbox_free(client->out);
    upstream_free(client->up);
    holes_free(client->holes);
    inbox_free(client->in);
    plato_decoder_free(client->decoder);
    event_free(client->heartbeat);
    bufferevent_free(client->stream);
    g_clear_pointer(&client->last_up, g_bytes_unref);
    g_free(client);
}
