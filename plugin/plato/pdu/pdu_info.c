/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts of one frame, found before anything is shown. */
#include "plato/pdu/pdu_info.h"

#include "plato/pdu/prefs.h"
#include "plato/pdu/schema.h"

#include <stream/pdu.h>
#include <string.h>

/* The bytes that are here of a span which may have been cut off by the snaplen. */
static plato_span captured_part(const uint8_t *bytes, int captured, uint64_t offset, uint32_t len)
{
    const uint64_t here = (uint64_t)captured > offset ? (uint64_t)captured - offset : 0;
    return (plato_span){bytes + (here > 0 ? offset : 0), (size_t)(here < len ? here : len)};
}

static stream_checksum_result verify(const plato_conversation *conversation, uint64_t position,
                                     const plato_frame *frame)
{
    stream_checksum checksum = plato_checksum_at(conversation, position);
    return stream_checksum_verify(&checksum, frame);
}

static void examine_header_frame(const uint8_t *bytes, const plato_conversation *conversation,
                                 const found_pdu *found, pdu_info *facts)
{
    plato_frame *frame = &facts->frame;
    frame->var_head = captured_part(bytes, facts->captured, PLATO_HEADER_LEN, frame->var_head_len);
    frame->body = captured_part(bytes, facts->captured,
                                PLATO_HEADER_LEN + (uint64_t)frame->var_head_len, frame->msg_len);
    facts->content = frame->body;
    if (facts->complete && found->checksum == NULL)
        facts->crc = verify(conversation, facts->position, frame);
    facts->decoded = frame->version == PLATO_VERSION_ON_WIRE;
    if (!facts->decoded)
        return;
    plato_err err =
        plato_head_read(frame->msg_type, frame->var_head.p, frame->var_head.n, &facts->head);
    /* what the snaplen cut off is not malformed, and of an unknown type we know nothing */
    if (plato_head_descriptor(frame->msg_type) != NULL &&
        frame->var_head.n == frame->var_head_len) {
        facts->head_error = err;
        facts->head_error_at = facts->head.error_offset;
    }
}

static void examine_msgcmd_frame(const uint8_t *bytes, pdu_info *facts)
{
    const plato_limits limits = plato_pref_limits();
    if (!facts->complete)
        return;
    facts->decoded = true;
    facts->head_error = plato_frame_parse(PLATO_FRAMING_MSGCMD, bytes, (size_t)facts->captured,
                                          &limits, &facts->frame);
    plato_err err = plato_head_read_frame(&facts->frame, &facts->head, &facts->content);
    if (facts->head_error == PLATO_OK && facts->frame.msg_type <= PLATO_PUSH)
        facts->head_error = err;
    facts->head_error_at = facts->head.error_offset;
}

static void examine_body(pdu_info *facts)
{
    const uint32_t type = facts->frame.msg_type;
    const bool login = type == PLATO_LOGIN;
    const bool msgcmd = facts->frame.framing == PLATO_FRAMING_MSGCMD;
    /* the MsgCmd framing says nothing of what its logins carry */
    const ProtobufCMessageDescriptor *message =
        login && msgcmd ? NULL : plato_body_descriptor(type);
    facts->body =
        plato_examine_body(type, message, login && !msgcmd, facts->content, facts->complete);
}

/* Of a frame whose length was damaged only the header holds. */
static void shorten(pdu_info *facts)
{
    facts->shortened = true;
    facts->decoded = false;
    facts->head_error = PLATO_OK;
    facts->body.message_error = PLATO_OK;
}

static void examine(const uint8_t *bytes, const plato_conversation *conversation,
                    const found_pdu *found, pdu_info *facts)
{
    const plato_limits limits = plato_pref_limits();
    facts->length_error = plato_frame_parse_header(found->framing, bytes, (size_t)facts->captured,
                                                   &limits, &facts->frame);
    facts->total = plato_frame_total(&facts->frame);
    if (facts->length_error == PLATO_OK && facts->total > STREAM_PDU_LONGEST)
        facts->length_error = PLATO_ERR_BODY_TOO_LONG;
    if (facts->length_error != PLATO_OK)
        return;
    facts->complete = (uint64_t)facts->captured >= facts->total;
    if (found->framing == PLATO_FRAMING_MSGCMD)
        examine_msgcmd_frame(bytes, facts);
    else
        examine_header_frame(bytes, conversation, found, facts);
    if (facts->decoded)
        examine_body(facts);
}

void plato_examine_pdu(tvbuff_t *tvb, const plato_conversation *conversation,
                       const found_pdu *found, pdu_info *facts)
{
    memset(facts, 0, sizeof *facts);
    facts->tvb = tvb;
    facts->position = found->position;
    facts->index = found->index;
    facts->capture_gap = found->capture_gap;
    facts->begin = found->begin;
    facts->pieces = found->pieces;
    facts->piece_count = found->piece_count;
    facts->silent = found->silent;
    facts->captured = (int)tvb_captured_length(tvb);
    if (found->checksum != NULL)
        facts->crc = *found->checksum;
    examine(tvb_get_ptr(tvb, 0, facts->captured), conversation, found, facts);
    if (found->shortened)
        shorten(facts);
}
