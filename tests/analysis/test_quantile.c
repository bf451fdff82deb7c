/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The statistics' percentiles against sorting. */
#include <analysis/quantile.h>

#include "run_tests.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* By nearest rank: the smallest that `percent` of the `n` sorted ones do not exceed. */
static int64_t by_sorting(const int64_t *numbers, size_t n, unsigned percent)
{
    int64_t *sorted = g_new(int64_t, n);
    for (size_t i = 0; i < n; i++)
        sorted[i] = numbers[i];
    qsort(sorted, n, sizeof *sorted, compare);
    size_t rank = 1;
    while (rank * 100 < n * percent)
        rank++;
    const int64_t found = sorted[rank - 1];
    g_free(sorted);
    return found;
}

static void check_against_sorting(GRand *rand, unsigned percent, gint32 range)
{
    int64_t numbers[400];
    analysis_quantile q;
    analysis_quantile_init(&q, percent);
    for (size_t n = 0; n < G_N_ELEMENTS(numbers); n++) {
        numbers[n] = g_rand_int_range(rand, -range, range + 1);
        analysis_quantile_add(&q, numbers[n]);
        ck_assert_int_eq(analysis_quantile_get(&q), by_sorting(numbers, n + 1, percent));
    }
    analysis_quantile_clear(&q);
}

START_TEST(exact)
{
    static const unsigned percents[] = {1, 50, 90, 99};
    GRand *rand = g_rand_new_with_seed(8904);
    for (size_t i = 0; i < G_N_ELEMENTS(percents); i++) {
        check_against_sorting(rand, percents[i], 1000000);
        check_against_sorting(rand, percents[i], 3); /* many that are equal */
    }
    g_rand_free(rand);
}
END_TEST

START_TEST(sorted_input)
{
    for (int way = -1; way <= 1; way += 2) {
        analysis_quantile q;
        analysis_quantile_init(&q, 99);
        for (int64_t i = 1; i <= 1000; i++)
            analysis_quantile_add(&q, way * i);
        ck_assert_int_eq(analysis_quantile_get(&q), way > 0 ? 990 : -11);
        analysis_quantile_clear(&q);
    }
}
END_TEST

/* Of more than are kept, an even part stands for all. */
START_TEST(bounded)
{
    const uint64_t n = 2 * (uint64_t)ANALYSIS_QUANTILE_KEPT_MAX + 1000;
    analysis_quantile median, p99;
    analysis_quantile_init(&median, 50);
    analysis_quantile_init(&p99, 99);
    for (uint64_t i = 0; i < n; i++) {
        const int64_t number = (int64_t)(i * 2654435761u % n); /* each once */
        analysis_quantile_add(&median, number);
        analysis_quantile_add(&p99, number);
    }
    ck_assert_uint_le(median.low->len + median.high->len, ANALYSIS_QUANTILE_KEPT_MAX);
    ck_assert_uint_gt(median.low->len + median.high->len, ANALYSIS_QUANTILE_KEPT_MAX / 4);
    ck_assert_int_le(llabs(analysis_quantile_get(&median) - (int64_t)n / 2), (int64_t)n / 1000);
    ck_assert_int_le(llabs(analysis_quantile_get(&p99) - (int64_t)(n / 100 * 99)),
                     (int64_t)n / 1000);
    analysis_quantile_clear(&median);
    analysis_quantile_clear(&p99);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {exact, sorted_input, bounded};
    return RUN_TESTS("quantile", tests);
}
