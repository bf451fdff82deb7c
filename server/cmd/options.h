/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of plato-cmd. */
#ifndef PLATO_CMD_OPTIONS_H
#define PLATO_CMD_OPTIONS_H

#include "common/tls_options.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct cmd_options {
    char *host;
    int port;
    tls_options tls;
    gboolean binary;
    gboolean alt_magic; /* binary: $$$$ */
    gboolean hex;       /* print the reply in hexadecimal */
    double timeout_s;
    char *type;         /* as given: a name, or for binary also a number */
    GByteArray *params; /* plain bytes */
} cmd_options;

/*
 * Returns -1 to go on, else the exit code: 0 after --help and --version, 2 after an error, which
 * has been reported on stderr. `options` is to be cleared in each case.
 */
int cmd_options_parse(int argc, char **argv, cmd_options *options);
void cmd_options_clear(cmd_options *options);

#endif
