/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has a connection to the server, logged in; and a new one when it is lost. */
#include "client/client.h"
#include "client/compose.h"
#include "client/script.h"

/* After this many HEARTBEATs in a row to which nothing came, the connection counts as lost. */
#define MOST_SILENT_BEATS 3u

/* How long to wait with sending again while frames are held, or still being written. */
#define BUSY_MS 100u

static uint64_t now_us(void)
{
    return (uint64_t)g_get_monotonic_time();
}

static void set_timer(struct event *timer, uint64_t us)
{
    const struct timeval delay = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
    event_add(timer, &delay);
}

static bool try_to_connect(struct client *client)
{
    set_timer(client->greeting, 1000u * (uint64_t)client->options->timeout_ms);
    return transport_connect(client->transport);
}

bool connection_start(struct client *client)
{
    client->offline_us = now_us();
    return try_to_connect(client);
}

static void go_offline(struct client *client)
{
    event_del(client->greeting);
    event_del(client->heartbeat);
    event_del(client->resend);
    event_del(client->ask_again);
    outbox_attach(client->out, NULL);
    holes_reset(client->holes);
    g_array_set_size(client->push_acks, 0);
    client->repeats = 0;
    if (client->online_us == 0)
        return;
    /* Only a connection that lasted resets the waits: the next may be lost at once, too. */
    if (now_us() - client->online_us > 1000u * (uint64_t)client->backoff.wait_ms)
        backoff_reset(&client->backoff);
    client->offline_us = now_us();
    client->online_us = 0;
    script_offline(client->script);
}

static void give_up(struct client *client, const char *why)
{
    char *whole = g_strdup_printf(client->been_online ? "lost %s port %d: %s"
                                                      : "no connection to %s port %d: %s",
                                  client->options->host, client->options->port, why);
    client_fail(client, EXIT_NO_CONNECTION, whole);
    g_free(whole);
}

static void try_later(struct client *client, bool hopeless, const char *why)
{
    const uint64_t patience = 1000000u * (uint64_t)client->options->reconnect_s;
    const unsigned wait = backoff_jitter(backoff_next(&client->backoff));
    const uint64_t end = now_us() - client->offline_us + 1000u * (uint64_t)wait;
    if (hopeless || client->broken || end > patience) {
        give_up(client, why);
        return;
    }
    print_disconnected(&client->printer, why, wait);
    set_timer(client->retry, 1000u * (uint64_t)wait);
}

void connection_drop(struct client *client, bool hopeless, const char *why)
{
    transport_close(client->transport);
    go_offline(client);
    if (client->leaving && client->options->reconnect_s > 0)
        client_fail(client, EXIT_OK,
                    NULL); /* everything has its answer: nothing to come back for */
    else if (client->leaving)
        give_up(client, why);
    else
        try_later(client, hopeless, why);
    script_go_on(client->script);
}

static void on_down(void *user, bool clean, bool hopeless, const char *why)
{
    struct client *client = user;
    if (client->leaving && clean)
        client_fail(client, EXIT_OK, NULL);
    else
        connection_drop(client, hopeless, why);
}

static void on_retry(evutil_socket_t fd, short what, void *user)
{
    struct client *client = user;
    (void)fd;
    (void)what;
    try_to_connect(client);
}

static void on_greeting_late(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    connection_drop(user, false, "the login was not acknowledged in time");
}

static void log_in(struct client *client)
{
    const client_options *options = client->options;
    client_put_aside(client,
                     compose_login(options->device_id, options->session_ids, options->token));
}

static void on_up(void *user)
{
    struct client *client = user;
    outbox_attach(client->out, transport_stream(client->transport));
    if (client->conn_id != 0)
        client_put_aside(client, compose_reconn(client->conn_id));
    else
        log_in(client);
}

/* After a login, the server does not say what came while it did not know us. */
static void recover(struct client *client)
{
    const GArray *ids = client->options->session_ids;
    for (guint i = 0; i < ids->len; i++)
        holes_recover(client->holes, g_array_index(ids, uint64_t, i));
}

static void remember(struct client *client)
{
    if (client->state == NULL)
        return;
    state_set(client->state, STATE_CONN_ID, client->conn_id);
    state_set_members(client->state, client->options->session_ids);
}

