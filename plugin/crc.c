/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CRC a conversation uses, and whether it is right. */
#include "crc.h"

#include <epan/conversation.h>

/* Kept per conversation, for the whole file. */
typedef struct crc_of_conversation {
    bool fixed;
    uint64_t fixed_at; /* from this frame on a field of 0 is no longer "none" */
    plato_crc_kind kind;
} crc_of_conversation;

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

static crc_of_conversation *state_of(packet_info *pinfo)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    crc_of_conversation *state = conversation_get_proto_data(conversation, proto_plato);
    if (state == NULL) {
        state = wmem_new0(wmem_file_scope(), crc_of_conversation);
        conversation_add_proto_data(conversation, proto_plato, state);
    }
    return state;
}

static crc_verdict verdict(const plato_frame *frame, plato_crc_kind kind)
{
    crc_verdict v = {PROTO_CHECKSUM_E_UNVERIFIED, false, true, 0, kind};
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

crc_verdict plato_judge_crc(packet_info *pinfo, uint64_t position, const plato_frame *frame)
{
    const crc_verdict unverified = {PROTO_CHECKSUM_E_UNVERIFIED, false, false, 0, {0}};
    plato_crc_kind kind = preferred_kind();
    if (!plato_pref.verify_crc)
        return unverified;
    if (plato_pref.crc_coverage != PREF_AUTO && plato_pref.crc_polynomial != PREF_AUTO)
        return verdict(frame, kind);

    crc_of_conversation *state = state_of(pinfo);
    if (state->fixed && position >= state->fixed_at)
        return verdict(frame, state->kind);
    if (!plato_frame_find_crc_among(frame, as_set(plato_pref.crc_coverage),
                                    as_set(plato_pref.crc_polynomial), &kind))
        return verdict(frame, kind);
    if (kind.coverage != PLATO_CRC_NONE && !PINFO_FD_VISITED(pinfo) && !state->fixed) {
        state->fixed = true;
        state->fixed_at = position;
        state->kind = kind;
    }
    return verdict(frame, kind);
}
