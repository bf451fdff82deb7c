/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CRC a conversation uses, and whether it is right. */
#include "plato/pdu/checksum.h"

#include "plato/pdu/position.h"
#include "plato/pdu/prefs.h"

const char *plato_crc_kind_text(plato_crc_kind kind)
{
    static const char *const ieee[] = {"frame", "payload", "body", "none"};
    static const char *const castagnoli[] = {"frame (CRC-32C)", "payload (CRC-32C)",
                                             "body (CRC-32C)", "none"};
    return kind.polynomial == PLATO_CRC_32C ? castagnoli[kind.coverage] : ieee[kind.coverage];
}

/* A preference as the set that plato_frame_find_crc_among() takes. */
static unsigned as_set(int preference)
{
    return preference == PREF_AUTO ? 0 : 1u << preference;
}

static checksum_result result_of(const plato_frame *frame, plato_crc_kind kind)
{
    checksum_result v = {PROTO_CHECKSUM_E_UNVERIFIED, false, true, 0, kind};
    if (kind.coverage == PLATO_CRC_NONE)
        return v;
    v.computed = true;
    v.calculated = plato_frame_crc(frame, kind);
    v.status = v.calculated == frame->crc32 ? PROTO_CHECKSUM_E_GOOD : PROTO_CHECKSUM_E_BAD;
    return v;
}

/* What a Bad frame is compared with when nothing else is known: Plato's own kind, as far as chosen.
 */
static plato_crc_kind preferred_kind(void)
{
    const plato_crc_kind kind = {
        plato_pref.crc_coverage == PREF_AUTO ? PLATO_CRC_FRAME
                                             : (plato_crc_coverage)plato_pref.crc_coverage,
        plato_pref.crc_polynomial == PREF_AUTO ? PLATO_CRC_IEEE
                                               : (plato_crc_polynomial)plato_pref.crc_polynomial};
    return kind;
}

static bool is_fixed(const plato_conversation *conversation, uint64_t position)
{
    return conversation->crc.fixed && position >= conversation->crc.fixed_at;
}

checksum_result plato_verify_checksum(packet_info *pinfo, plato_conversation *conversation,
                                      uint64_t position, const plato_frame *frame)
{
    const checksum_result unverified = {PROTO_CHECKSUM_E_UNVERIFIED, false, false, 0, {0}};
    plato_crc_kind kind = preferred_kind();
    if (!plato_pref.verify_crc)
        return unverified;
    if (plato_pref.crc_coverage != PREF_AUTO && plato_pref.crc_polynomial != PREF_AUTO)
        return result_of(frame, kind);
    if (is_fixed(conversation, position))
        return result_of(frame, conversation->crc.kind);
    if (!plato_frame_find_crc_among(frame, as_set(plato_pref.crc_coverage),
                                    as_set(plato_pref.crc_polynomial), &kind))
        return result_of(frame, kind);
    if (kind.coverage != PLATO_CRC_NONE && !PINFO_FD_VISITED(pinfo) && !conversation->crc.fixed) {
        conversation->crc.fixed = true;
        conversation->crc.fixed_at = position;
        conversation->crc.kind = kind;
    }
    return result_of(frame, kind);
}

crc_candidates plato_crc_candidates(packet_info *pinfo, const plato_conversation *conversation)
{
    crc_candidates kinds = {as_set(plato_pref.crc_coverage), as_set(plato_pref.crc_polynomial)};
    if (is_fixed(conversation, plato_next_position(pinfo))) {
        kinds.coverages = 1u << conversation->crc.kind.coverage;
        kinds.polynomials = 1u << conversation->crc.kind.polynomial;
    }
    if (kinds.coverages == 0)
        kinds.coverages = 1u << PLATO_CRC_FRAME | 1u << PLATO_CRC_PAYLOAD | 1u << PLATO_CRC_BODY;
    return kinds;
}

bool plato_crc_proves(packet_info *pinfo, const plato_conversation *conversation,
                      const plato_frame *frame)
{
    const crc_candidates kinds = plato_crc_candidates(pinfo, conversation);
    plato_crc_kind found;
    return plato_frame_find_crc_among(frame, kinds.coverages, kinds.polynomials, &found) &&
           found.coverage != PLATO_CRC_NONE;
}
