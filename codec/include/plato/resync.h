/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the next frame in a damaged or partly captured stream, for tools and the dissector. A
 * live server closes the connection instead.
 *
 * Plato has no magic, so proof is required: a plausible fixed header (version 1, a known type,
 * lengths within the limits) and a CRC that fits. The work is bounded whatever the bytes are.
 */
#ifndef PLATO_RESYNC_H
#define PLATO_RESYNC_H

#include "plato/crc.h"
#include "plato/export.h"
#include "plato/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

PLATO_BEGIN

/* How much work one call may do. NULL means PLATO_RESYNC_BUDGET_DEFAULT. */
typedef struct plato_resync_budget {
    uint64_t max_bytes;     /* bytes looked at for a header; default 1 MiB */
    uint64_t max_crc_bytes; /* bytes run through a CRC or a head's parse; default 4 MiB */
} plato_resync_budget;

#define PLATO_RESYNC_BUDGET_DEFAULT                                                                \
    {                                                                                              \
        1048576u, 4194304u                                                                         \
    }

typedef enum plato_resync_verdict {
    /* A complete frame with a right CRC begins after `skipped` bytes. */
    PLATO_RESYNC_FOUND = 1,
    /* A frame whose end is not there yet begins after `skipped` bytes: plausible header, and a
       variable header that parses exactly with known fields only. */
    PLATO_RESYNC_LIKELY = 2,
    /* No frame begins in the first `skipped` bytes. What follows them (less than a header, or a
       plausible one with too few bytes after it to decide) may still be a frame's start. */
    PLATO_RESYNC_NOT_YET = 3,
    /* The budget was used up before the bytes were. Nothing was found in the first `skipped`
       bytes. */
    PLATO_RESYNC_GAVE_UP = 4,
} plato_resync_verdict;

typedef struct plato_resync_result {
    plato_resync_verdict verdict;
    size_t skipped;     /* bytes before what the verdict is about */
    uint64_t crc_bytes; /* bytes run through a CRC or a head's parse: the work that was done */
    uint64_t frame_len; /* FOUND, LIKELY: bytes of the frame */
} plato_resync_result;

/*
 * Looks for the first fixed-header frame in `n` bytes at `p`; p[0] itself is a candidate. A
 * complete frame that proves itself is preferred to an earlier one that is only likely. `kind` says
 * which CRC proves (PLATO_CRC_NONE proves nothing: then there are only likely frames). A candidate
 * whose CRC would cost more than is left of the budget is passed over, so a forged length cannot
 * use it up at once; if nothing else is found, that is PLATO_RESYNC_GAVE_UP. O(min(n, max_bytes) +
 * max_crc_bytes), no allocation.
 */
PLATO_API plato_resync_result plato_resync(const uint8_t *p, size_t n, const plato_limits *limits,
                                           plato_crc_kind kind, const plato_resync_budget *budget);

/*
 * The same where it is not known which kind the stream uses: any kind among `coverages` and
 * `polynomials` (as plato_frame_find_crc_among() takes them) proves a frame, except PLATO_CRC_NONE.
 * The work of each kind that is tried counts.
 */
PLATO_API plato_resync_result plato_resync_among(const uint8_t *p, size_t n,
                                                 const plato_limits *limits, unsigned coverages,
                                                 unsigned polynomials,
                                                 const plato_resync_budget *budget);

/*
 * Whether a whole frame of the length-prefixed variant begins at p[0] beyond doubt. There is no
 * CRC, so everything must fit: the length, a MsgCmd of Type and Payload with nothing unknown, and
 * in it the message of that type, whose head has known fields only (docs/protocol.md, "The
 * length-prefixed variant"). Bytes after the frame are ignored. O(length of the frame), no
 * allocation.
 */
PLATO_API bool plato_msgcmd_is_proof(const uint8_t *p, size_t n, const plato_limits *limits);

/*
 * Looks for the first frame of the variant that plato_msgcmd_is_proof() accepts in `n` bytes at
 * `p`; p[0] itself is a candidate. PLATO_RESYNC_FOUND as for plato_resync(). PLATO_RESYNC_NOT_YET:
 * there is no whole one, and `skipped` is n, although a frame whose end is missing may begin before
 * that: less than a whole one cannot be told from chance. PLATO_RESYNC_GAVE_UP: max_bytes were
 * looked at, and no frame was found to begin in the first `skipped`. A candidate longer than what
 * is left of max_crc_bytes is passed over. O(min(n, max_bytes) + max_crc_bytes), no allocation.
 */
PLATO_API plato_resync_result plato_msgcmd_resync(const uint8_t *p, size_t n,
                                                  const plato_limits *limits,
                                                  const plato_resync_budget *budget);

/*
 * Which framing a stream uses, of which `n` bytes at `p` are known to begin with a frame: the first
 * byte of a fixed header is the version, never 0, and that of a length prefix is 0 below 16 MiB.
 * 0 if there are too few bytes to say. O(1).
 */
PLATO_API plato_framing plato_framing_by_start(const uint8_t *p, size_t n);

/*
 * The same of `n` bytes from anywhere in a stream: the framing of the first frame that proves
 * itself, as plato_resync_among() (any CRC) and plato_msgcmd_resync() find them, each within
 * `budget`. 0 if there is none.
 */
PLATO_API plato_framing plato_framing_by_search(const uint8_t *p, size_t n,
                                                const plato_limits *limits,
                                                const plato_resync_budget *budget);

PLATO_END

#endif