static void go_online(struct client *client, bool resumed, uint64_t conn_id)
{
    const client_options *options = client->options;
    event_del(client->greeting);
    client->conn_id = conn_id;
    client->online_us = now_us();
    client->silent_beats = 0;
    if (options->heartbeat_s > 0)
        set_timer(client->heartbeat, 1000000u * (uint64_t)options->heartbeat_s);
    remember(client);
    if (!client_commit(client))
        return;
    print_connected(&client->printer, resumed, conn_id, options->host, options->port,
                    options->tls.tls);
    if (client->been_online)
        inbox_resumed(client->in);
    if (!resumed)
        recover(client);
    client->been_online = true;
    upstream_resume(client->up, now_us());
    connection_arm_resend(client);
    script_start(client->script);
}

/* Refusals that another attempt may not meet. */
static bool may_pass(uint32_t code)
{
    return code == PLATO_ACK_OVERLOADED || code == PLATO_ACK_RATE_LIMITED ||
           code == PLATO_ACK_INTERNAL;
}

void connection_greeted(struct client *client, const plato_head_ack *ack)
{
    if (ack->code == PLATO_ACK_OK && (ack->type == PLATO_LOGIN || ack->type == PLATO_RECONN)) {
        go_online(client, ack->type == PLATO_RECONN, ack->conn_id);
    } else if (ack->type == PLATO_RECONN && ack->code == PLATO_ACK_UNKNOWN_CONN) {
        client->conn_id = 0;
        log_in(client);
    } else if (ack->code != PLATO_ACK_OK) {
        connection_drop(client, !may_pass(ack->code), "the login was refused");
    }
}

static void on_heartbeat(evutil_socket_t fd, short what, void *user)
{
    struct client *client = user;
    (void)fd;
    (void)what;
    if (client->silent_beats >= MOST_SILENT_BEATS) {
        connection_drop(client, false, "nothing has come for too long");
        return;
    }
    client->silent_beats++;
    client_put_aside(client, compose_heartbeat());
}

void connection_arm_resend(struct client *client)
{
    const uint64_t due = upstream_due_us(client->up), now = now_us();
    if (due == 0 || client->online_us == 0)
        event_del(client->resend);
    else
        set_timer(client->resend, due > now ? due - now : 0);
}

static void on_resend(evutil_socket_t fd, short what, void *user)
{
    struct client *client = user;
    (void)fd;
    (void)what;
    if (outbox_is_holding(client->out) || !outbox_is_idle(client->out)) {
        set_timer(client->resend, 1000u * BUSY_MS);
        return;
    }
    upstream_tick(client->up, now_us());
    connection_arm_resend(client);
}

static void on_ask_again(evutil_socket_t fd, short what, void *user)
{
    struct client *client = user;
    (void)fd;
    (void)what;
    holes_ask_again(client->holes);
}

void connection_ask_again_later(struct client *client)
{
    if (!evtimer_pending(client->ask_again, NULL))
        set_timer(client->ask_again, 1000u * (uint64_t)client->options->retry_ms);
}

static void on_frame(void *user, const plato_frame *frame)
{
    incoming_frame(user, frame);
}

static void on_read(void *user)
{
    incoming_done(user);
}

static void on_written(void *user)
{
    outbox_written(((struct client *)user)->out);
}

void connection_set_up(struct client *client)
{
    const client_options *options = client->options;
    const transport_handler handler = {on_up, on_frame, on_read, on_written, on_down};
    const transport_address address = {options->host, options->port, client->tls,
                                       options->tls.server_name};
    client->transport = transport_new(client->base, &address, &handler, client);
    client->retry = evtimer_new(client->base, on_retry, client);
    client->greeting = evtimer_new(client->base, on_greeting_late, client);
    client->heartbeat = event_new(client->base, -1, EV_PERSIST, on_heartbeat, client);
    client->resend = evtimer_new(client->base, on_resend, client);
    client->ask_again = evtimer_new(client->base, on_ask_again, client);
    client->backoff.first_ms = options->retry_ms;
}

void connection_tear_down(struct client *client)
{
    event_free(client->retry);
    event_free(client->greeting);
    event_free(client->heartbeat);
    event_free(client->resend);
    event_free(client->ask_again);
    transport_free(client->transport);
}
