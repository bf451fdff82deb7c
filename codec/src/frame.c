/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/frame.h"

#include "bytes.h"
#include "frame_internal.h"
#include "plato/wire.h"

#include <string.h>

static const plato_limits default_limits = PLATO_LIMITS_DEFAULT;

const char *plato_msg_type_name(uint32_t msg_type)
{
    static const char *const names[] = {"LOGIN", "HEARTBEAT", "RECONN", "ACK",
                                        "UP",    "PUSH",      "SYNC"};
    return msg_type < sizeof names / sizeof names[0] ? names[msg_type] : NULL;
}

uint64_t plato_frame_total(const plato_frame *frame)
{
    return (uint64_t)plato_prefix_len(frame->framing) + frame->var_head_len + frame->msg_len;
}

static plato_err check_limits(const plato_frame *frame, const plato_limits *limits)
{
    if (limits == NULL)
        limits = &default_limits;
    if (frame->framing == PLATO_FRAMING_MSGCMD && frame->msg_len == 0)
        return PLATO_ERR_EMPTY_FRAME;
    if (frame->var_head_len > limits->max_var_head_len)
        return PLATO_ERR_VAR_HEAD_TOO_LONG;
    if (frame->msg_len > limits->max_msg_len)
        return PLATO_ERR_BODY_TOO_LONG;
    return PLATO_OK;
}

plato_err plato_frame_parse_header(plato_framing framing, const uint8_t *p, size_t n,
                                   const plato_limits *limits, plato_frame *frame)
{
    memset(frame, 0, sizeof *frame);
    frame->framing = framing;
    if (n < plato_prefix_len(framing))
        return PLATO_NEED_MORE;
    if (framing == PLATO_FRAMING_MSGCMD) {
        frame->msg_len = get_be32(p);
    } else {
        frame->version = p[0];
        frame->msg_type = p[1];
        frame->msg_len = get_be32(p + 2);
        frame->var_head_len = get_be32(p + 6);
        frame->crc32 = get_be32(p + PLATO_HEADER_CRC_OFFSET);
    }
    return check_limits(frame, limits);
}

plato_err plato_frame_length(plato_framing framing, const uint8_t *p, size_t n,
                             const plato_limits *limits, uint64_t *total)
{
    plato_frame frame;
    plato_err err = plato_frame_parse_header(framing, p, n, limits, &frame);
    *total = err == PLATO_NEED_MORE ? plato_prefix_len(framing) : plato_frame_total(&frame);
    return err;
}

/* MsgCmd{ Type = 1, Payload = 2 }; both may be left out, and mean 0 and empty then. */
static plato_err parse_msgcmd(plato_frame *frame, const uint8_t *p, size_t n, size_t *error_offset)
{
    plato_wire reader;
    plato_field field;
    int rc;
    plato_wire_init(&reader, p, n, 0);
    while ((rc = plato_wire_next(&reader, &field)) > 0) {
        if (field.number == MSGCMD_TYPE && field.wire_type == PLATO_WIRE_VARINT)
            frame->msg_type = (uint32_t)field.value;
        else if (field.number == MSGCMD_PAYLOAD && field.wire_type == PLATO_WIRE_BYTES)
            frame->body = field.bytes;
    }
    *error_offset = reader.error_offset;
    return (plato_err)rc;
}

plato_err plato_frame_open_payload(plato_frame *frame, const uint8_t *payload, size_t *error_offset)
{
    if (frame->framing == PLATO_FRAMING_MSGCMD)
        return parse_msgcmd(frame, payload, frame->msg_len, error_offset);
    frame->var_head = (plato_span){payload, frame->var_head_len};
    frame->body = (plato_span){payload + frame->var_head_len, frame->msg_len};
    return PLATO_OK;
}

