/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plato-bench computes with: the histogram against sorted values, the bitset, messages. */
#include "bench/bitset.h"
#include "bench/histogram.h"
#include "bench/message.h"
#include "common/random.h"
#include "run_tests.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define VALUES 20000

static int compare(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;
    return one < two ? -1 : one > two;
}

/* From 1 ns to 2^63 ns, all magnitudes alike. */
static uint64_t any_time(prng *random)
{
    return prng_next(random) >> (1 + prng_below(random, 63));
}

START_TEST(histogram_is_right_to_one_128th)
{
    static const double shares[] = {0.0001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    histogram *h = g_new0(histogram, 1);
    uint64_t *values = g_new(uint64_t, VALUES);
    prng random = prng_make(1, 0);
    ck_assert_uint_eq(histogram_at(h, 0.5), 0);
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = any_time(&random);
        histogram_add(h, values[i]);
    }
    qsort(values, VALUES, sizeof *values, compare);
    for (size_t i = 0; i < G_N_ELEMENTS(shares); i++) {
        const uint64_t exact = values[(size_t)(shares[i] * VALUES + 0.999999) - 1];
        const uint64_t got = histogram_at(h, shares[i]);
        ck_assert_msg(got >= exact && got - exact <= exact / 128,
                      "%g: %" G_GUINT64_FORMAT " for %" G_GUINT64_FORMAT, shares[i], got, exact);
    }
    ck_assert_uint_eq(histogram_at(h, 1), values[VALUES - 1]);
    g_free(values);
    g_free(h);
}
END_TEST

START_TEST(histogram_takes_the_ends)
{
    static const uint64_t ends[] = {0, 1, 127, 128, 255, 256, 257, 511, 512, UINT64_MAX};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        histogram *h = g_new0(histogram, 1);
        histogram_add(h, ends[i]);
        histogram_add(h, UINT64_MAX);
        const uint64_t got = histogram_at(h, 0.5);
        ck_assert(got >= ends[i] && got - ends[i] <= ends[i] / 128);
        ck_assert_uint_eq(histogram_at(h, 1), UINT64_MAX);
        g_free(h);
    }
}
END_TEST

START_TEST(bitset_holds_what_was_added)
{
    bitset a = {0}, b = {0};
    GHashTable *model = g_hash_table_new(NULL, NULL);
    prng random = prng_make(2, 0);
    for (int i = 0; i < 5000; i++) {
        const uint64_t number = prng_below(&random, 10000);
        const bool is_new = g_hash_table_add(model, GUINT_TO_POINTER(number));
        ck_assert_int_eq(bitset_add(&a, number), is_new);
        if (i % 3 == 0)
            bitset_add(&b, number);
    }
    uint64_t missing = 0;
    for (uint64_t i = 0; i < 11000; i++) {
        ck_assert_int_eq(bitset_has(&a, i), g_hash_table_contains(model, GUINT_TO_POINTER(i)));
        missing += bitset_has(&a, i) && !bitset_has(&b, i);
    }
    ck_assert_uint_eq(a.count, g_hash_table_size(model));
    ck_assert_uint_eq(bitset_missing(&a, &b), missing);
    ck_assert_uint_eq(bitset_missing(&b, &a), 0);
    ck_assert(!bitset_has(&a, UINT64_MAX));
    g_hash_table_unref(model);
    bitset_clear(&a);
    bitset_clear(&b);
}
END_TEST

/* Any flipped bit of the filler is found. */
START_TEST(messages_show_their_damage)
{
    uint8_t bytes[133];
    const stamp sent = {77, 123456789, 3};
    stamp got;
    for (size_t n = MESSAGE_LEAST; n <= sizeof bytes; n++) {
        message_write(bytes, n, &sent);
        ck_assert(message_read(bytes, n, &got));
        ck_assert(got.number == 77 && got.due_ns == 123456789 && got.sender == 3);
        for (size_t i = 0; i < n * 8; i++) {
            bytes[i / 8] ^= (uint8_t)(1u << i % 8);
            ck_assert(i / 8 < MESSAGE_LEAST || !message_read(bytes, n, &got));
            bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        }
    }
    ck_assert(!message_read(bytes, MESSAGE_LEAST - 1, &got));
}
END_TEST

START_TEST(random_numbers_are_the_same_everywhere)
{
    prng one = prng_make(1, 0), again = prng_make(1, 0), other = prng_make(1, 1);
    for (int i = 0; i < 100; i++) {
        const uint64_t number = prng_next(&one);
        ck_assert_uint_eq(number, prng_next(&again));
        ck_assert_uint_ne(number, prng_next(&other));
        const double unit = prng_unit(&one);
        ck_assert(unit >= 0 && unit < 1 && prng_unit(&again) == unit);
    }
    ck_assert_uint_eq(prng_below(&one, 0), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        histogram_is_right_to_one_128th,
        histogram_takes_the_ends,
        bitset_holds_what_was_added,
        messages_show_their_damage,
        random_numbers_are_the_same_everywhere,
    };
    return RUN_TESTS("parts of plato-bench", tests);
}
