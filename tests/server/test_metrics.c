/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Histograms, and the text that Prometheus reads. */
#include "metrics/exposition.h"
#include "run_tests.h"

#include <string.h>

START_TEST(text_is_exact)
{
    GString *page = g_string_new(NULL);
    exposition_plain(page, "a_total", "counter", "What a is.", UINT64_MAX);
    exposition_value(page, "b", "name", "say \"\\\n\"", 7);
    ck_assert_str_eq(page->str, "# HELP a_total What a is.\n"
                                "# TYPE a_total counter\n"
                                "a_total 18446744073709551615\n"
                                "b{name=\"say \\\"\\\\\\n\\\"\"} 7\n");
    g_string_free(page, TRUE);
}
END_TEST

START_TEST(ranges_end_where_they_say)
{
    for (size_t i = 0; i < HISTOGRAM_RANGES; i++) {
        histogram h = {0};
        if (i > 0)
            ck_assert_uint_gt(histogram_bound_us(i), histogram_bound_us(i - 1));
        histogram_observe(&h, histogram_bound_us(i));
        ck_assert_uint_eq(h.counts[i], 1);
        if (i + 1 < HISTOGRAM_RANGES) {
            histogram_observe(&h, histogram_bound_us(i) + 1);
            ck_assert_uint_eq(h.counts[i + 1], 1);
        }
    }
    ck_assert_uint_eq(histogram_bound_us(HISTOGRAM_RANGES - 1), UINT64_MAX);
}
END_TEST

START_TEST(histogram_adds_up)
{
    GString *page = g_string_new(NULL);
    histogram h = {0};
    histogram_observe(&h, 0);
    histogram_observe(&h, 60);
    histogram_observe(&h, 1500000);
    histogram_observe(&h, 60000000);
    exposition_histogram(page, "t_seconds", "Time.", &h);
    ck_assert_ptr_nonnull(strstr(page->str, "# TYPE t_seconds histogram\n"));
    ck_assert_ptr_nonnull(strstr(page->str, "t_seconds_bucket{le=\"0.000050\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(page->str, "t_seconds_bucket{le=\"0.000100\"} 2\n"));
    ck_assert_ptr_nonnull(strstr(page->str, "t_seconds_bucket{le=\"10.000000\"} 3\n"));
    ck_assert_ptr_nonnull(strstr(page->str, "t_seconds_bucket{le=\"+Inf\"} 4\n"));
    ck_assert_ptr_nonnull(strstr(page->str, "t_seconds_sum 61.500060\n"));
    ck_assert_ptr_nonnull(strstr(page->str, "t_seconds_count 4\n"));
    g_string_free(page, TRUE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        text_is_exact,
        ranges_end_where_they_say,
        histogram_adds_up,
    };
    return RUN_TESTS("metrics", tests);
}
