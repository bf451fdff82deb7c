/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A person types at a terminal while lines come in: the line that is being typed is kept and drawn
 * here, so that it makes way for what is printed and comes back under it.
 */
#ifndef PLATO_CLIENT_TERMINAL_H
#define PLATO_CLIENT_TERMINAL_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct terminal terminal;

/* Called for each line that was typed, without its end. */
typedef void (*terminal_line)(void *user, const char *line, size_t n);

/* Takes over the terminal `fd`. NULL if it is none. The end of the program gives it back. */
terminal *terminal_new(int fd, terminal_line line, void *user);
void terminal_free(terminal *t);

/* What was typed. False: the end of the input (Ctrl-D on an empty line). */
bool terminal_typed(terminal *t, const char *p, size_t n);

/* What the line begins with. */
void terminal_set_prompt(terminal *t, const char *prompt);

/* Takes the line off the screen, and puts it back. */
void terminal_hide(terminal *t);
void terminal_show(terminal *t);

/* The program was stopped and goes on: takes over the terminal again. */
void terminal_continue(terminal *t);

#endif
