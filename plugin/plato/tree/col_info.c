/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The info column: every frame of the packet, in order. */
#include "plato/tree/col_info.h"

#include "plato/pdu/pdu_fields.h"
#include "support/column.h"

#include <plato/schema/plato.pb-c.h>
#include <wsutil/utf8_entities.h>

#define EXCERPT_BYTES 40 /* of a text shown in the column */

/*
 * Which ids an ACK is shown with depends on what it acknowledges. The bits are those of
 * plato_head.present: 1 << number of the field in AckHead.
 */
enum { SHOW_CONN = 1 << 4, SHOW_CLIENT = 1 << 5, SHOW_SESSION = 1 << 6, SHOW_MSG = 1 << 7 };

/* The same of the other fields that are shown; LOGIN and RECONN have one id each. */
enum {
    ACK_TYPE = 1 << 3,
    ONLY_ID = 1 << 1,
    UP_CLIENT = 1 << 1,
    UP_SESSION = 1 << 3,
    PUSH_MSG = 1 << 1,
    PUSH_SESSION = 1 << 2,
    SYNC_SESSION = 1 << 1,
    SYNC_FROM = 1 << 2,
    SYNC_TO = 1 << 3,
};

static const unsigned ack_ids[] = {
    [PLATO_LOGIN] = SHOW_CONN,
    [PLATO_HEARTBEAT] = 0,
    [PLATO_RECONN] = SHOW_CONN,
    [PLATO_ACK] = 0,
    [PLATO_UP] = SHOW_SESSION | SHOW_CLIENT | SHOW_MSG,
    [PLATO_PUSH] = SHOW_SESSION | SHOW_MSG,
    [PLATO_SYNC] = SHOW_SESSION,
};

static void add_name(label *out, const char *name, const char *kind, uint32_t number)
{
    if (name != NULL) {
        label_add(out, name);
        return;
    }
    label_add(out, kind);
    label_add(out, " ");
    label_add_number(out, number);
}

static void add_number(label *out, const char *name, uint64_t number)
{
    label_add(out, name);
    label_add_number(out, number);
}

static void add_count(label *out, size_t bytes)
{
    add_number(out, " (", bytes);
    label_add(out, " bytes)");
}

static bool needs_no_escape(const uint8_t *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return false;
    }
    return true;
}

