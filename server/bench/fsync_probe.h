/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the disk takes to make a small write durable. Disks, above all those of virtual machines,
 * change that by a factor of 30 within minutes: no figure of a durable server means anything
 * without it.
 */
#ifndef PLATO_BENCH_FSYNC_PROBE_H
#define PLATO_BENCH_FSYNC_PROBE_H

#include "bench/histogram.h"

#include <stdbool.h>

#define FSYNC_PROBE_BYTES 512 /* of each write */
#define FSYNC_PROBE_MOST 200  /* writes */

/*
 * Appends to a file without a name in `folder`, and times each write() with its fdatasync(); at
 * most FSYNC_PROBE_MOST of them and about a second. False after an error (errno).
 */
bool fsync_probe(const char *folder, histogram *h);

#endif
