/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crc_table.h"

#include "bytes.h"

#include <stdatomic.h>

enum { EMPTY, FILLING, READY };

/* One set of slices per polynomial: slice[k][b] is the CRC of byte b followed by k zero bytes. */
typedef struct slices {
    atomic_int state;
    uint32_t slice[8][256];
} slices;

static slices tables[2];

static uint32_t reflected(plato_crc_polynomial polynomial)
{
    return polynomial == PLATO_CRC_32C ? 0x82f63b78u : 0xedb88320u;
}

static uint32_t shift_byte(uint32_t poly, uint32_t crc)
{
    for (int bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ (poly & (0u - (crc & 1u)));
    return crc;
}

uint32_t plato_crc32_bitwise(plato_crc_polynomial polynomial, uint32_t crc, const void *p, size_t n)
{
    const uint8_t *bytes = p;
    const uint32_t poly = reflected(polynomial);
    crc = ~crc;
    for (size_t i = 0; i < n; i++)
        crc = shift_byte(poly, crc ^ bytes[i]);
    return ~crc;
}

static void fill(slices *t, uint32_t poly)
{
    for (uint32_t b = 0; b < 256; b++)
        t->slice[0][b] = shift_byte(poly, b);
    for (int k = 1; k < 8; k++) {
        for (uint32_t b = 0; b < 256; b++) {
            uint32_t prev = t->slice[k - 1][b];
            t->slice[k][b] = (prev >> 8) ^ t->slice[0][prev & 0xff];
        }
    }
}

/* The first caller fills the tables; callers in other threads get NULL meanwhile, and do without.
 */
static const slices *ready_slices(plato_crc_polynomial polynomial)
{
    slices *t = &tables[polynomial == PLATO_CRC_32C];
    int state = atomic_load_explicit(&t->state, memory_order_acquire);
    if (state == READY)
        return t;
    if (state == EMPTY && atomic_compare_exchange_strong(&t->state, &state, FILLING)) {
        fill(t, reflected(polynomial));
        atomic_store_explicit(&t->state, READY, memory_order_release);
        return t;
    }
    return NULL;
}

uint32_t plato_crc32_table(plato_crc_polynomial polynomial, uint32_t crc, const void *p, size_t n)
{
    const slices *t = ready_slices(polynomial);
    const uint8_t *b = p;
    if (t == NULL)
        return plato_crc32_bitwise(polynomial, crc, p, n);
    crc = ~crc;
    for (; n >= 8; n -= 8, b += 8) {
        uint32_t low = get_le32(b) ^ crc;
        uint32_t high = get_le32(b + 4);
        crc = t->slice[7][low & 0xff] ^ t->slice[6][low >> 8 & 0xff] ^
              t->slice[5][low >> 16 & 0xff] ^ t->slice[4][low >> 24] ^ t->slice[3][high & 0xff] ^
              t->slice[2][high >> 8 & 0xff] ^ t->slice[1][high >> 16 & 0xff] ^
              t->slice[0][high >> 24];
    }
    for (; n >= 2; n -= 2, b += 2) /* two lookups at once: a frame's header ends with two bytes */
        crc =
            (crc >> 16) ^ t->slice[1][(crc ^ b[0]) & 0xff] ^ t->slice[0][(crc >> 8 ^ b[1]) & 0xff];
    if (n > 0)
        crc = (crc >> 8) ^ t->slice[0][(crc ^ *b) & 0xff];
    return ~crc;
}
