/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/resync.h"

#include "plato/head.h"

#include <assert.h>
#include <string.h>

/* What a candidate position turned out to be. */
typedef enum candidate {
    NO_FRAME,
    PROVEN,
    LIKELY,
    UNDECIDED,  /* plausible, but too little of it is there */
    TOO_COSTLY, /* plausible, but beyond the budget */
} candidate;

/* A plausible header: version 1, a known type, lengths within the limits. */
static bool plausible(const uint8_t *p, size_t n, const plato_limits *limits, plato_frame *frame)
{
    return plato_frame_parse_header(PLATO_FRAMING_HEADER, p, n, limits, frame) == PLATO_OK &&
           frame->version == PLATO_VERSION_ON_WIRE && plato_msg_type_name(frame->msg_type) != NULL;
}

/* Charges `cost` bytes of work; false if the budget does not have them. */
static bool pay(plato_resync_result *result, const plato_resync_budget *budget, uint64_t cost)
{
    if (cost > budget->max_crc_bytes - result->crc_bytes)
        return false;
    result->crc_bytes += cost;
    assert(result->crc_bytes <= budget->max_crc_bytes);
    return true;
}

/*
 * Its CRC cannot be checked: a variable header that fits exactly is the next best proof. One with
 * unknown fields proves nothing, but may be a later version's.
 */
static candidate check_head(const uint8_t *p, const plato_frame *frame,
                            const plato_resync_budget *budget, plato_resync_result *result)
{
    plato_head head;
    if (!pay(result, budget, frame->var_head_len))
        return TOO_COSTLY;
    if (plato_head_is_proof(frame->msg_type, p + PLATO_HEADER_LEN, frame->var_head_len))
        return LIKELY;
    return plato_head_read(frame->msg_type, p + PLATO_HEADER_LEN, frame->var_head_len, &head) ==
                   PLATO_OK
               ? UNDECIDED
               : NO_FRAME;
}

/* Which CRCs prove a frame, as plato_frame_find_crc_among() takes them. */
typedef struct proving_kinds {
    unsigned coverages; /* 0: none does */
    unsigned polynomials;
    unsigned count; /* how many there are at most: each costs a CRC over the frame */
} proving_kinds;

static candidate check(const uint8_t *p, size_t n, const plato_limits *limits,
                       const proving_kinds *kinds, const plato_resync_budget *budget,
                       plato_resync_result *result, uint64_t *frame_len)
{
    plato_crc_kind found;
    plato_frame frame;
    if (n < PLATO_HEADER_LEN) {
        const bool could_be =
            p[0] == PLATO_VERSION_ON_WIRE && (n < 2 || plato_msg_type_name(p[1]) != NULL);
        return could_be ? UNDECIDED : NO_FRAME;
    }
    if (!plausible(p, n, limits, &frame))
        return NO_FRAME;
    *frame_len = plato_frame_total(&frame);
    if (*frame_len > n) {
        const bool head_is_there =
            frame.var_head_len > 0 && n - PLATO_HEADER_LEN >= frame.var_head_len;
        return head_is_there ? check_head(p, &frame, budget, result) : UNDECIDED;
    }
    if (kinds->coverages == 0) {
        const candidate c = check_head(p, &frame, budget, result);
        return c == UNDECIDED ? NO_FRAME : c; /* nothing more will come that could decide it */
    }
    if (!pay(result, budget, *frame_len * kinds->count))
        return TOO_COSTLY;
    if (plato_frame_parse(PLATO_FRAMING_HEADER, p, n, limits, &frame) != PLATO_OK)
        return NO_FRAME;
    return plato_frame_find_crc_among(&frame, kinds->coverages, kinds->polynomials, &found)
               ? PROVEN
               : NO_FRAME;
}

/* Where the first candidates of each kind lie; n where there is none. */
typedef struct findings {
    size_t likely, undecided, too_costly;
    uint64_t likely_len;
} findings;

static plato_resync_result conclude(plato_resync_result result, const findings *first, size_t n,
                                    size_t looked_at)
{
    if (first->likely < n) {
        result.verdict = PLATO_RESYNC_LIKELY;
        result.skipped = first->likely;
        result.frame_len = first->likely_len;
    } else if (first->too_costly < n || looked_at < n) {
        result.verdict = PLATO_RESYNC_GAVE_UP;
        result.skipped = first->too_costly < looked_at ? first->too_costly : looked_at;
        if (first->undecided < result.skipped)
            result.skipped = first->undecided;
    } else {
        result.verdict = PLATO_RESYNC_NOT_YET;
        result.skipped = first->undecided;
    }
    return result;
}

static plato_resync_result find(const uint8_t *p, size_t n, const plato_limits *limits,
                                const proving_kinds *kinds, const plato_resync_budget *given)
{
    static const plato_resync_budget defaults = PLATO_RESYNC_BUDGET_DEFAULT;
    const plato_resync_budget *budget = given != NULL ? given : &defaults;
    const size_t end = n < budget->max_bytes ? n : (size_t)budget->max_bytes;
    plato_resync_result result = {PLATO_RESYNC_NOT_YET, 0, 0, 0};
    findings first = {n, n, n, 0};
    uint64_t frame_len = 0;

    for (size_t at = 0; at < end; at++) {
        const uint8_t *hit = memchr(p + at, PLATO_VERSION_ON_WIRE, end - at);
        if (hit == NULL)
            break;
        at = (size_t)(hit - p);
        switch (check(hit, n - at, limits, kinds, budget, &result, &frame_len)) {
        case PROVEN:
            result.verdict = PLATO_RESYNC_FOUND;
            result.skipped = at;
            result.frame_len = frame_len;
            return result;
        case LIKELY:
            if (first.likely == n) {
                first.likely = at;
                first.likely_len = frame_len;
            }
            break;
        case UNDECIDED:
            if (first.undecided == n)
                first.undecided = at;
            break;
        case TOO_COSTLY:
            if (first.too_costly == n)
                first.too_costly = at;
            break;
        case NO_FRAME:
            break;
        }
    }
    return conclude(result, &first, n, end);
}

plato_resync_result plato_resync(const uint8_t *p, size_t n, const plato_limits *limits,
                                 plato_crc_kind kind, const plato_resync_budget *budget)
{
    const bool none = kind.coverage == PLATO_CRC_NONE;
    const proving_kinds kinds = {none ? 0 : 1u << kind.coverage, 1u << kind.polynomial, 1};
    return find(p, n, limits, &kinds, budget);
}

static unsigned bits(unsigned set)
{
    unsigned n = 0;
    for (; set != 0; set &= set - 1)
        n++;
    return n;
}

plato_resync_result plato_resync_among(const uint8_t *p, size_t n, const plato_limits *limits,
                                       unsigned coverages, unsigned polynomials,
                                       const plato_resync_budget *budget)
{
    const unsigned all_coverages =
        1u << PLATO_CRC_FRAME | 1u << PLATO_CRC_PAYLOAD | 1u << PLATO_CRC_BODY;
    const unsigned all_polynomials = 1u << PLATO_CRC_IEEE | 1u << PLATO_CRC_32C;
    proving_kinds kinds = {coverages == 0 ? all_coverages : coverages & all_coverages,
                           polynomials == 0 ? all_polynomials : polynomials & all_polynomials, 0};
    kinds.count = bits(kinds.coverages) * bits(kinds.polynomials);
    return find(p, n, limits, &kinds, budget);
}
