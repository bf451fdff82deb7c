/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resynchronisation keeps to its budget whatever the bytes are; what it finds is a frame, and where
 * it had budget enough, it is the first one. In both framings.
 */
#include "fuzz_input.h"

#include "plato/head.h"
#include "plato/resync.h"

#define STREAM_MAX 2048u /* the model below is quadratic */

/* A CRC over nothing proves nothing, so this is not plato_frame_check_crc(). */
static bool proven(const uint8_t *p, size_t n, const plato_limits *limits, plato_crc_kind kind)
{
    plato_frame frame;
    plato_crc_kind found;
    return plato_frame_parse(PLATO_FRAMING_HEADER, p, n, limits, &frame) == PLATO_OK &&
           frame.version == PLATO_VERSION_ON_WIRE && plato_msg_type_name(frame.msg_type) != NULL &&
           kind.coverage != PLATO_CRC_NONE &&
           plato_frame_find_crc_among(&frame, 1u << kind.coverage, 1u << kind.polynomial, &found);
}

static size_t first_proven(const uint8_t *p, size_t n, const plato_limits *limits,
                           plato_crc_kind kind)
{
    for (size_t at = 0; at < n; at++) {
        if (proven(p + at, n - at, limits, kind))
            return at;
    }
    return n;
}

/* With budget enough: the first frame, and nothing that could still become one is skipped. */
static void require_complete(const uint8_t *p, size_t n, const plato_limits *limits,
                             plato_crc_kind kind)
{
    const plato_resync_budget plenty = {UINT64_MAX, UINT64_MAX};
    const plato_resync_result got = plato_resync(p, n, limits, kind, &plenty);
    const size_t model = first_proven(p, n, limits, kind);
    REQUIRE(got.verdict != PLATO_RESYNC_GAVE_UP);
    REQUIRE((got.verdict == PLATO_RESYNC_FOUND) == (model < n));
    if (got.verdict == PLATO_RESYNC_FOUND)
        REQUIRE(got.skipped == model);
    if (got.verdict == PLATO_RESYNC_NOT_YET) {
        const plato_resync_result rest =
            plato_resync(p + got.skipped, n - got.skipped, limits, kind, &plenty);
        REQUIRE(rest.verdict == PLATO_RESYNC_NOT_YET && rest.skipped == 0);
    }
}

static size_t first_msgcmd(const uint8_t *p, size_t n, const plato_limits *limits)
{
    size_t at = 0;
    while (at < n && !plato_msgcmd_is_proof(p + at, n - at, limits))
        at++;
    return at;
}

/* The length-prefixed framing. */
static void check_msgcmd(const uint8_t *p, size_t n, const plato_limits *limits,
                         const plato_resync_budget *budget)
{
    const plato_resync_budget plenty = {UINT64_MAX, UINT64_MAX};
    const size_t model = first_msgcmd(p, n, limits);
    plato_resync_result got = plato_msgcmd_resync(p, n, limits, &plenty);
    REQUIRE((got.verdict == PLATO_RESYNC_FOUND) == (model < n));
    REQUIRE(got.skipped == model);
    got = plato_msgcmd_resync(p, n, limits, budget);
    REQUIRE(got.crc_bytes <= budget->max_crc_bytes);
    REQUIRE(got.skipped <= n);
    REQUIRE(got.verdict != PLATO_RESYNC_GAVE_UP || got.skipped <= budget->max_bytes);
    if (got.verdict == PLATO_RESYNC_FOUND)
        REQUIRE(plato_msgcmd_is_proof(p + got.skipped, n - got.skipped, limits) &&
                got.frame_len <= n - got.skipped);
    const plato_framing framing = plato_framing_by_search(p, n, limits, budget);
    REQUIRE(framing != PLATO_FRAMING_MSGCMD || got.verdict == PLATO_RESYNC_FOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    const uint8_t choice = take_byte(&in);
    const plato_crc_kind kind = {choice & 3, choice >> 2 & 1};
    const plato_limits limits = {(choice & 8) != 0 ? 16 : 65536,
                                 (choice & 16) != 0 ? 64 : 16777216};
    const plato_resync_budget budget = {take_number(&in, 2), take_number(&in, 2)};
    const size_t n = in.n < STREAM_MAX ? in.n : STREAM_MAX;
    const plato_resync_result got = plato_resync(in.p, n, &limits, kind, &budget);
    REQUIRE(got.crc_bytes <= budget.max_crc_bytes);
    REQUIRE(got.skipped <= n);
    if (got.verdict == PLATO_RESYNC_FOUND)
        REQUIRE(proven(in.p + got.skipped, n - got.skipped, &limits, kind) &&
                got.frame_len <= n - got.skipped);
    if (got.verdict == PLATO_RESYNC_LIKELY)
        REQUIRE(got.frame_len > PLATO_HEADER_LEN && got.skipped < n);
    require_complete(in.p, n, &limits, kind);
    check_msgcmd(in.p, n, &limits, &budget);
    return 0;
}