plato_err plato_frame_parse(plato_framing framing, const uint8_t *p, size_t n,
                            const plato_limits *limits, plato_frame *frame)
{
    size_t error_offset;
    plato_err err = plato_frame_parse_header(framing, p, n, limits, frame);
    if (err != PLATO_OK)
        return err;
    if (plato_frame_total(frame) > n)
        return PLATO_NEED_MORE;
    return plato_frame_open_payload(frame, p + plato_prefix_len(framing), &error_offset);
}

static void put_covered_header(const plato_frame *frame, uint8_t out[PLATO_HEADER_CRC_OFFSET])
{
    out[0] = frame->version;
    out[1] = (uint8_t)frame->msg_type;
    put_be32(out + 2, frame->msg_len);
    put_be32(out + 6, frame->var_head_len);
}

uint32_t plato_frame_crc(const plato_frame *frame, plato_crc_kind kind)
{
    uint8_t header[PLATO_HEADER_CRC_OFFSET];
    const plato_span *head = &frame->var_head;
    const plato_span *body = &frame->body;
    uint32_t crc = 0;
    if (kind.coverage == PLATO_CRC_NONE)
        return 0;
    if (kind.coverage == PLATO_CRC_FRAME) {
        put_covered_header(frame, header);
        crc = plato_crc32(kind.polynomial, crc, header, sizeof header);
    }
    if (kind.coverage == PLATO_CRC_BODY)
        return plato_crc32(kind.polynomial, crc, body->p, body->n);
    /* As parsed, the body follows the head: one call is faster for small frames. */
    if (head->n > 0 && head->p + head->n == body->p)
        return plato_crc32(kind.polynomial, crc, head->p, head->n + body->n);
    crc = plato_crc32(kind.polynomial, crc, head->p, head->n);
    return plato_crc32(kind.polynomial, crc, body->p, body->n);
}

bool plato_frame_check_crc(const plato_frame *frame, plato_crc_kind kind)
{
    if (frame->framing == PLATO_FRAMING_MSGCMD)
        return true;
    return plato_frame_crc(frame, kind) == frame->crc32;
}

static bool in_set(unsigned set, unsigned value)
{
    return set == 0 || (set >> value & 1u) != 0;
}

bool plato_frame_find_crc_among(const plato_frame *frame, unsigned coverages, unsigned polynomials,
                                plato_crc_kind *found)
{
    static const plato_crc_kind kinds[] = {
        {PLATO_CRC_FRAME, PLATO_CRC_IEEE},  {PLATO_CRC_PAYLOAD, PLATO_CRC_IEEE},
        {PLATO_CRC_BODY, PLATO_CRC_IEEE},   {PLATO_CRC_FRAME, PLATO_CRC_32C},
        {PLATO_CRC_PAYLOAD, PLATO_CRC_32C}, {PLATO_CRC_BODY, PLATO_CRC_32C},
        {PLATO_CRC_NONE, PLATO_CRC_IEEE},
    };
    const size_t payload = frame->var_head.n + frame->body.n;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const plato_crc_kind kind = kinds[i];
        if (!in_set(coverages, kind.coverage) ||
            (kind.coverage != PLATO_CRC_NONE && !in_set(polynomials, kind.polynomial)))
            continue;
        if ((kind.coverage == PLATO_CRC_PAYLOAD && payload == 0) ||
            (kind.coverage == PLATO_CRC_BODY && frame->body.n == 0))
            continue;
        if (plato_frame_crc(frame, kind) == frame->crc32) {
            *found = kind;
            return true;
        }
    }
    return false;
}

bool plato_frame_find_crc(const plato_frame *frame, plato_crc_kind *found)
{
    return plato_frame_find_crc_among(frame, 0, 0, found);
}

