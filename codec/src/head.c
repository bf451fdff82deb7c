/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading heads: one row per known field, one loop for all types. */
#include "plato/head.h"

#include "plato/schema/msgcmd.pb-c.h"
#include "plato/schema/plato.pb-c.h"
#include "plato/wire.h"

#include <assert.h>
#include <string.h>

/* The enumerations that are written out in C must be those of the schema. */
static_assert((int)PLATO_LOGIN == (int)PLATO__MSG_TYPE__LOGIN, "MsgType");
static_assert((int)PLATO_HEARTBEAT == (int)PLATO__MSG_TYPE__HEARTBEAT, "MsgType");
static_assert((int)PLATO_RECONN == (int)PLATO__MSG_TYPE__RECONN, "MsgType");
static_assert((int)PLATO_ACK == (int)PLATO__MSG_TYPE__ACK, "MsgType");
static_assert((int)PLATO_UP == (int)PLATO__MSG_TYPE__UP, "MsgType");
static_assert((int)PLATO_PUSH == (int)PLATO__MSG_TYPE__PUSH, "MsgType");
static_assert((int)PLATO_SYNC == (int)PLATO__MSG_TYPE__SYNC, "MsgType");
static_assert((int)PLATO_ACK_INTERNAL == (int)PLATO__ACK_CODE__INTERNAL, "AckCode");

typedef enum row_kind { U32, U64, SPAN, ELSEWHERE } row_kind;

typedef struct head_row {
    uint32_t number; /* 0 ends a table */
    plato_wire_type wire_type;
    row_kind kind;
    size_t offset; /* of the member in plato_head */
} head_row;

#define VARINT64(number, member)                                                                   \
    {                                                                                              \
        number, PLATO_WIRE_VARINT, U64, offsetof(plato_head, member)                               \
    }
#define VARINT32(number, member)                                                                   \
    {                                                                                              \
        number, PLATO_WIRE_VARINT, U32, offsetof(plato_head, member)                               \
    }
#define TEXT(number, member)                                                                       \
    {                                                                                              \
        number, PLATO_WIRE_BYTES, SPAN, offsetof(plato_head, member)                               \
    }
/* Known, but its content is handed out as the body. */
#define BODY(number)                                                                               \
    {                                                                                              \
        number, PLATO_WIRE_BYTES, ELSEWHERE, 0                                                     \
    }
#define END                                                                                        \
    {                                                                                              \
        0, PLATO_WIRE_VARINT, U64, 0                                                               \
    }

static const head_row no_rows[] = {END};
static const head_row login_rows[] = {VARINT64(1, login.device_id), END};
static const head_row reconn_rows[] = {VARINT64(1, reconn.conn_id), END};
static const head_row ack_rows[] = {
    VARINT32(1, ack.code),      TEXT(2, ack.msg),
    VARINT32(3, ack.type),      VARINT64(4, ack.conn_id),
    VARINT64(5, ack.client_id), VARINT64(6, ack.session_id),
    VARINT64(7, ack.msg_id),    END,
};
static const head_row up_rows[] = {
    VARINT64(1, up.client_id),
    VARINT64(2, up.conn_id),
    VARINT64(3, up.session_id),
    END,
};
static const head_row push_rows[] = {
    VARINT64(1, push.msg_id),
    VARINT64(2, push.session_id),
    END,
};
static const head_row sync_rows[] = {
    VARINT64(1, sync.session_id),
    VARINT64(2, sync.from_msg_id),
    VARINT64(3, sync.to_msg_id),
    END,
};
/*
 * The variant's UP names its session by text since one of its builds, and its PUSH has the content
 * next to the ids, in field 2 or, since another, in 3; the others are the same.
 */
static const head_row msgcmd_up_rows[] = {
    VARINT64(1, up.client_id),
    VARINT64(2, up.conn_id),
    VARINT64(3, up.session_id),
    TEXT(3, up.session_name),
    END,
};

static const head_row msgcmd_push_rows[] = {
    VARINT64(1, push.msg_id), VARINT64(2, push.session_id), BODY(2), BODY(3), END,
};

static const head_row *const header_tables[] = {login_rows, no_rows,   reconn_rows, ack_rows,
                                                up_rows,    push_rows, sync_rows};
static const head_row *const msgcmd_tables[] = {login_rows, no_rows,        reconn_rows,
                                                ack_rows,   msgcmd_up_rows, msgcmd_push_rows};

static const head_row *table_for(plato_framing framing, uint32_t msg_type)
{
    if (framing == PLATO_FRAMING_MSGCMD)
        return msg_type < sizeof msgcmd_tables / sizeof msgcmd_tables[0] ? msgcmd_tables[msg_type]
                                                                         : no_rows;
    return msg_type < sizeof header_tables / sizeof header_tables[0] ? header_tables[msg_type]
                                                                     : no_rows;
}

