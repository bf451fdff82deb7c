/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checksum of a frame (docs/protocol.md, "CRC").
 *
 * Plato itself: CRC-32/ISO-HDLC over header bytes 0..9, the variable header and the body. Other
 * implementers cover less or use Castagnoli's polynomial; plato_crc_kind names what a sum covers.
 */
#ifndef PLATO_CRC_H
#define PLATO_CRC_H

#include "plato/export.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

PLATO_BEGIN

/* What a CRC field covers. */
typedef enum plato_crc_coverage {
    PLATO_CRC_FRAME = 0,   /* header bytes 0..9, variable header, body: Plato as specified */
    PLATO_CRC_PAYLOAD = 1, /* variable header and body */
    PLATO_CRC_BODY = 2,    /* body only */
    PLATO_CRC_NONE = 3,    /* nothing: the field is 0 */
} plato_crc_coverage;

typedef enum plato_crc_polynomial {
    PLATO_CRC_IEEE = 0, /* CRC-32/ISO-HDLC, as in zlib: "123456789" gives cbf43926 */
    PLATO_CRC_32C = 1,  /* CRC-32C (Castagnoli): "123456789" gives e3069283 */
} plato_crc_polynomial;

/* All zero is Plato as specified. */
typedef struct plato_crc_kind {
    plato_crc_coverage coverage;
    plato_crc_polynomial polynomial;
} plato_crc_kind;

/*
 * Continues a CRC over `n` bytes at `p`. Start with 0; the result is both the sum so far and what
 * to continue from, so crc(b, crc(a, 0)) is the sum of a followed by b. `p` may be NULL when n is
 * 0. Uses libdeflate for PLATO_CRC_IEEE where the library was built with it, else slice-by-8. O(n),
 * no allocation, any thread.
 */
PLATO_API uint32_t plato_crc32(plato_crc_polynomial polynomial, uint32_t crc, const void *p,
                               size_t n);

PLATO_END

#endif
