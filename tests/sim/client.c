/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include "common/encode.h"
#include "plato/wire.h"

#include <string.h>

#define UP_WINDOW 8u
#define HEARTBEAT_MS 5000u
#define LATE_MS 10000u

/* A message that was said and not acknowledged yet. */
typedef struct said {
    uint64_t client_id;
    uint64_t due_ms; /* to be said again */
    uint64_t delay_ms;
} said;

typedef struct session {
    uint64_t id;
    unsigned to_say;
    uint64_t last_client_id;
    GArray *unacked;        /* said, ascending */
    GHashTable *has;        /* msg_ids, own ones included */
    uint64_t seen;          /* all up to here is there */
    uint64_t highest;       /* of those that are there */
    uint64_t sync_until_ms; /* an answer is waited for */
} session;

struct client {
    world *world;
    uint64_t device_id;
    session *sessions;
    unsigned n_sessions;
    struct wire *wire;
    GByteArray *input;
    uint64_t conn_id; /* 0 = none that is any good */
    bool logged_in;
    bool joined;      /* has been logged in once */
    bool login_since; /* a LOGIN went out since conn_id was learned: it may be void */
    uint64_t late_ms; /* until then a greeting on a lost connection may still arrive */
    uint64_t heartbeat_ms;
};

static void wake(world *w, void *what, uint64_t number, GBytes *bytes);

struct client *client_new(world *w, uint64_t device_id, unsigned sessions, unsigned messages)
{
    struct client *client = g_new0(struct client, 1);
    client->world = w;
    client->device_id = device_id;
    client->n_sessions = sessions;
    client->sessions = g_new0(session, sessions);
    client->input = g_byte_array_new();
    for (unsigned i = 0; i < sessions; i++) {
        session *s = &client->sessions[i];
        s->id = 100 + i;
        s->to_say = messages;
        s->unacked = g_array_new(FALSE, FALSE, sizeof(said));
        s->has = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    }
    world_at(w, w->now_ms + world_below(w, 1000), wake, client, 0, NULL);
    return client;
}

void client_free(struct client *client)
{
    for (unsigned i = 0; i < client->n_sessions; i++) {
        g_array_unref(client->sessions[i].unacked);
        g_hash_table_unref(client->sessions[i].has);
    }
    g_free(client->sessions);
    g_byte_array_unref(client->input);
    g_free(client);
}

/* True when it has had the answer to its LOGIN once. */
static bool client_has_joined(const struct client *client)
{
    return client->joined;
}

static void send_frame(struct client *client, const plato_head *head, plato_span body)
{
    wire_to_server(client->wire, encode_frame(head, body));
}

static char *text_of(const struct client *client, const session *s, uint64_t client_id)
{
    return g_strdup_printf("device %" G_GUINT64_FORMAT " session %" G_GUINT64_FORMAT
                           " says %" G_GUINT64_FORMAT,
                           client->device_id, s->id, client_id);
}

static void say(struct client *client, session *s, said *what)
{
    world *w = client->world;
    char *text = text_of(client, s, what->client_id);
    const plato_head head = {.msg_type = PLATO_UP,
                             .up = {.client_id = what->client_id, .session_id = s->id}};
    send_frame(client, &head, (plato_span){(const uint8_t *)text, strlen(text)});
    what->due_ms = w->now_ms + what->delay_ms;
    what->delay_ms = MIN(2 * what->delay_ms, 30000);
    g_free(text);
}

static void say_all_again(struct client *client, session *s)
{
    for (guint i = 0; i < s->unacked->len; i++) {
        said *what = &g_array_index(s->unacked, said, i);
        what->delay_ms = 1000;
        say(client, s, what);
    }
}

static bool everybody_has_joined(const world *w)
{
    for (guint i = 0; i < w->clients->len; i++) {
        if (!client_has_joined(g_ptr_array_index(w->clients, i)))
            return false;
    }
    return true;
}

static void say_new(struct client *client, session *s)
{
    if (s->to_say == 0 || s->unacked->len >= UP_WINDOW)
        return;
    const said what = {++s->last_client_id, 0, 1000};
    s->to_say--;
    g_array_append_val(s->unacked, what);
    say(client, s, &g_array_index(s->unacked, said, s->unacked->len - 1));
}

static void acknowledge(struct client *client, const session *s)
{
    const plato_head head = {.msg_type = PLATO_ACK,
                             .ack = {.type = PLATO_PUSH, .session_id = s->id, .msg_id = s->seen}};
    if (s->seen > 0)
        send_frame(client, &head, (plato_span){NULL, 0});
}

