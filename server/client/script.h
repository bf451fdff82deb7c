/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standard input: one command after the other, each when the one before it is done. */
#ifndef PLATO_CLIENT_SCRIPT_H
#define PLATO_CLIENT_SCRIPT_H

#include "client/client.h"

struct script *script_new(struct client *client);
void script_free(struct script *script);

/* There is a connection: read commands; or go on, if it is not the first. */
void script_start(struct script *script);

/* There is none: no command is carried out until there is. */
void script_offline(struct script *script);

/* Something happened that the current command may have waited for. */
void script_go_on(struct script *script);

/* The next command waits for this many milliseconds. */
void script_wait(struct script *script, unsigned ms);

/* The next command waits until `n` more messages of others were shown; fails after `ms`. */
void script_expect(struct script *script, uint64_t n, unsigned ms);

/* No command comes after this one. */
void script_quit(struct script *script);

/* This command cannot be carried out. A person may try again; for a script it is the end. */
void script_fail(struct script *script, const char *why);

#endif
