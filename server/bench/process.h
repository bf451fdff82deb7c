/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What another process has used, from /proc. */
#ifndef PLATO_BENCH_PROCESS_H
#define PLATO_BENCH_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct process_use {
    uint64_t cpu_ns;    /* user and system, all threads; the kernel counts it in ticks of 10 ms */
    uint64_t rss_bytes; /* resident memory */
} process_use;

/* False if there is no such process, or it may not be looked at. */
bool process_look(int pid, process_use *use);

#endif
