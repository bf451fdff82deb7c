/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a row of probes says about the way to the server. No sockets and no clock. */
#ifndef PLATO_PING_REPORT_H
#define PLATO_PING_REPORT_H

#include <glib.h>
#include <stdint.h>

typedef struct report {
    GArray *round_trips; /* int64_t, us, in the order of the probes */
    unsigned lost;
} report;

/* Percentiles are by nearest rank: each is a round trip that was seen. All in us. */
typedef struct report_figures {
    unsigned probes, replies, lost;
    int64_t min, median, p99, max;
    double jitter; /* mean difference of one round trip from the one before it */
} report_figures;

void report_init(report *r);
void report_clear(report *r);
void report_reply(report *r, int64_t round_trip_us);
void report_loss(report *r);

/* All zero but the counts when there is no reply. */
report_figures report_count(const report *r);

/* For people: two lines, or one without a reply. To be freed. */
char *report_text(const report_figures *figures);

/* One JSON object in one line, times in ms; null where there is no reply, and for an address of "":
 * none was found. To be freed. */
char *report_json(const report_figures *figures, const char *address, const char *transport);

#endif
