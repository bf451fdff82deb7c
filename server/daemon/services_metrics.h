/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics of the latency and command protocols; docs/command-server.md lists them. */
#ifndef PLATO_SERVER_SERVICES_METRICS_H
#define PLATO_SERVER_SERVICES_METRICS_H

#include "daemon/services.h"

#include <glib.h>

void services_metrics_append(GString *page, const struct services *services);

#endif
