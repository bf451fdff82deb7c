/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk that can be cut off: a SQLite file system in memory that keeps what was written apart from
 * what was synced. There is one at a time, under the name DISK_VFS.
 *
 * A power failure keeps what was synced, and of the rest what the seed says: nothing, everything, a
 * start, or any 512-byte sectors. The end of the process alone keeps everything.
 */
#ifndef PLATO_TEST_SIM_DISK_H
#define PLATO_TEST_SIM_DISK_H

#include <stdbool.h>
#include <stdint.h>

#define DISK_VFS "plato-sim"

typedef enum disk_fault {
    DISK_FINE,
    DISK_CUT,  /* this operation and all after it fail and do nothing: the machine stops here */
    DISK_EIO,  /* this write or sync fails once; a write may be done in part */
    DISK_FULL, /* this write fails, and each one after it that would make a file longer */
} disk_fault;

/* An empty disk; what it does at random follows from `seed`. */
void disk_start(uint64_t seed);
void disk_stop(void);

/* The `n`th write or sync from now on (1 = the next) goes wrong. DISK_FINE ends all trouble. */
void disk_arm(disk_fault fault, unsigned n);

/* True once the fault that was armed has struck. */
bool disk_has_struck(void);

/* The end of the process: locks and shared memory go. With `power_failure`, unsynced bytes too. */
void disk_crash(bool power_failure);

/* Writes and syncs so far. */
unsigned disk_operations(void);

#endif
