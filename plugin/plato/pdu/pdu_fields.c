/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/pdu/pdu_fields.h"

#include "plato/pdu/proto3_defaults.h"

#include <stddef.h>

/* Where each id is in the heads; numbers as in proto/plato.proto. */
static const struct {
    plato_msg_type msg_type;
    pdu_id which;
    uint32_t number;
    size_t offset;
} ids[] = {
    {PLATO_LOGIN, PDU_DEVICE, 1, offsetof(plato_head, login.device_id)},
    {PLATO_RECONN, PDU_CONN, 1, offsetof(plato_head, reconn.conn_id)},
    {PLATO_ACK, PDU_CONN, 4, offsetof(plato_head, ack.conn_id)},
    {PLATO_ACK, PDU_CLIENT, 5, offsetof(plato_head, ack.client_id)},
    {PLATO_ACK, PDU_SESSION, 6, offsetof(plato_head, ack.session_id)},
    {PLATO_ACK, PDU_MSG, 7, offsetof(plato_head, ack.msg_id)},
    {PLATO_UP, PDU_CLIENT, 1, offsetof(plato_head, up.client_id)},
    {PLATO_UP, PDU_CONN, 2, offsetof(plato_head, up.conn_id)},
    {PLATO_UP, PDU_SESSION, 3, offsetof(plato_head, up.session_id)},
    {PLATO_PUSH, PDU_MSG, 1, offsetof(plato_head, push.msg_id)},
    {PLATO_PUSH, PDU_SESSION, 2, offsetof(plato_head, push.session_id)},
    {PLATO_SYNC, PDU_SESSION, 1, offsetof(plato_head, sync.session_id)},
};

bool plato_pdu_head_is_whole(const pdu_info *facts)
{
    return facts->decoded && facts->frame.var_head.n == facts->frame.var_head_len;
}

static bool has_field(const pdu_info *facts, uint32_t number)
{
    uint32_t fields = facts->head.present;
    if (facts->head_error == PLATO_OK && plato_pdu_head_is_whole(facts))
        fields |= plato_default_fields(&facts->head);
    return (fields >> number & 1u) != 0;
}

bool plato_pdu_id(const pdu_info *facts, pdu_id which, uint64_t *id)
{
    if (!facts->decoded)
        return false;
    for (size_t i = 0; i < array_length(ids); i++) {
        if (ids[i].msg_type != facts->head.msg_type || ids[i].which != which)
            continue;
        *id = *(const uint64_t *)(const void *)((const char *)&facts->head + ids[i].offset);
        return has_field(facts, ids[i].number);
    }
    return false;
}

plato_span plato_pdu_session_name(const pdu_info *facts)
{
    if (!facts->decoded || facts->head.msg_type != PLATO_UP)
        return (plato_span){NULL, 0};
    return facts->head.up.session_name;
}

bool plato_pdu_has_type(const pdu_info *facts)
{
    return facts->frame.framing == PLATO_FRAMING_HEADER || facts->decoded;
}

bool plato_pdu_is_sound(const pdu_info *facts)
{
    return facts->decoded && facts->complete && !facts->shortened &&
           facts->head_error == PLATO_OK && facts->crc.status != STREAM_CHECKSUM_BAD;
}

static const char *name_or_number(wmem_allocator_t *scope, const char *name, uint32_t number)
{
    return name != NULL ? name : wmem_strdup_printf(scope, "%u", number);
}

const char *plato_type_text(wmem_allocator_t *scope, uint32_t msg_type)
{
    return name_or_number(scope, plato_msg_type_name(msg_type), msg_type);
}

const char *plato_code_text(wmem_allocator_t *scope, uint32_t code)
{
    return name_or_number(scope, plato_ack_code_name(code), code);
}

const char *plato_checksum_text(const pdu_info *facts)
{
    switch (facts->crc.status) {
    case STREAM_CHECKSUM_GOOD:
        return "good";
    case STREAM_CHECKSUM_BAD:
        return "bad";
    default:
        return "unverified";
    }
}

const char *plato_direction_text(bool upstream)
{
    return upstream ? "up" : "down";
}