/* Whether a frame can be written, and how long its prefix is: what comes before the spans. */
static plato_err measure(const plato_frame *frame, size_t *prefix_len)
{
    if (frame->var_head.n > UINT32_MAX || frame->body.n > UINT32_MAX)
        return PLATO_ERR_ARGUMENT;
    if (frame->framing == PLATO_FRAMING_HEADER) {
        *prefix_len = PLATO_HEADER_LEN;
        return frame->msg_type > UINT8_MAX ? PLATO_ERR_ARGUMENT : PLATO_OK;
    }
    if (frame->framing != PLATO_FRAMING_MSGCMD || frame->var_head.n != 0)
        return PLATO_ERR_ARGUMENT;
    size_t tags = 0;
    if (frame->msg_type != 0) /* proto3 leaves zeros out */
        tags += 1 + plato_varint_size(frame->msg_type);
    if (frame->body.n != 0)
        tags += 1 + plato_varint_size(frame->body.n);
    *prefix_len = PLATO_LENGTH_PREFIX_LEN + tags;
    const uint64_t counted = tags + (uint64_t)frame->body.n;
    return counted == 0 || counted > UINT32_MAX ? PLATO_ERR_ARGUMENT : PLATO_OK;
}

static void put_header(const plato_frame *frame, uint8_t *out)
{
    plato_frame sized = *frame;
    sized.msg_len = (uint32_t)frame->body.n;
    sized.var_head_len = (uint32_t)frame->var_head.n;
    put_covered_header(&sized, out);
    put_be32(out + PLATO_HEADER_CRC_OFFSET, plato_frame_crc(&sized, (plato_crc_kind){0}));
}

/* The length, and MsgCmd up to the first byte of Payload. */
static void put_msgcmd(const plato_frame *frame, uint8_t *out, size_t prefix_len)
{
    uint8_t *p = out + PLATO_LENGTH_PREFIX_LEN;
    put_be32(out, (uint32_t)(prefix_len - PLATO_LENGTH_PREFIX_LEN + frame->body.n));
    if (frame->msg_type != 0) {
        *p++ = MSGCMD_TAG_TYPE;
        p += plato_varint_write(frame->msg_type, p);
    }
    if (frame->body.n != 0) {
        *p++ = MSGCMD_TAG_PAYLOAD;
        (void)plato_varint_write(frame->body.n, p);
    }
}

plato_err plato_frame_encoded_size(const plato_frame *frame, uint64_t *size)
{
    size_t prefix_len;
    const plato_err err = measure(frame, &prefix_len);
    if (err == PLATO_OK)
        *size = (uint64_t)prefix_len + frame->var_head.n + frame->body.n;
    return err;
}

static size_t append(uint8_t *out, size_t at, plato_span span)
{
    if (span.n > 0)
        memcpy(out + at, span.p, span.n);
    return at + span.n;
}

plato_err plato_frame_encode(const plato_frame *frame, uint8_t *buf, size_t cap, size_t *written)
{
    uint8_t prefix[PLATO_PREFIX_MAX];
    plato_span pieces[3];
    size_t count;
    uint64_t size;
    plato_err err = plato_frame_encoded_size(frame, &size);
    if (err != PLATO_OK)
        return err;
    if (size > cap)
        return PLATO_ERR_BUFFER_TOO_SMALL;
    err = plato_frame_encode_gather(frame, prefix, pieces, &count);
    if (err != PLATO_OK)
        return err;
    *written = 0;
    for (size_t i = 0; i < count; i++)
        *written = append(buf, *written, pieces[i]);
    return PLATO_OK;
}

plato_err plato_frame_encode_gather(const plato_frame *frame, uint8_t prefix[PLATO_PREFIX_MAX],
                                    plato_span pieces[3], size_t *count)
{
    size_t prefix_len;
    const plato_err err = measure(frame, &prefix_len);
    if (err != PLATO_OK)
        return err;
    if (frame->framing == PLATO_FRAMING_HEADER)
        put_header(frame, prefix);
    else
        put_msgcmd(frame, prefix, prefix_len);
    *count = 0;
    pieces[(*count)++] = (plato_span){prefix, prefix_len};
    if (frame->var_head.n > 0)
        pieces[(*count)++] = frame->var_head;
    if (frame->body.n > 0)
        pieces[(*count)++] = frame->body;
    return PLATO_OK;
}
