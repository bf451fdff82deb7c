/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run: what takes part in it, and what was observed. */
#ifndef PLATO_BENCH_BENCH_H
#define PLATO_BENCH_BENCH_H

#include "bench/crowd.h"
#include "bench/histogram.h"
#include "bench/load.h"
#include "bench/process.h"

/* Exit codes, as --help lists them. */
enum { EXIT_OK = 0, EXIT_NOT_RUN = 1, EXIT_USAGE = 2, EXIT_LEDGER = 3, EXIT_INCOMPLETE = 4 };

typedef struct bench {
    const bench_options *options;
    struct event_base *base;
    stream_target target;
    struct load *load;
    crowd *crowd;
    struct event *second, *signals[2];
    uint64_t begin_ns, ready_ns, end_ns; /* end_ns: of a run without load, or of the waiting */
    bool started;                        /* the crowd is there: the load has begun */
    bool watches;                        /* --server-pid names a process */
    process_use before, ready, measuring, measured; /* the server */
    process_use own_measuring, own_measured;        /* and ourselves */
    uint64_t measured_ns;                           /* how long was measured */
    uint64_t delivered;                             /* meanwhile */
    histogram fsync_before, fsync_after;
    char *problem;       /* why a connection last failed, or NULL */
    const char *failure; /* NULL, or why there is nothing to report */
} bench;

/* Runs to its end. The exit code; the report is printed. */
int bench_run(const bench_options *options);

/* Prints the report; the exit code that the ledger asks for. */
int report_print(const bench *b);

/* One line on stderr; on a terminal over the last one. */
void report_progress(const bench *b);

#endif