static void ask(struct client *client, session *s)
{
    world *w = client->world;
    uint64_t last = s->seen + 1;
    if (s->highest <= s->seen || w->now_ms < s->sync_until_ms)
        return;
    while (!g_hash_table_contains(s->has, &(uint64_t){last + 1}))
        last++;
    const plato_head head = {.msg_type = PLATO_SYNC, .sync = {s->id, s->seen + 1, last}};
    s->sync_until_ms = w->now_ms + 3000;
    send_frame(client, &head, (plato_span){NULL, 0});
}

static void note(session *s, uint64_t msg_id)
{
    g_hash_table_add(s->has, g_memdup2(&msg_id, sizeof msg_id));
    s->highest = MAX(s->highest, msg_id);
    while (g_hash_table_contains(s->has, &(uint64_t){s->seen + 1}))
        s->seen++;
}

static session *find(struct client *client, uint64_t id)
{
    for (unsigned i = 0; i < client->n_sessions; i++) {
        if (client->sessions[i].id == id)
            return &client->sessions[i];
    }
    world_fail(client->world, "something came of session %" G_GUINT64_FORMAT, id);
    return &client->sessions[0];
}

static void on_push(struct client *client, const plato_head_push *push, plato_span body)
{
    world *w = client->world;
    session *s = find(client, push->session_id);
    char *text = g_strndup((const char *)body.p, body.n);
    char *own = g_strdup_printf("device %" G_GUINT64_FORMAT " ", client->device_id);
    ledger_message(w, s->id, push->msg_id, text);
    if (g_str_has_prefix(text, own))
        world_fail(w, "a PUSH of what the device said itself: %s", text);
    g_free(text);
    g_free(own);
    if (world_mishap(w, 5))
        return; /* overlooked */
    note(s, push->msg_id);
    if (!world_mishap(w, 30))
        acknowledge(client, s);
    if (!world_mishap(w, 30))
        ask(client, s);
}

static void on_up_ack(struct client *client, const plato_head_ack *ack)
{
    world *w = client->world;
    session *s = find(client, ack->session_id);
    if (ack->code == PLATO_ACK_OUT_OF_ORDER) {
        /* Something before it was lost with a connection; it is said again in time. */
        if (s->unacked->len == 0 || ack->client_id < g_array_index(s->unacked, said, 0).client_id ||
            ack->client_id > s->last_client_id + 1)
            world_fail(w, "device %" G_GUINT64_FORMAT " is to say %" G_GUINT64_FORMAT " next",
                       client->device_id, ack->client_id);
        return;
    }
    if (ack->code != PLATO_ACK_OK || ack->client_id == 0 || ack->client_id > s->last_client_id) {
        world_fail(w, "an UP is answered with code %u", ack->code);
        return;
    }
    char *text = text_of(client, s, ack->client_id);
    ledger_message(w, s->id, ack->msg_id, text);
    g_free(text);
    note(s, ack->msg_id);
    for (guint i = 0; i < s->unacked->len; i++) {
        if (g_array_index(s->unacked, said, i).client_id == ack->client_id)
            g_array_remove_index(s->unacked, i);
    }
}

static void welcome(struct client *client, const plato_head_ack *ack)
{
    world *w = client->world;
    ledger_conn_id(w, ack->conn_id);
    if (ack->msg.n > 0)
        world_fail(w, "messages are lost: %.*s", (int)ack->msg.n, (const char *)ack->msg.p);
    client->conn_id = ack->conn_id;
    client->login_since = false;
    client->logged_in = true;
    client->joined = true;
    for (unsigned i = 0; i < client->n_sessions; i++) {
        client->sessions[i].sync_until_ms = 0;
        say_all_again(client, &client->sessions[i]);
    }
}

static void log_in(struct client *client)
{
    const plato_head head = {.msg_type = PLATO_LOGIN, .login = {client->device_id}};
    uint8_t body[64];
    size_t n = 0;
    for (unsigned i = 0; i < client->n_sessions; i++) {
        body[n++] = 3 << 3;
        n += plato_varint_write(client->sessions[i].id, body + n);
    }
    client->login_since = true;
    send_frame(client, &head, (plato_span){body, n});
}

static void come_back(struct client *client)
{
    const plato_head head = {.msg_type = PLATO_RECONN, .reconn = {client->conn_id}};
    client->world->reconnects++;
    send_frame(client, &head, (plato_span){NULL, 0});
}

