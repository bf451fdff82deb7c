/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQLite finds damage to its own structure, not to what is in a row. */
#include "store/internal.h"

#include "plato/crc.h"

uint32_t row_crc(const uint64_t *numbers, size_t n, plato_span body)
{
    uint8_t bytes[8 * 8];
    g_assert(n <= 8);
    for (size_t i = 0; i < n; i++) {
        const uint64_t le = GUINT64_TO_LE(numbers[i]);
        memcpy(bytes + 8 * i, &le, 8);
    }
    const uint32_t crc = plato_crc32(PLATO_CRC_IEEE, 0, bytes, 8 * n);
    return plato_crc32(PLATO_CRC_IEEE, crc, body.p, body.n);
}
