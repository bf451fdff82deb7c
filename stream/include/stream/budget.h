/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of many connections: one allocator, one limit, and spare parts, so that traffic
 * without loss allocates nothing once it runs.
 *
 * One budget belongs to one thread; its connections are used by that thread alone.
 */
#ifndef STREAM_BUDGET_H
#define STREAM_BUDGET_H

#include "plato/allocator.h"

#include <stddef.h>

typedef struct stream_budget stream_budget;

#define STREAM_BUDGET_DEFAULT ((size_t)1 << 30) /* bytes: 1 GiB */

/*
 * `limit`: bytes that all connections of this budget may hold together, 0 for the default. What
 * does not fit is refused, which each connection reports (tcp.h, "Limits"). `allocator` NULL:
 * malloc. NULL without memory. Owned by the caller; must outlive its connections.
 */
stream_budget *stream_budget_new(size_t limit, const plato_allocator *allocator);
void stream_budget_free(stream_budget *budget);

/* Bytes in use: connections, what is known of their segments, and the bytes that wait. */
size_t stream_budget_used(const stream_budget *budget);

#endif