const char *plato_ack_code_name(uint32_t code)
{
    static const char *const names[] = {
        "OK",           "MALFORMED",       "UNKNOWN_TYPE",  "UNSUPPORTED_VERSION",
        "BAD_CRC",      "TOO_LARGE",       "NOT_LOGGED_IN", "AUTH_FAILED",
        "UNKNOWN_CONN", "UNKNOWN_SESSION", "OUT_OF_ORDER",  "RATE_LIMITED",
        "OVERLOADED",   "INTERNAL"};
    return code < sizeof names / sizeof names[0] ? names[code] : NULL;
}

static void store(plato_head *head, const head_row *row, const plato_field *field)
{
    uint8_t *member = (uint8_t *)head + row->offset;
    const uint32_t low = (uint32_t)field->value; /* proto3: a 32-bit field keeps the low half */
    switch (row->kind) {
    case U32:
        memcpy(member, &low, sizeof low);
        break;
    case U64:
        memcpy(member, &field->value, sizeof field->value);
        break;
    case SPAN:
        memcpy(member, &field->bytes, sizeof field->bytes);
        break;
    case ELSEWHERE:
        break;
    }
    head->present |= 1u << row->number;
}

/* Number and wire type in one. */
static uint32_t tag(uint32_t number, plato_wire_type wire_type)
{
    return number << 3 | (uint32_t)wire_type;
}

static plato_err read_rows(const head_row *rows, const uint8_t *p, size_t n, plato_head *head)
{
    plato_wire reader;
    plato_field field;
    int rc;
    plato_wire_init(&reader, p, n, 0);
    while ((rc = plato_wire_next(&reader, &field)) > 0) {
        const uint32_t wanted = tag(field.number, field.wire_type);
        const head_row *row = rows;
        while (row->number != 0 && tag(row->number, row->wire_type) != wanted)
            row++;
        if (row->number != 0)
            store(head, row, &field);
        else
            head->unknown_fields++;
    }
    head->error_offset = reader.error_offset;
    return (plato_err)rc;
}

plato_err plato_head_read(uint32_t msg_type, const uint8_t *p, size_t n, plato_head *head)
{
    memset(head, 0, sizeof *head);
    head->msg_type = msg_type;
    return read_rows(table_for(PLATO_FRAMING_HEADER, msg_type), p, n, head);
}

/*
 * MsgCmd.Payload: LOGIN, HEARTBEAT, RECONN and UP nest { Head = 1, body = 2 }; ACK and PUSH have
 * their fields, and PUSH its content, directly in it. Of a type that is not known, not even that
 * its payload is protobuf is known.
 */
static plato_err split_payload(uint32_t msg_type, plato_span payload, plato_span *head,
                               plato_span *body, size_t *error_offset)
{
    const bool known = msg_type < sizeof msgcmd_tables / sizeof msgcmd_tables[0];
    const bool nested = msg_type != PLATO_ACK && msg_type != PLATO_PUSH;
    plato_wire reader;
    plato_field field;
    int rc;
    *head = nested ? (plato_span){NULL, 0} : payload;
    *body = known ? (plato_span){NULL, 0} : payload;
    *error_offset = 0;
    if (!known || msg_type == PLATO_ACK)
        return PLATO_OK;
    plato_wire_init(&reader, payload.p, payload.n, 0);
    while ((rc = plato_wire_next(&reader, &field)) > 0) {
        if (field.wire_type != PLATO_WIRE_BYTES)
            continue;
        if (nested && field.number == 1)
            *head = field.bytes;
        else if (nested ? field.number == 2 : field.number == 2 || field.number == 3)
            *body = field.bytes; /* PUSH: Content was field 2 before it became 3 */
    }
    *error_offset = reader.error_offset;
    return (plato_err)rc;
}

static plato_err read_msgcmd(const plato_frame *frame, plato_head *head, plato_span *body)
{
    plato_span inner_head;
    size_t outer_at;
    memset(head, 0, sizeof *head);
    head->msg_type = frame->msg_type;
    const plato_err outer =
        split_payload(frame->msg_type, frame->body, &inner_head, body, &outer_at);
    /* also after an error, which comes after the head: what comes before an error is read */
    const plato_err inner = read_rows(table_for(PLATO_FRAMING_MSGCMD, frame->msg_type),
                                      inner_head.p, inner_head.n, head);
    if (inner != PLATO_OK) {
        head->error_offset += (size_t)(inner_head.p - frame->body.p);
        return inner;
    }
    head->error_offset = outer_at;
    return outer;
}

plato_err plato_head_read_frame(const plato_frame *frame, plato_head *head, plato_span *body)
{
    plato_span own_body;
    if (body == NULL)
        body = &own_body;
    if (frame->framing == PLATO_FRAMING_MSGCMD)
        return read_msgcmd(frame, head, body);
    *body = frame->body;
    return plato_head_read(frame->msg_type, frame->var_head.p, frame->var_head.n, head);
}

bool plato_head_is_proof(uint32_t msg_type, const uint8_t *p, size_t n)
{
    plato_head head;
    return plato_head_read(msg_type, p, n, &head) == PLATO_OK && head.present != 0 &&
           head.unknown_fields == 0;
}
