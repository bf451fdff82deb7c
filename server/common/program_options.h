/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs do alike with their command lines. */
#ifndef PLATO_SERVER_PROGRAM_OPTIONS_H
#define PLATO_SERVER_PROGRAM_OPTIONS_H

#include <glib.h>

/* Parses by the entries of `context`, which it frees; nothing may be left. */
gboolean program_options_parse(GOptionContext *context, int argc, char **argv, GError **error);

/* An argument that no option took is an error. */
gboolean program_options_nothing_left(int argc, char **argv, GError **error);

/* The ends that a command line can make of `program`; both return its exit code. */
int program_options_version(const char *program);
int program_options_wrong(const char *program, const char *text);

#endif
