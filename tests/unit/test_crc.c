/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/crc.h"

#include "bytes_of.h"
#include "crc_table.h"
#include "random.h"
#include "run_tests.h"

#include <stdlib.h>

typedef uint32_t (*crc_function)(plato_crc_polynomial, uint32_t, const void *, size_t);

/* The library's choice (libdeflate, where built with it), slice-by-8, and the definition. */
static const crc_function ways[] = {plato_crc32, plato_crc32_table, plato_crc32_bitwise};

START_TEST(check_values)
{
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(ways[i](PLATO_CRC_IEEE, 0, "123456789", 9), 0xcbf43926);
        ck_assert_uint_eq(ways[i](PLATO_CRC_32C, 0, "123456789", 9), 0xe3069283);
        ck_assert_uint_eq(ways[i](PLATO_CRC_IEEE, 0x12345678, "", 0), 0x12345678);
    }
    ck_assert_uint_eq(plato_crc32(PLATO_CRC_IEEE, 7, NULL, 0), 7);
    ck_assert_uint_eq(plato_crc32(PLATO_CRC_32C, 7, NULL, 0), 7);
}
END_TEST

/* Every length up to 300 and random ones above, at every alignment of a word, against the model. */
START_TEST(lengths_and_alignments)
{
    rng r = {1};
    uint8_t *data = malloc(5100);
    ck_assert_ptr_nonnull(data);
    rng_fill(&r, data, 5100);
    for (size_t round = 0; round < 500; round++) {
        const size_t n = round < 300 ? round : rng_below(&r, 5000);
        const uint8_t *p = data + rng_below(&r, 64);
        const uint32_t start = round % 2 ? (uint32_t)rng_next(&r) : 0;
        for (unsigned poly = 0; poly < 2; poly++) {
            const uint32_t expected = model_crc32((plato_crc_polynomial)poly, start, p, n);
            for (size_t i = 0; i < 3; i++)
                ck_assert_uint_eq(ways[i]((plato_crc_polynomial)poly, start, p, n), expected);
        }
    }
    free(data);
}
END_TEST

START_TEST(continued_at_every_split)
{
    rng r = {2};
    uint8_t data[200];
    rng_fill(&r, data, sizeof data);
    for (unsigned poly = 0; poly < 2; poly++) {
        const uint32_t whole = model_crc32((plato_crc_polynomial)poly, 0, data, sizeof data);
        for (size_t split = 0; split <= sizeof data; split++) {
            for (size_t i = 0; i < 3; i++) {
                uint32_t crc = ways[i]((plato_crc_polynomial)poly, 0, data, split);
                crc = ways[i]((plato_crc_polynomial)poly, crc, data + split, sizeof data - split);
                ck_assert_uint_eq(crc, whole);
            }
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {check_values, lengths_and_alignments, continued_at_every_split};
    return RUN_TESTS("crc", tests);
}