/* A whole number of characters within the limit, so that no half of one is shown. */
static size_t excerpt_length(plato_span text)
{
    size_t n = text.n;
    if (n <= EXCERPT_BYTES)
        return n;
    n = EXCERPT_BYTES;
    while (n > 0 && (text.p[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static void add_excerpt(packet_info *pinfo, label *out, plato_span text)
{
    const size_t n = excerpt_length(text);
    if (needs_no_escape(text.p, n))
        label_add_bytes(out, (const char *)text.p, n);
    else
        label_add(out, ws_format_text(pinfo->pool, text.p, n));
    if (n < text.n)
        label_add(out, UTF8_HORIZONTAL_ELLIPSIS);
}

static void add_quoted(packet_info *pinfo, label *out, plato_span text)
{
    label_add(out, " \"");
    add_excerpt(pinfo, out, text);
    label_add(out, "\"");
}

static void add_unquoted(packet_info *pinfo, label *out, plato_span text)
{
    label_add(out, " ");
    add_excerpt(pinfo, out, text);
}

/* Ids that the snaplen cut off are not shown; those that proto3 leaves out are 0. */
static unsigned known_fields(const pdu_info *facts)
{
    return plato_pdu_head_is_whole(facts) ? ~0u : facts->head.present;
}

/* A refusal may come without the ids: only those that are there are shown. */
static void add_ack(packet_info *pinfo, label *out, const plato_head *head, unsigned known)
{
    const plato_head_ack *ack = &head->ack;
    const bool refused = ack->code != PLATO_ACK_OK;
    unsigned ids = ack->type < array_length(ack_ids) ? ack_ids[ack->type] : 0;
    ids &= refused ? head->present : known;
    if ((known & ACK_TYPE) != 0) {
        label_add(out, " ");
        add_name(out, plato_msg_type_name(ack->type), "type", ack->type);
    }
    if (refused) {
        label_add(out, " ");
        add_name(out, plato_ack_code_name(ack->code), "code", ack->code);
    }
    if (ids & SHOW_CONN)
        add_number(out, " conn=", ack->conn_id);
    if (ids & SHOW_SESSION)
        add_number(out, " sess=", ack->session_id);
    if (ids & SHOW_CLIENT)
        add_number(out, " client=", ack->client_id);
    if (ids & SHOW_MSG)
        add_number(out, " msg=", ack->msg_id);
    if (refused && ack->msg.n > 0)
        add_quoted(pinfo, out, ack->msg);
}

static void add_up(packet_info *pinfo, label *out, const plato_head_up *up, unsigned known)
{
    if (up->session_name.n > 0) {
        label_add(out, " sess=");
        add_excerpt(pinfo, out, up->session_name);
    } else if ((known & UP_SESSION) != 0) {
        add_number(out, " sess=", up->session_id);
    }
    if ((known & UP_CLIENT) != 0)
        add_number(out, " client=", up->client_id);
}

static void add_push(label *out, const plato_head_push *push, unsigned known)
{
    if ((known & PUSH_SESSION) != 0)
        add_number(out, " sess=", push->session_id);
    if ((known & PUSH_MSG) != 0)
        add_number(out, " msg=", push->msg_id);
}

static void add_sync(label *out, const plato_head_sync *sync, unsigned known)
{
    if ((known & SYNC_SESSION) != 0)
        add_number(out, " sess=", sync->session_id);
    if ((known & SYNC_FROM) != 0)
        add_number(out, " msg=", sync->from_msg_id);
    if ((known & SYNC_TO) != 0)
        add_number(out, "..", sync->to_msg_id);
}

static void add_ids(packet_info *pinfo, label *out, const pdu_info *facts)
{
    const plato_head *head = &facts->head;
    const unsigned known = known_fields(facts);
    switch (head->msg_type) {
    case PLATO_LOGIN:
        if ((known & ONLY_ID) != 0)
            add_number(out, " device=", head->login.device_id);
        break;
    case PLATO_RECONN:
        if ((known & ONLY_ID) != 0)
            add_number(out, " conn=", head->reconn.conn_id);
        break;
    case PLATO_ACK:
        add_ack(pinfo, out, head, known);
        break;
    case PLATO_UP:
        add_up(pinfo, out, &head->up, known);
        break;
    case PLATO_PUSH:
        add_push(out, &head->push, known);
        break;
    case PLATO_SYNC:
        add_sync(out, &head->sync, known);
        break;
    default:
        break;
    }
}

static void add_body(packet_info *pinfo, label *out, const pdu_info *facts)
{
    const body_facts *body = &facts->body;
    const bool is_chat = facts->head.msg_type == PLATO_UP || facts->head.msg_type == PLATO_PUSH;
    switch (body->kind) {
    case BODY_JSON:
        add_unquoted(pinfo, out, body->content);
        break;
    case BODY_TEXT:
        add_quoted(pinfo, out, body->content);
        break;
    case BODY_MESSAGE:
        if (!is_chat)
            break;
        if (body->content_type == PLATO__CONTENT_TYPE__TEXT)
            add_quoted(pinfo, out, body->content);
        else if (body->content_type == PLATO__CONTENT_TYPE__JSON)
            add_unquoted(pinfo, out, body->content);
        else
            add_count(out, body->content.n);
        break;
    case BODY_BYTES:
    case BODY_CUT:
    case BODY_USER:
        add_count(out, facts->content.n);
        break;
    case BODY_EMPTY:
        break;
    }
}

/* What is wrong with the frame, in brackets at the end. */
static void add_remarks(label *out, const pdu_info *facts)
{
    if (facts->length_error != PLATO_OK) {
        add_number(out, " [too large: ", facts->total);
        label_add(out, " bytes]");
    } else if (facts->shortened) {
        label_add(out, " [damaged length]");
    } else if (!facts->complete) {
        label_add(out, " [cut]");
    }
    if (facts->head_error != PLATO_OK || facts->body.message_error != PLATO_OK)
        label_add(out, " [malformed]");
    if (facts->crc.status == STREAM_CHECKSUM_BAD)
        label_add(out, " [bad CRC]");
}

void plato_info_text(packet_info *pinfo, const pdu_info *facts, label *out)
{
    const bool msgcmd = facts->frame.framing == PLATO_FRAMING_MSGCMD;
    label_begin(out);
    if (!msgcmd && facts->frame.version != PLATO_VERSION_ON_WIRE) {
        add_number(out, "Version ", facts->frame.version);
        label_add(out, " ");
    }
    if (msgcmd && !facts->decoded)
        label_add(out, "MsgCmd");
    else
        add_name(out, plato_msg_type_name(facts->frame.msg_type), "Type", facts->frame.msg_type);
    if (facts->decoded) {
        add_ids(pinfo, out, facts);
        add_body(pinfo, out, facts);
    }
    add_remarks(out, facts);
}

void plato_info_column(packet_info *pinfo, const char *text)
{
    column_append_pdu(pinfo, "Plato", text);
}
