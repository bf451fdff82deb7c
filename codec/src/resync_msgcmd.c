/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding frames of the length-prefixed variant, and which of the two framings a stream uses. */
#include "frame_internal.h"
#include "plato/head.h"
#include "plato/resync.h"

/* MsgCmd with Type at most once, Payload at most once, and nothing else. */
static bool outer_fits(const uint8_t *p, size_t n)
{
    plato_wire reader;
    plato_field field;
    unsigned seen = 0;
    int rc;
    plato_wire_init(&reader, p, n, 2);
    while ((rc = plato_wire_next(&reader, &field)) > 0) {
        const bool type = field.number == MSGCMD_TYPE && field.wire_type == PLATO_WIRE_VARINT;
        const bool payload = field.number == MSGCMD_PAYLOAD && field.wire_type == PLATO_WIRE_BYTES;
        if ((!type && !payload) || (seen >> field.number & 1u) != 0)
            return false;
        seen |= 1u << field.number;
    }
    return rc == PLATO_OK;
}

bool plato_msgcmd_is_proof(const uint8_t *p, size_t n, const plato_limits *limits)
{
    plato_frame frame;
    plato_head head;
    if (plato_frame_parse(PLATO_FRAMING_MSGCMD, p, n, limits, &frame) != PLATO_OK ||
        frame.msg_type > PLATO_PUSH || frame.body.n == 0 ||
        !outer_fits(p + PLATO_LENGTH_PREFIX_LEN, frame.msg_len))
        return false;
    return plato_head_read_frame(&frame, &head, NULL) == PLATO_OK && head.unknown_fields == 0;
}

/* The first byte after the length: Type, or Payload where Type is 0 and left out. */
static bool is_first_tag(uint8_t byte)
{
    return byte == MSGCMD_TAG_TYPE || byte == MSGCMD_TAG_PAYLOAD;
}

/* Whether a whole frame may begin at p[0], as far as its length and first tag say. */
static bool is_candidate(const uint8_t *p, size_t n, const plato_limits *limits, uint64_t *total)
{
    return p[0] == 0 && is_first_tag(p[PLATO_LENGTH_PREFIX_LEN]) &&
           plato_frame_length(PLATO_FRAMING_MSGCMD, p, n, limits, total) == PLATO_OK && *total <= n;
}

plato_resync_result plato_msgcmd_resync(const uint8_t *p, size_t n, const plato_limits *limits,
                                        const plato_resync_budget *given)
{
    static const plato_resync_budget defaults = PLATO_RESYNC_BUDGET_DEFAULT;
    const plato_resync_budget *budget = given != NULL ? given : &defaults;
    plato_resync_result result = {PLATO_RESYNC_NOT_YET, n, 0, 0};
    const size_t end = n < budget->max_bytes ? n : (size_t)budget->max_bytes;
    size_t at = 0;
    for (; at + PLATO_LENGTH_PREFIX_LEN < end; at++) {
        uint64_t total;
        if (!is_candidate(p + at, n - at, limits, &total) ||
            total > budget->max_crc_bytes - result.crc_bytes)
            continue;
        result.crc_bytes += total;
        if (!plato_msgcmd_is_proof(p + at, n - at, limits))
            continue;
        result.verdict = PLATO_RESYNC_FOUND;
        result.skipped = at;
        result.frame_len = total;
        return result;
    }
    if (end < n) {
        result.verdict = PLATO_RESYNC_GAVE_UP;
        result.skipped = at;
    }
    return result;
}

plato_framing plato_framing_by_start(const uint8_t *p, size_t n)
{
    if (n == 0)
        return 0;
    if (p[0] != 0)
        return PLATO_FRAMING_HEADER;
    if (n <= PLATO_LENGTH_PREFIX_LEN)
        return 0;
    return is_first_tag(p[PLATO_LENGTH_PREFIX_LEN]) ? PLATO_FRAMING_MSGCMD : PLATO_FRAMING_HEADER;
}

plato_framing plato_framing_by_search(const uint8_t *p, size_t n, const plato_limits *limits,
                                      const plato_resync_budget *budget)
{
    const plato_resync_result header = plato_resync_among(p, n, limits, 0, 0, budget);
    const plato_resync_result msgcmd = plato_msgcmd_resync(p, n, limits, budget);
    const bool has_header =
        header.verdict == PLATO_RESYNC_FOUND || header.verdict == PLATO_RESYNC_LIKELY;
    if (msgcmd.verdict == PLATO_RESYNC_FOUND && (!has_header || msgcmd.skipped < header.skipped))
        return PLATO_FRAMING_MSGCMD;
    return has_header ? PLATO_FRAMING_HEADER : 0;
}
