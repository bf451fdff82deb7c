/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes from the server. */
#include "client/client.h"
#include "client/compose.h"
#include "client/script.h"

/* Connections that may end by a refusal, without a message being accepted. */
#define MOST_FATAL_ACKS 5u

/* An acknowledgement of a PUSH, and of all before it. */
typedef struct push_ack {
    uint64_t session_id;
    uint64_t msg_id;
} push_ack;

static void acknowledge(struct client *client, uint64_t session_id)
{
    const push_ack ack = {session_id, inbox_complete(client->in, session_id)};
    g_array_append_val(client->push_acks, ack);
}

static void deliver_push(struct client *client, uint64_t session_id, uint64_t msg_id,
                         plato_span body)
{
    GString *line = print_push_json(session_id, msg_id, body);
    deliver_line(client->deliver, line);
    g_string_free(line, TRUE);
}

static void show(void *user, uint64_t session_id, uint64_t msg_id, GBytes *body)
{
    struct client *client = user;
    gsize n;
    if (client->state != NULL)
        state_set_complete(client->state, session_id, msg_id);
    if (body == NULL) /* one's own, which was printed as an ACK */
        return;
    const uint8_t *p = g_bytes_get_data(body, &n);
    const plato_span span = {p, n};
    print_push(&client->printer, session_id, msg_id, span);
    if (client->deliver != NULL)
        deliver_push(client, session_id, msg_id, span);
    client->shown++;
}

static void ask(void *user, uint64_t session_id, uint64_t first, uint64_t last)
{
    client_put_aside(user, compose_sync(session_id, first, last));
}

static void tell_lost(void *user, uint64_t session_id, uint64_t first, uint64_t last)
{
    struct client *client = user;
    print_lost(&client->printer, session_id, first, last);
    if (client->exit_code == EXIT_OK)
        client->exit_code = EXIT_EXPECTATION;
}

static void tell_forgotten(void *user, uint64_t session_id)
{
    struct client *client = user;
    print_forgotten(&client->printer, session_id);
}

inbox *incoming_inbox(struct client *client)
{
    return inbox_new(show, client);
}

holes *incoming_holes(struct client *client)
{
    const holes_handler handler = {ask, tell_lost, tell_forgotten};
    return holes_new(client->in, &handler, client);
}

/* Takes note of a msg_id; asks for what is missing before it. */
static void note(struct client *client, uint64_t session_id, uint64_t msg_id, GBytes *body)
{
    if (inbox_put(client->in, session_id, msg_id, body))
        holes_check(client->holes, session_id);
}

static void on_push(struct client *client, const plato_head *head, plato_span body)
{
    GBytes *copy = g_bytes_new(body.p, body.n);
    note(client, head->push.session_id, head->push.msg_id, copy);
    g_bytes_unref(copy);
    /* A repeat is acknowledged too: our first ACK may be what got lost. */
    acknowledge(client, head->push.session_id);
}

static void refused(struct client *client, const plato_head_ack *ack, uint64_t client_id)
{
    print_refused(&client->printer, ack, client_id);
    if (client->exit_code == EXIT_OK)
        client->exit_code = EXIT_EXPECTATION;
}

static void on_up_ack(struct client *client, const plato_head_ack *ack)
{
    uint64_t client_id;
    const uint64_t now = (uint64_t)g_get_monotonic_time();
    const upstream_verdict verdict = upstream_answered(client->up, ack, now, &client_id);
    if (verdict == UPSTREAM_KNOWN && client->repeats > 0)
        client->repeats--;
    if (verdict == UPSTREAM_DONE)
        client->fatal_acks = 0;
    if (verdict == UPSTREAM_REFUSED)
        refused(client, ack, client_id);
    if (client->state != NULL && (verdict == UPSTREAM_DONE || verdict == UPSTREAM_REFUSED))
        state_drop_messages(client->state, ack->session_id, client_id);
    if (ack->code == PLATO_ACK_OK)
        note(client, ack->session_id, ack->msg_id, NULL);
    connection_arm_resend(client);
}

/*
 * The server is about to close because of what we sent. If a message is to blame, sending it again
 * would end the next connection, too.
 */
static void on_fatal_ack(struct client *client, const plato_head_ack *ack)
{
    plato_head_ack about = *ack;
    uint64_t client_id;
    if (ack->code == PLATO_ACK_TOO_LARGE &&
        upstream_drop_largest(client->up, &about.session_id, &client_id)) {
        refused(client, &about, client_id);
        connection_arm_resend(client);
    } else if (++client->fatal_acks >= MOST_FATAL_ACKS) {
        connection_drop(client, true, "the server refuses what is sent, again and again");
    }
}

static bool is_fatal(uint32_t code)
{
    return code == PLATO_ACK_MALFORMED || code == PLATO_ACK_UNSUPPORTED_VERSION ||
           code == PLATO_ACK_BAD_CRC || code == PLATO_ACK_TOO_LARGE;
}

static void on_sync_ack(struct client *client, const plato_head_ack *ack)
{
    const uint64_t before = inbox_complete(client->in, ack->session_id);
    if (holes_answered(client->holes, ack))
        connection_ask_again_later(client);
    const uint64_t complete = inbox_complete(client->in, ack->session_id);
    if (client->state != NULL && complete != before)
        state_set_complete(client->state, ack->session_id, complete);
    if (complete > before)
        acknowledge(client, ack->session_id);
}

static void on_ack(struct client *client, const plato_head *head, plato_span body)
{
    const plato_head_ack *ack = &head->ack;
    (void)body;
    print_ack(&client->printer, ack);
    if (client->online_us == 0)
        connection_greeted(client, ack);
    else if (is_fatal(ack->code))
        on_fatal_ack(client, ack);
    else if (ack->type == PLATO_UP)
        on_up_ack(client, ack);
    else if (ack->type == PLATO_SYNC)
        on_sync_ack(client, ack);
}

/* The protocol has none in this direction; a server that sends one gets its answer all the same. */
static void on_heartbeat(struct client *client, const plato_head *head, plato_span body)
{
    (void)head;
    (void)body;
    client_put_aside(client, compose_heartbeat_ack());
}

void incoming_frame(struct client *client, const plato_frame *frame)
{
    static void (*const handlers[])(struct client *, const plato_head *, plato_span) = {
        [PLATO_HEARTBEAT] = on_heartbeat,
        [PLATO_ACK] = on_ack,
        [PLATO_PUSH] = on_push,
    };
    plato_head head;
    plato_span body;
    client->silent_beats = 0;
    if (frame->msg_type >= G_N_ELEMENTS(handlers) || handlers[frame->msg_type] == NULL)
        return; /* of a later version: not for us */
    if (plato_head_read_frame(frame, &head, &body) != PLATO_OK)
        connection_drop(client, false, "the server sent a malformed frame");
    else
        handlers[frame->msg_type](client, &head, body);
}

void incoming_done(struct client *client)
{
    const bool safe = client_commit(client);
    for (guint i = 0; safe && i < client->push_acks->len; i++) {
        const push_ack *ack = &g_array_index(client->push_acks, push_ack, i);
        client_put_aside(client, compose_push_ack(ack->session_id, ack->msg_id));
    }
    g_array_set_size(client->push_acks, 0);
    script_go_on(client->script);
}
