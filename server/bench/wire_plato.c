/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The load speaks Plato. */
#include "bench/load.h"
#include "bench/message.h"
#include "common/encode.h"
#include "plato/decoder.h"
#include "plato/head.h"
#include "plato/schema/plato.pb-c.h"
#include "plato/wire.h"

typedef struct plato_state {
    plato_decoder *decoder;
    uint64_t conn_id;  /* of the last login; 0 = there is none to go on from */
    uint64_t epoch_ns; /* to be added to load_now_ns() for the time since 1970 */
    uint8_t *message;  /* room for one, as it is sent */
    uint8_t *packed;   /* and for the ChatMessage around it */
} plato_state;

#define AROUND_A_MESSAGE 64u /* bytes of a ChatMessage besides its content, at most */

static void init(device *d)
{
    plato_state *state = g_new0(plato_state, 1);
    state->epoch_ns = (uint64_t)g_get_real_time() * 1000 - load_now_ns();
    if (plato_decoder_new(NULL, NULL, &state->decoder) != PLATO_OK)
        g_error("a decoder cannot be made");
    if (d->sends) {
        state->message = g_malloc((gsize)d->load->options->size);
        state->packed = g_malloc((gsize)d->load->options->size + AROUND_A_MESSAGE);
    }
    d->wire = state;
}

static void clear(device *d)
{
    plato_state *state = d->wire;
    plato_decoder_free(state->decoder);
    g_free(state->message);
    g_free(state->packed);
    g_free(state);
}

static void put(device *d, const plato_head *head, plato_span body)
{
    gsize n;
    GBytes *frame = encode_frame(head, body);
    const void *p = g_bytes_get_data(frame, &n);
    stream_put(d->stream, p, n);
    g_bytes_unref(frame);
}

static void put_head(device *d, const plato_head *head)
{
    put(d, head, (plato_span){NULL, 0});
}

static void log_in(device *d)
{
    const plato_head head = {.msg_type = PLATO_LOGIN, .login = {.device_id = d->device_id}};
    Plato__LoginBody body = PLATO__LOGIN_BODY__INIT;
    uint64_t session_id = d->session_id;
    if (d->load->options->token != NULL)
        body.token = d->load->options->token;
    body.client_version = (char *)"plato-bench " PLATO_PROGRAM_VERSION;
    body.n_session_ids = 1;
    body.session_ids = &session_id;
    const size_t n = plato__login_body__get_packed_size(&body);
    uint8_t *packed = g_malloc(n);
    plato__login_body__pack(&body, packed);
    put(d, &head, (plato_span){packed, n});
    g_free(packed);
}

static void greet(device *d)
{
    const plato_state *state = d->wire;
    const plato_head reconn = {.msg_type = PLATO_RECONN, .reconn = {.conn_id = state->conn_id}};
    if (state->conn_id != 0)
        put_head(d, &reconn);
    else
        log_in(d);
}

static void say(device *d, uint64_t number, uint64_t due_ns)
{
    const plato_state *state = d->wire;
    const size_t n = (size_t)d->load->options->size;
    const plato_head head = {.msg_type = PLATO_UP,
                             .up = {.client_id = number - d->forgotten,
                                    .conn_id = state->conn_id,
                                    .session_id = d->session_id}};
    const stamp s = {number, due_ns, d->place};
    Plato__ChatMessage chat = PLATO__CHAT_MESSAGE__INIT;
    message_write(state->message, n, &s);
    chat.sender_id = d->device_id;
    chat.sent_at_us = (due_ns + state->epoch_ns) / 1000; /* the same when it is sent again */
    chat.content_type = PLATO__CONTENT_TYPE__BINARY;
    chat.content = (ProtobufCBinaryData){n, state->message};
    put(d, &head, (plato_span){state->packed, plato__chat_message__pack(&chat, state->packed)});
}

static void confirm(device *d)
{
    const plato_head head = {
        .msg_type = PLATO_ACK,
        .ack = {.type = PLATO_PUSH, .session_id = d->session_id, .msg_id = d->complete}};
    put_head(d, &head);
}

static void ask(device *d, uint64_t first_id, uint64_t last_id)
{
    const plato_head head = {.msg_type = PLATO_SYNC, .sync = {d->session_id, first_id, last_id}};
    put_head(d, &head);
}

static void heartbeat(device *d)
{
    const plato_head head = {.msg_type = PLATO_HEARTBEAT};
    put_head(d, &head);
}

static void lost(device *d)
{
    plato_decoder_reset(((plato_state *)d->wire)->decoder, 0);
}

/* A refused RECONN is followed by a LOGIN on the same connection. */
static void on_login_ack(device *d, const plato_head_ack *ack)
{
    plato_state *state = d->wire;
    if (ack->code == PLATO_ACK_OK && !d->logged_in) {
        state->conn_id = ack->conn_id;
        device_logged_in(d, ack->type == PLATO_LOGIN);
    } else if (ack->type == PLATO_RECONN) {
        state->conn_id = 0;
        log_in(d);
        stream_flush(d->stream);
    } else {
        device_refused(d, ack->code, 0);
        device_drop(d);
    }
}

static void on_ack(device *d, const plato_head_ack *ack)
{
    if (ack->type == PLATO_LOGIN || ack->type == PLATO_RECONN)
        on_login_ack(d, ack);
    else if (ack->type == PLATO_UP && ack->code == PLATO_ACK_OK)
        device_acknowledged(d, ack->client_id + d->forgotten, ack->msg_id);
    else if (ack->type == PLATO_SYNC && ack->code == PLATO_ACK_INTERNAL)
        device_missed(d, ack->msg_id); /* docs/server.md: no longer kept */
    else if (ack->code != PLATO_ACK_OK)
        device_refused(d, ack->code, ack->client_id);
}

static plato_span content_of(plato_span body)
{
    plato_wire reader;
    plato_field field;
    plato_span content = {NULL, 0};
    plato_wire_init(&reader, body.p, body.n, 0);
    while (plato_wire_next(&reader, &field) > 0)
        if (field.number == 4 && field.wire_type == PLATO_WIRE_BYTES)
            content = field.bytes;
    return content;
}

/* False if it cannot be read. */
static bool on_frame(device *d, const plato_frame *frame)
{
    plato_head head;
    plato_span body;
    if (plato_head_read_frame(frame, &head, &body) != PLATO_OK)
        return false;
    if (head.msg_type == PLATO_ACK)
        on_ack(d, &head.ack);
    else if (head.msg_type == PLATO_PUSH && head.push.session_id == d->session_id &&
             head.push.msg_id != 0)
        device_got(d, head.push.msg_id, content_of(body));
    else if (head.msg_type == PLATO_PUSH)
        d->load->counts.misnumbered++;
    return true;
}

static void bytes(device *d, const uint8_t *p, size_t n)
{
    plato_event event;
    plato_decoder *decoder = ((plato_state *)d->wire)->decoder;
    int rc;
    plato_decoder_input(decoder, p, n);
    while ((rc = plato_decoder_next(decoder, &event)) > 0) {
        if (!on_frame(d, event.frame))
            rc = -1;
        if (rc < 0 || d->stream == NULL) /* dropped: the decoder was reset */
            break;
    }
    if (rc < 0 && d->stream != NULL) {
        d->load->counts.broken++;
        device_drop(d);
    }
}

const wire wire_plato = {.name = "plato",
                         .init = init,
                         .clear = clear,
                         .greet = greet,
                         .bytes = bytes,
                         .say = say,
                         .confirm = confirm,
                         .ask = ask,
                         .heartbeat = heartbeat,
                         .lost = lost};
