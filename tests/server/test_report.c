/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plato-ping makes of round trips. */
#include "ping/report.h"
#include "run_tests.h"

static report r;

static void setup(void)
{
    report_init(&r);
}

static void teardown(void)
{
    report_clear(&r);
}

START_TEST(nothing)
{
    const report_figures f = report_count(&r);
    char *json = report_json(&f, "[::1]:8904", "udp");
    ck_assert_str_eq(json, "{\"address\":\"[::1]:8904\",\"transport\":\"udp\",\"probes\":0,"
                           "\"replies\":0,\"lost\":0,\"min_ms\":null,\"median_ms\":null,"
                           "\"p99_ms\":null,\"max_ms\":null,\"jitter_ms\":null}\n");
    g_free(json);
    json = report_json(&f, "", "udp"); /* the host was never found */
    ck_assert(g_str_has_prefix(json, "{\"address\":null,\"transport\":\"udp\","));
    g_free(json);
}
END_TEST

START_TEST(one_reply_and_a_loss)
{
    report_reply(&r, 1500);
    report_loss(&r);
    const report_figures f = report_count(&r);
    ck_assert_uint_eq(f.probes, 2);
    ck_assert_uint_eq(f.lost, 1);
    ck_assert_int_eq(f.min, 1500);
    ck_assert_int_eq(f.median, 1500);
    ck_assert_int_eq(f.p99, 1500);
    char *text = report_text(&f);
    ck_assert_str_eq(text, "2 probes, 1 replies, 1 lost (50.0 %)\nround trip min 1.500, median "
                           "1.500, p99 1.500, max 1.500, jitter 0.000 ms\n");
    g_free(text);
}
END_TEST

/* 1..200 ms in an order in which each differs from the one before by 1 or 3: by nearest rank. */
START_TEST(percentiles)
{
    for (int64_t ms = 1; ms < 200; ms += 2) {
        report_reply(&r, (ms + 1) * 1000);
        report_reply(&r, ms * 1000);
    }
    const report_figures f = report_count(&r);
    ck_assert_int_eq(f.min, 1000);
    ck_assert_int_eq(f.median, 100000);
    ck_assert_int_eq(f.p99, 198000);
    ck_assert_int_eq(f.max, 200000);
    ck_assert_double_eq_tol(f.jitter, (100 * 1000.0 + 99 * 3000.0) / 199, 0.001);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nothing,
        one_reply_and_a_loss,
        percentiles,
    };
    return run_fixture_tests("report", setup, teardown, TESTS_OF(tests));
}
