/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes metrics in the text format of Prometheus, version 0.0.4. */
#ifndef PLATO_SERVER_EXPOSITION_H
#define PLATO_SERVER_EXPOSITION_H

#include "metrics/histogram.h"

#include <glib.h>

/* The two lines before a metric: `type` is "counter" or "gauge". `help` has no newline. */
void exposition_head(GString *page, const char *name, const char *type, const char *help);

/*
 * One value. `label` NULL: a metric without labels. The value of the label is escaped.
 */
void exposition_value(GString *page, const char *name, const char *label, const char *label_value,
                      uint64_t value);

/* Head and value of a metric without labels. */
void exposition_plain(GString *page, const char *name, const char *type, const char *help,
                      uint64_t value);

/* A whole histogram, in seconds. */
void exposition_histogram(GString *page, const char *name, const char *help, const histogram *h);

#endif
