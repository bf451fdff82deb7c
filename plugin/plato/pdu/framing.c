/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fixed header or length prefix? And finding frames of the latter. */
#include "plato/pdu/framing.h"

#include "plato/pdu/prefs.h"

#include <string.h>

/* The tags that a MsgCmd can begin with: Type, or Payload where Type is 0 and left out. */
#define TAG_TYPE 0x08
#define TAG_PAYLOAD 0x12

/* MsgCmd with Type at most once, Payload at most once, and nothing else. */
static bool outer_fits(const uint8_t *p, size_t n)
{
    plato_wire reader;
    plato_field field;
    unsigned seen = 0;
    int rc;
    plato_wire_init(&reader, p, n, 2);
    while ((rc = plato_wire_next(&reader, &field)) > 0) {
        const bool type = field.number == 1 && field.wire_type == PLATO_WIRE_VARINT;
        const bool payload = field.number == 2 && field.wire_type == PLATO_WIRE_BYTES;
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

plato_resync_result plato_msgcmd_resync(const uint8_t *p, size_t n, const plato_limits *limits,
                                        const plato_resync_budget *budget)
{
    plato_resync_result result = {PLATO_RESYNC_NOT_YET, n, 0, 0};
    const size_t end = n < budget->max_bytes ? n : (size_t)budget->max_bytes;
    size_t at = 0;
    for (; at + PLATO_LENGTH_PREFIX_LEN < end; at++) {
        uint64_t total;
        if (p[at] != 0 || (p[at + 4] != TAG_TYPE && p[at + 4] != TAG_PAYLOAD) ||
            plato_frame_length(PLATO_FRAMING_MSGCMD, p + at, n - at, limits, &total) != PLATO_OK ||
            total > n - at)
            continue;
        if (total > budget->max_crc_bytes - result.crc_bytes)
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
        result.skipped = end;
    }
    return result;
}

/* In sync the first byte decides: it is the version, never 0, or the top of a length, always 0. */
static plato_framing by_first_bytes(const uint8_t *p, size_t n)
{
    if (p[0] != 0)
        return PLATO_FRAMING_HEADER;
    if (n <= PLATO_LENGTH_PREFIX_LEN)
        return 0;
    return p[4] == TAG_TYPE || p[4] == TAG_PAYLOAD ? PLATO_FRAMING_MSGCMD : PLATO_FRAMING_HEADER;
}

/* Anywhere in a stream: whichever framing has a frame that proves itself, and the earlier one. */
static plato_framing by_search(const uint8_t *p, size_t n)
{
    const plato_limits limits = plato_pref_limits();
    const plato_resync_budget budget = PLATO_RESYNC_BUDGET_DEFAULT;
    const plato_resync_result header = plato_resync_among(p, n, &limits, 0, 0, &budget);
    const plato_resync_result msgcmd = plato_msgcmd_resync(p, n, &limits, &budget);
    const bool has_header =
        header.verdict == PLATO_RESYNC_FOUND || header.verdict == PLATO_RESYNC_LIKELY;
    if (msgcmd.verdict == PLATO_RESYNC_FOUND && (!has_header || msgcmd.skipped < header.skipped))
        return PLATO_FRAMING_MSGCMD;
    return has_header ? PLATO_FRAMING_HEADER : 0;
}

plato_framing plato_find_framing(packet_info *pinfo, plato_conversation *conversation,
                                 const uint8_t *p, size_t n, bool in_sync)
{
    if (plato_pref.framing != PREF_AUTO)
        return (plato_framing)plato_pref.framing;
    if (conversation->framing == 0 && !PINFO_FD_VISITED(pinfo))
        conversation->framing = in_sync ? by_first_bytes(p, n) : by_search(p, n);
    return conversation->framing != 0 ? conversation->framing : PLATO_FRAMING_HEADER;
}
