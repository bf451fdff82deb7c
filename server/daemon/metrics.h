/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page of metrics, over HTTP on the loopback interface; docs/server.md lists them. */
#ifndef PLATO_SERVER_METRICS_H
#define PLATO_SERVER_METRICS_H

#include "daemon/counts.h"
#include "daemon/pump.h"
#include "daemon/services.h"

struct metrics;

/*
 * Answers GET /metrics on 127.0.0.1 with what `pump`, `counts` and `services` say then; they must
 * outlive it. `services` NULL: there are none. Port 0: any free one. NULL with one line for people
 * in `*error`, to be freed.
 */
struct metrics *metrics_new(struct event_base *base, int port, const struct pump *pump,
                            server_counts *counts, const struct services *services, char **error);

/* NULL is allowed. */
void metrics_free(struct metrics *metrics);

/* "127.0.0.1:9100" */
const char *metrics_address(const struct metrics *metrics);

#endif
