/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CRC a connection's frames carry, and whether one is right. */
#include "stream/checksum.h"

/* A preference as the set that plato_frame_find_crc_among() takes. */
static unsigned as_set(int preference)
{
    return preference == STREAM_CHECKSUM_AUTO ? 0 : 1u << preference;
}

static stream_checksum_result verify_as(const plato_frame *frame, plato_crc_kind kind)
{
    stream_checksum_result result = {STREAM_CHECKSUM_UNVERIFIED, false, true, 0, kind};
    if (kind.coverage == PLATO_CRC_NONE)
        return result;
    result.computed = true;
    result.calculated = plato_frame_crc(frame, kind);
    result.status = result.calculated == frame->crc32 ? STREAM_CHECKSUM_GOOD : STREAM_CHECKSUM_BAD;
    return result;
}

/* What a bad frame is compared with while nothing is known: Plato's own kind, as far as chosen. */
static plato_crc_kind preferred_kind(const stream_checksum *checksum)
{
    plato_crc_kind kind = {PLATO_CRC_FRAME, PLATO_CRC_IEEE};
    if (checksum->coverage != STREAM_CHECKSUM_AUTO)
        kind.coverage = (plato_crc_coverage)checksum->coverage;
    if (checksum->polynomial != STREAM_CHECKSUM_AUTO)
        kind.polynomial = (plato_crc_polynomial)checksum->polynomial;
    return kind;
}

stream_checksum_result stream_checksum_verify(stream_checksum *checksum, const plato_frame *frame)
{
    const stream_checksum_result unverified = {STREAM_CHECKSUM_UNVERIFIED, false, false, 0, {0}};
    plato_crc_kind kind = preferred_kind(checksum);
    if (!checksum->verify)
        return unverified;
    if (checksum->coverage != STREAM_CHECKSUM_AUTO && checksum->polynomial != STREAM_CHECKSUM_AUTO)
        return verify_as(frame, kind);
    if (checksum->fixed)
        return verify_as(frame, checksum->kind);
    if (plato_frame_find_crc_among(frame, as_set(checksum->coverage), as_set(checksum->polynomial),
                                   &kind) &&
        kind.coverage != PLATO_CRC_NONE) {
        checksum->fixed = true;
        checksum->kind = kind;
    }
    return verify_as(frame, kind);
}

stream_checksum_kinds stream_checksum_proving(const stream_checksum *checksum)
{
    stream_checksum_kinds kinds = {as_set(checksum->coverage), as_set(checksum->polynomial)};
    if (checksum->fixed) {
        kinds.coverages = 1u << checksum->kind.coverage;
        kinds.polynomials = 1u << checksum->kind.polynomial;
    }
    if (kinds.coverages == 0)
        kinds.coverages = 1u << PLATO_CRC_FRAME | 1u << PLATO_CRC_PAYLOAD | 1u << PLATO_CRC_BODY;
    return kinds;
}

bool stream_checksum_proves(const stream_checksum *checksum, const plato_frame *frame)
{
    const stream_checksum_kinds kinds = stream_checksum_proving(checksum);
    plato_crc_kind found;
    return plato_frame_find_crc_among(frame, kinds.coverages, kinds.polynomials, &found) &&
           found.coverage != PLATO_CRC_NONE;
}
