/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands on standard input; --help lists them. */
#ifndef PLATO_CLIENT_COMMANDS_H
#define PLATO_CLIENT_COMMANDS_H

#include "client/script.h"

#define COMMAND_MOST_SIZE 67108864 /* bytes of a line, and for /size */

/* Carries out one line. A wrong one ends the client with EXIT_USAGE. Changes `line`. */
void command_run(struct client *client, struct script *script, char *line);

#endif
