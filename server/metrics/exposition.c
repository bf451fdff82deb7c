/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics/exposition.h"

void exposition_head(GString *page, const char *name, const char *type, const char *help)
{
    g_string_append_printf(page, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void append_escaped(GString *page, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            g_string_append(page, "\\n");
            continue;
        }
        if (*text == '\\' || *text == '"')
            g_string_append_c(page, '\\');
        g_string_append_c(page, *text);
    }
}

void exposition_value(GString *page, const char *name, const char *label, const char *label_value,
                      uint64_t value)
{
    g_string_append(page, name);
    if (label != NULL && label_value != NULL) {
        g_string_append_printf(page, "{%s=\"", label);
        append_escaped(page, label_value);
        g_string_append(page, "\"}");
    }
    g_string_append_printf(page, " %" G_GUINT64_FORMAT "\n", value);
}

void exposition_plain(GString *page, const char *name, const char *type, const char *help,
                      uint64_t value)
{
    exposition_head(page, name, type, help);
    exposition_value(page, name, NULL, NULL, value);
}

/* Seconds with all six digits: no rounding, and no locale's comma. */
static void append_seconds(GString *page, uint64_t us)
{
    g_string_append_printf(page, "%" G_GUINT64_FORMAT ".%06" G_GUINT64_FORMAT, us / 1000000,
                           us % 1000000);
}

void exposition_histogram(GString *page, const char *name, const char *help, const histogram *h)
{
    uint64_t total = 0;
    exposition_head(page, name, "histogram", help);
    for (size_t i = 0; i < HISTOGRAM_RANGES; i++) {
        total += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
        g_string_append_printf(page, "%s_bucket{le=\"", name);
        if (histogram_bound_us(i) == UINT64_MAX)
            g_string_append(page, "+Inf");
        else
            append_seconds(page, histogram_bound_us(i));
        g_string_append_printf(page, "\"} %" G_GUINT64_FORMAT "\n", total);
    }
    g_string_append_printf(page, "%s_sum ", name);
    append_seconds(page, atomic_load_explicit(&h->sum_us, memory_order_relaxed));
    g_string_append_printf(page, "\n%s_count %" G_GUINT64_FORMAT "\n", name, total);
}
