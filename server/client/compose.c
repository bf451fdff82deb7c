/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/compose.h"

#include "common/encode.h"

static const plato_span nothing = {NULL, 0};

GBytes *compose_login(uint64_t device_id, const GArray *session_ids, const char *token)
{
    const plato_head head = {.msg_type = PLATO_LOGIN, .login = {.device_id = device_id}};
    Plato__LoginBody body = PLATO__LOGIN_BODY__INIT;
    if (token != NULL)
        body.token = (char *)token;
    body.client_version = (char *)"plato-client " PLATO_PROGRAM_VERSION;
    body.n_session_ids = session_ids->len;
    body.session_ids = (uint64_t *)(void *)session_ids->data;
    const size_t n = plato__login_body__get_packed_size(&body);
    uint8_t *packed = g_malloc(n);
    plato__login_body__pack(&body, packed);
    GBytes *frame = encode_frame(&head, (plato_span){packed, n});
    g_free(packed);
    return frame;
}

GBytes *compose_reconn(uint64_t conn_id)
{
    const plato_head head = {.msg_type = PLATO_RECONN, .reconn = {.conn_id = conn_id}};
    return encode_frame(&head, nothing);
}

GBytes *compose_heartbeat(void)
{
    const plato_head head = {.msg_type = PLATO_HEARTBEAT};
    return encode_frame(&head, nothing);
}

GBytes *compose_heartbeat_ack(void)
{
    const plato_head head = {.msg_type = PLATO_ACK, .ack = {.type = PLATO_HEARTBEAT}};
    return encode_frame(&head, nothing);
}

GBytes *compose_push_ack(uint64_t session_id, uint64_t msg_id)
{
    const plato_head head = {
        .msg_type = PLATO_ACK,
        .ack = {.type = PLATO_PUSH, .session_id = session_id, .msg_id = msg_id},
    };
    return encode_frame(&head, nothing);
}

GBytes *compose_sync(uint64_t session_id, uint64_t from_msg_id, uint64_t to_msg_id)
{
    const plato_head head = {
        .msg_type = PLATO_SYNC,
        .sync = {.session_id = session_id, .from_msg_id = from_msg_id, .to_msg_id = to_msg_id},
    };
    return encode_frame(&head, nothing);
}

GBytes *compose_up(const plato_head_up *up, GBytes *body)
{
    gsize n;
    const plato_head head = {.msg_type = PLATO_UP, .up = *up};
    const void *p = g_bytes_get_data(body, &n);
    return encode_frame(&head, (plato_span){p, n});
}

GBytes *compose_message(uint64_t sender_id, Plato__ContentType content_type, const void *content,
                        size_t n)
{
    Plato__ChatMessage message = PLATO__CHAT_MESSAGE__INIT;
    message.sender_id = sender_id;
    message.sent_at_us = (uint64_t)g_get_real_time();
    message.content_type = content_type;
    message.content = (ProtobufCBinaryData){n, (uint8_t *)content};
    const size_t size = plato__chat_message__get_packed_size(&message);
    uint8_t *packed = g_malloc(size);
    plato__chat_message__pack(&message, packed);
    return g_bytes_new_take(packed, size);
}

char *compose_filler(size_t n)
{
    static const char line[] = "The quick brown fox jumps over the lazy dog. ";
    char *text = g_malloc(n + 1);
    for (size_t i = 0; i < n; i++)
        text[i] = line[i % (sizeof line - 1)];
    text[n] = '\0';
    return text;
}
