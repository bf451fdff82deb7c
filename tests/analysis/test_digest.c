/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The digest by which contents are compared: every bit counts, and nothing after the end does. */
#include "analysis/analysis.h"
#include "guard_page.h"
#include "run_tests.h"

#include <string.h>

enum { LENGTH = 27 };

static uint64_t digest_of(const uint8_t *p, size_t n)
{
    uint8_t *copy = guarded_copy(p, n);
    const uint64_t digest = analysis_digest((plato_span){copy, n});
    guarded_free(copy, n);
    return digest;
}

START_TEST(every_bit_counts)
{
    uint8_t content[LENGTH];
    uint64_t seen[8 * LENGTH + 1];
    for (size_t i = 0; i < LENGTH; i++)
        content[i] = (uint8_t)(37 * i);
    seen[0] = digest_of(content, LENGTH);
    for (size_t bit = 0; bit < (size_t)8 * LENGTH; bit++) {
        content[bit / 8] ^= (uint8_t)(1u << bit % 8);
        seen[bit + 1] = digest_of(content, LENGTH);
        content[bit / 8] ^= (uint8_t)(1u << bit % 8);
        for (size_t i = 0; i <= bit; i++)
            ck_assert_uint_ne(seen[i], seen[bit + 1]);
    }
    ck_assert_uint_eq(digest_of(content, LENGTH), seen[0]);
}
END_TEST

START_TEST(order_of_words_counts)
{
    ck_assert_uint_ne(digest_of((const uint8_t *)"aaaaaaaabbbbbbbb", 16),
                      digest_of((const uint8_t *)"bbbbbbbbaaaaaaaa", 16));
}
END_TEST

START_TEST(no_bytes)
{
    ck_assert_uint_eq(analysis_digest((plato_span){NULL, 0}),
                      analysis_digest((plato_span){(const uint8_t *)"x", 0}));
    ck_assert_uint_ne(analysis_digest((plato_span){NULL, 0}),
                      analysis_digest((plato_span){(const uint8_t *)"x", 1}));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_bit_counts, order_of_words_counts, no_bytes};
    return RUN_TESTS("digest", tests);
}
