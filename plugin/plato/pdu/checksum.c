/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/pdu/checksum.h"

#include "plato/pdu/prefs.h"

const char *plato_crc_kind_text(plato_crc_kind kind)
{
    static const char *const ieee[] = {"frame", "payload", "body", "none"};
    static const char *const castagnoli[] = {"frame (CRC-32C)", "payload (CRC-32C)",
                                             "body (CRC-32C)", "none"};
    return kind.polynomial == PLATO_CRC_32C ? castagnoli[kind.coverage] : ieee[kind.coverage];
}

stream_checksum plato_checksum_preferences(void)
{
    G_STATIC_ASSERT(PREF_AUTO == STREAM_CHECKSUM_AUTO);
    return (stream_checksum){
        .verify = plato_pref.verify_crc,
        .coverage = plato_pref.crc_coverage,
        .polynomial = plato_pref.crc_polynomial,
    };
}

stream_checksum plato_checksum_at(const plato_conversation *conversation, uint64_t position)
{
    stream_checksum checksum = plato_checksum_preferences();
    checksum.fixed = conversation->crc.fixed && position >= conversation->crc.fixed_at;
    checksum.kind = conversation->crc.kind;
    return checksum;
}

void plato_keep_checksum(plato_conversation *conversation, uint64_t position,
                         const stream_checksum *checksum)
{
    if (conversation->crc.fixed || !checksum->fixed)
        return;
    conversation->crc.fixed = true;
    conversation->crc.fixed_at = position;
    conversation->crc.kind = checksum->kind;
}
