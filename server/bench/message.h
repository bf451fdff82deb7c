/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the load's messages hold: a stamp by which the receiver knows them, then filler that
 * follows from the stamp, so that a message that was damaged on its way is recognised.
 *
 *     offset  bytes
 *          0      8  number of the message at its sender, from 1
 *          8      8  when it was to be sent; ns of CLOCK_MONOTONIC
 *         16      4  the sender's place in its session
 *         20      .  filler
 */
#ifndef PLATO_BENCH_MESSAGE_H
#define PLATO_BENCH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_LEAST 20u /* bytes */

typedef struct stamp {
    uint64_t number;
    uint64_t due_ns;
    uint32_t sender;
} stamp;

/* Fills `n` bytes at `p`, at least MESSAGE_LEAST. */
void message_write(uint8_t *p, size_t n, const stamp *s);

/* False if the bytes are not what message_write() makes of any stamp. */
bool message_read(const uint8_t *p, size_t n, stamp *s);

#endif
