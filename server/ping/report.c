/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ping/report.h"

#include <stdlib.h>
#include <string.h>

void report_init(report *r)
{
    r->round_trips = g_array_new(FALSE, FALSE, sizeof(int64_t));
    r->lost = 0;
}

void report_clear(report *r)
{
    g_array_unref(r->round_trips);
}

void report_reply(report *r, int64_t round_trip_us)
{
    g_array_append_val(r->round_trips, round_trip_us);
}

void report_loss(report *r)
{
    r->lost++;
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The smallest value that `percent` of the `n` sorted ones do not exceed; n is 1 or more. */
static int64_t percentile(const int64_t *sorted, size_t n, unsigned percent)
{
    return sorted[(n * percent + 99) / 100 - 1];
}

static double jitter(const int64_t *values, size_t n)
{
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        sum += (double)llabs(values[i] - values[i - 1]);
    return n > 1 ? sum / (double)(n - 1) : 0;
}

report_figures report_count(const report *r)
{
    const size_t n = r->round_trips->len;
    report_figures f = {.probes = (unsigned)n + r->lost, .replies = (unsigned)n, .lost = r->lost};
    if (n == 0)
        return f;
    const int64_t *values = (const int64_t *)(const void *)r->round_trips->data;
    int64_t *sorted = g_new(int64_t, n);
    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    f.min = sorted[0];
    f.median = percentile(sorted, n, 50);
    f.p99 = percentile(sorted, n, 99);
    f.max = sorted[n - 1];
    f.jitter = jitter(values, n);
    g_free(sorted);
    return f;
}

static double ms(int64_t us)
{
    return (double)us / 1000;
}

char *report_text(const report_figures *f)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%u probes, %u replies, %u lost (%.1f %%)\n", f->probes,
                           f->replies, f->lost, f->probes > 0 ? 100.0 * f->lost / f->probes : 0.0);
    if (f->replies > 0)
        g_string_append_printf(text,
                               "round trip min %.3f, median %.3f, p99 %.3f, max %.3f, jitter "
                               "%.3f ms\n",
                               ms(f->min), ms(f->median), ms(f->p99), ms(f->max), f->jitter / 1000);
    return g_string_free(text, FALSE);
}

/* JSON has a point, whatever the locale. */
static void append_ms(GString *json, const char *name, gboolean known, double us)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(number, sizeof number, "%.3f", us / 1000);
    g_string_append_printf(json, ",\"%s_ms\":%s", name, known ? number : "null");
}

char *report_json(const report_figures *f, const char *address, const char *transport)
{
    GString *json = g_string_new(NULL);
    const gboolean known = f->replies > 0;
    g_string_append_printf(json, *address != '\0' ? "{\"address\":\"%s\"" : "{\"address\":null%s",
                           address);
    g_string_append_printf(json, ",\"transport\":\"%s\",\"probes\":%u,\"replies\":%u,\"lost\":%u",
                           transport, f->probes, f->replies, f->lost);
    append_ms(json, "min", known, (double)f->min);
    append_ms(json, "median", known, (double)f->median);
    append_ms(json, "p99", known, (double)f->p99);
    append_ms(json, "max", known, (double)f->max);
    append_ms(json, "jitter", f->replies > 1, f->jitter);
    g_string_append(json, "}\n");
    return g_string_free(json, FALSE);
}