static void on_ack(struct client *client, const plato_head_ack *ack)
{
    world *w = client->world;
    if (ack->type == PLATO_UP) {
        on_up_ack(client, ack);
    } else if (ack->type == PLATO_SYNC) {
        if (ack->code != PLATO_ACK_OK)
            world_fail(w, "a SYNC is answered with code %u", ack->code);
        find(client, ack->session_id)->sync_until_ms = 0;
    } else if (ack->type == PLATO_RECONN && ack->code == PLATO_ACK_UNKNOWN_CONN) {
        if (!client->login_since && w->now_ms > client->late_ms)
            world_fail(w, "connection %" G_GUINT64_FORMAT " is forgotten", client->conn_id);
        client->conn_id = 0;
        log_in(client);
    } else if (ack->code != PLATO_ACK_OK) {
        world_fail(w, "type %u is answered with code %u", ack->type, ack->code);
    } else if (ack->type != PLATO_HEARTBEAT) {
        welcome(client, ack);
    }
}

static void on_received(void *user, GBytes *bytes)
{
    struct client *client = user;
    gsize n;
    plato_frame frame;
    plato_head head;
    plato_span body;
    const uint8_t *p = g_bytes_get_data(bytes, &n);
    size_t used = 0;
    g_byte_array_append(client->input, p, (guint)n);
    while (client->wire != NULL &&
           plato_frame_parse(PLATO_FRAMING_HEADER, client->input->data + used,
                             client->input->len - used, NULL, &frame) == PLATO_OK) {
        if (plato_head_read_frame(&frame, &head, &body) != PLATO_OK)
            world_fail(client->world, "a frame cannot be read");
        else if (head.msg_type == PLATO_PUSH)
            on_push(client, &head.push, body);
        else if (head.msg_type == PLATO_ACK)
            on_ack(client, &head.ack);
        used += (size_t)plato_frame_total(&frame);
    }
    if (used > 0)
        g_byte_array_remove_range(client->input, 0, (guint)used);
}

static void on_cut_off(void *user)
{
    struct client *client = user;
    if (!client->logged_in)
        client->late_ms = client->world->now_ms + LATE_MS;
    client->wire = NULL;
    client->logged_in = false;
    client->world->cuts++;
    g_byte_array_set_size(client->input, 0);
}

static const holder ends = {on_received, on_cut_off};

static void connect_again(struct client *client)
{
    world *w = client->world;
    client->wire = wire_new(w, &ends, client);
    if (client->wire == NULL)
        return;
    client->heartbeat_ms = w->now_ms + HEARTBEAT_MS;
    if (client->conn_id != 0 && !world_mishap(w, 30))
        come_back(client);
    else
        log_in(client);
}

static void work_on(struct client *client, session *s)
{
    world *w = client->world;
    for (guint i = 0; i < s->unacked->len; i++) {
        said *what = &g_array_index(s->unacked, said, i);
        if (what->due_ms <= w->now_ms)
            say(client, s, what);
    }
    if (everybody_has_joined(w) && world_below(w, 2))
        say_new(client, s);
    ask(client, s);
}

static void wake(world *w, void *what, uint64_t number, GBytes *bytes)
{
    struct client *client = what;
    (void)number;
    (void)bytes;
    if (client->wire == NULL)
        connect_again(client);
    for (unsigned i = 0; client->logged_in && i < client->n_sessions; i++)
        work_on(client, &client->sessions[i]);
    if (client->wire != NULL && client->heartbeat_ms <= w->now_ms) {
        const plato_head head = {.msg_type = PLATO_HEARTBEAT};
        client->heartbeat_ms = w->now_ms + HEARTBEAT_MS;
        if (client->logged_in)
            send_frame(client, &head, (plato_span){NULL, 0});
    }
    world_at(w, w->now_ms + 1 + world_below(w, 700), wake, client, 0, NULL);
}

char *client_lacks(const struct client *client)
{
    for (unsigned i = 0; i < client->n_sessions; i++) {
        const session *s = &client->sessions[i];
        const uint64_t last = ledger_last(client->world, s->id);
        if (s->to_say > 0 || s->unacked->len > 0 || s->seen < last)
            return g_strdup_printf("device %" G_GUINT64_FORMAT " in session %" G_GUINT64_FORMAT
                                   ": %u to be said, %u not acknowledged, has %" G_GUINT64_FORMAT
                                   " of %" G_GUINT64_FORMAT " messages in order",
                                   client->device_id, s->id, s->to_say, s->unacked->len, s->seen,
                                   last);
    }
    return NULL;
}
