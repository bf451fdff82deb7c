/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a scenario. The grammar: docs/mkcap.md. */
#ifndef PLATO_MKCAP_PARSE_H
#define PLATO_MKCAP_PARSE_H

#include "scenario.h"

#define PARSE_BYTES_MAX (G_GUINT64_CONSTANT(1) << 28) /* of all that a scenario sends */

/*
 * `text` as a scenario; the caller's to scenario_free(). NULL with `error` set, its text with the
 * line at fault. `length` bytes of `text` are read, which need not be UTF-8, nor without NULs.
 */
scenario *parse_scenario(const char *text, gsize length, GError **error);

#endif
