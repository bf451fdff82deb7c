/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing heads: plato_head to the generated struct, which protobuf-c packs. */
#include "plato/head.h"
#include "plato/schema/plato.pb-c.h"
#include "plato/wire.h"

#include <stdlib.h>
#include <string.h>

#define SHORT_TEXT 256 /* bytes of an ACK's msg that are copied on the stack */

/* The generated struct of any head. */
typedef union any_head {
    ProtobufCMessage base;
    Plato__LoginHead login;
    Plato__HeartbeatHead heartbeat;
    Plato__ReconnHead reconn;
    Plato__AckHead ack;
    Plato__UpHead up;
    Plato__PushHead push;
    Plato__SyncHead sync;
} any_head;

/* `text` is the ACK's msg as a C string. False for an unknown type. */
static bool fill(const plato_head *head, char *text, any_head *out)
{
    switch (head->msg_type) {
    case PLATO_LOGIN:
        plato__login_head__init(&out->login);
        out->login.device_id = head->login.device_id;
        return true;
    case PLATO_HEARTBEAT:
        plato__heartbeat_head__init(&out->heartbeat);
        return true;
    case PLATO_RECONN:
        plato__reconn_head__init(&out->reconn);
        out->reconn.conn_id = head->reconn.conn_id;
        return true;
    case PLATO_ACK:
        plato__ack_head__init(&out->ack);
        out->ack.code = head->ack.code;
        out->ack.msg = text;
        out->ack.type = (Plato__MsgType)head->ack.type;
        out->ack.conn_id = head->ack.conn_id;
        out->ack.client_id = head->ack.client_id;
        out->ack.session_id = head->ack.session_id;
        out->ack.msg_id = head->ack.msg_id;
        return true;
    case PLATO_UP:
        plato__up_head__init(&out->up);
        out->up.client_id = head->up.client_id;
        out->up.conn_id = head->up.conn_id;
        out->up.session_id = head->up.session_id;
        return true;
    case PLATO_PUSH:
        plato__push_head__init(&out->push);
        out->push.msg_id = head->push.msg_id;
        out->push.session_id = head->push.session_id;
        return true;
    case PLATO_SYNC:
        plato__sync_head__init(&out->sync);
        out->sync.session_id = head->sync.session_id;
        out->sync.from_msg_id = head->sync.from_msg_id;
        out->sync.to_msg_id = head->sync.to_msg_id;
        return true;
    default:
        return false;
    }
}

static size_t text_len(const plato_head *head)
{
    if (head->msg_type != PLATO_ACK || head->ack.msg.n == 0)
        return 0;
    /* protobuf-c takes C strings: an embedded NUL would end the text, so it ends here as well */
    const uint8_t *nul = memchr(head->ack.msg.p, 0, head->ack.msg.n);
    return nul != NULL ? (size_t)(nul - head->ack.msg.p) : head->ack.msg.n;
}

size_t plato_head_size(const plato_head *head)
{
    any_head message;
    const size_t text = text_len(head);
    if (!fill(head, (char *)protobuf_c_empty_string, &message))
        return 0;
    const size_t size = protobuf_c_message_get_packed_size(&message.base);
    return text == 0 ? size : size + 1 + plato_varint_size(text) + text; /* tag, length, text */
}

plato_err plato_head_write(const plato_head *head, uint8_t *buf, size_t cap, size_t *written)
{
    char on_stack[SHORT_TEXT + 1];
    char *text = on_stack;
    any_head message;
    const size_t n = text_len(head);
    if (plato_head_size(head) > cap)
        return PLATO_ERR_BUFFER_TOO_SMALL;
    if (n > SHORT_TEXT) {
        text = malloc(n + 1);
        if (text == NULL)
            return PLATO_ERR_NO_MEMORY;
    }
    if (n > 0)
        memcpy(text, head->ack.msg.p, n);
    text[n] = '\0';
    *written = fill(head, text, &message) ? protobuf_c_message_pack(&message.base, buf) : 0;
    if (text != on_stack)
        free(text);
    return PLATO_OK;
}
