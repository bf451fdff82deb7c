/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the first bytes of a frame say by themselves. */
#include "stream/pdu.h"

static stream_pdu_look maybe(bool is)
{
    return is ? STREAM_PDU_MAYBE_HEADER : STREAM_PDU_NO_HEADER;
}

static stream_pdu_look look_at_header(const plato_limits *limits, const uint8_t *p, size_t n)
{
    plato_frame frame;
    if (p[0] != PLATO_VERSION_ON_WIRE || (n > 1 && plato_msg_type_name(p[1]) == NULL))
        return STREAM_PDU_NO_HEADER;
    const plato_err err = plato_frame_parse_header(PLATO_FRAMING_HEADER, p, n, limits, &frame);
    return err == PLATO_OK ? STREAM_PDU_IS_HEADER : maybe(err == PLATO_NEED_MORE);
}

/* MsgCmd{ Type = 1, Payload = 2 }: docs/protocol.md, "The length-prefixed variant". */
#define TAG_TYPE 0x08
#define TAG_PAYLOAD 0x12
#define TYPE_LEN 2u   /* bytes of the field, all types being below 128 */
#define MAX_VARINT 5u /* bytes of a length below 2^32 */

/* Reads a varint of at most MAX_VARINT bytes. Returns its size; 0: it goes on after n bytes, or is
 * longer. */
static size_t read_length(const uint8_t *p, size_t n, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < n && i < MAX_VARINT; i++) {
        *value |= (uint64_t)(p[i] & 0x7f) << (7 * i);
        if (p[i] < 0x80)
            return i + 1;
    }
    return 0;
}

/* The Payload at p[0], which ends with the MsgCmd or before a Type. */
static stream_pdu_look look_at_payload(const uint8_t *p, size_t n, uint64_t left, bool had_type)
{
    uint64_t len;
    if (n == 0)
        return STREAM_PDU_MAYBE_HEADER;
    if (p[0] != TAG_PAYLOAD)
        return STREAM_PDU_NO_HEADER;
    const size_t size = read_length(p + 1, n - 1, &len);
    if (size == 0)
        return maybe(n - 1 < MAX_VARINT);
    const uint64_t total = 1 + size + len;
    return total == left || (!had_type && total + TYPE_LEN == left) ? STREAM_PDU_IS_HEADER
                                                                    : STREAM_PDU_NO_HEADER;
}

static stream_pdu_look look_at_msgcmd(const plato_limits *limits, const uint8_t *p, size_t n)
{
    uint64_t total;
    size_t at = PLATO_LENGTH_PREFIX_LEN;
    const plato_err err = plato_frame_length(PLATO_FRAMING_MSGCMD, p, n, limits, &total);
    if (p[0] != 0 || err != PLATO_OK || n == at)
        return maybe(p[0] == 0 && (err == PLATO_OK || err == PLATO_NEED_MORE));
    const bool has_type = p[at] == TAG_TYPE;
    if (has_type && at + 1 < n && p[at + 1] > PLATO_PUSH)
        return STREAM_PDU_NO_HEADER;
    if (has_type)
        at += TYPE_LEN;
    if (at > n)
        return STREAM_PDU_MAYBE_HEADER;
    if (at >= total)
        return at == total ? STREAM_PDU_IS_HEADER : STREAM_PDU_NO_HEADER;
    return look_at_payload(p + at, n - at, total - at, has_type);
}

stream_pdu_look stream_pdu_look_at(plato_framing framing, const plato_limits *limits,
                                   const uint8_t *p, size_t n)
{
    if (n == 0)
        return STREAM_PDU_MAYBE_HEADER;
    return framing == PLATO_FRAMING_MSGCMD ? look_at_msgcmd(limits, p, n)
                                           : look_at_header(limits, p, n);
}
