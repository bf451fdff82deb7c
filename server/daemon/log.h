/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's log: lines on stderr, with the time in UTC. */
#ifndef PLATO_SERVER_LOG_H
#define PLATO_SERVER_LOG_H

#include "core/core.h"

/* Lines above this level are not written. */
void log_set_level(core_log_level level);

/* "error", "warning", "info" or "debug". False if `name` is none of them. */
bool log_level_parse(const char *name, core_log_level *level);

/* Writes one line; `conn` 0 means that it is about no connection. */
void log_line(core_log_level level, conn_key conn, const char *text);

#endif
