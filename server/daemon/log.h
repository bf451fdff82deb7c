/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's log: one line on stderr for each event, of words KEY=VALUE:
 *
 *     time=2026-05-01T10:00:00.123456Z level=info conn=7 msg="connected" peer=192.0.2.1:40000
 *
 * Values that are not plain words are quoted; in them `"`, `\` and all bytes that are not
 * printable ASCII are escaped. So whatever a peer has sent, a line stays one line.
 */
#ifndef PLATO_SERVER_LOG_H
#define PLATO_SERVER_LOG_H

#include "core/core.h"

/* Lines above this level are not written. */
void log_set_level(core_log_level level);

/* "error", "warning", "info" or "debug". False if `name` is none of them. */
bool log_level_parse(const char *name, core_log_level *level);

/* Writes one line; `conn` 0 means that it is about no connection. */
void log_line(core_log_level level, conn_key conn, const char *text);

/* The same with further pairs of key and value after it, both strings; NULL ends them. */
void log_event(core_log_level level, conn_key conn, const char *text, ...) G_GNUC_NULL_TERMINATED;

#endif
