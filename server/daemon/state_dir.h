/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the server keeps what outlives it. */
#ifndef PLATO_SERVER_STATE_DIR_H
#define PLATO_SERVER_STATE_DIR_H

/*
 * The path of the store's file: in `chosen`, else in $STATE_DIRECTORY, as systemd sets it, else in
 * $XDG_STATE_HOME/plato, which is ~/.local/state/plato by default. The folder is made if it is not
 * there. NULL with one line in `*error` if it cannot be; both to be freed.
 */
char *state_dir_store(const char *chosen, char **error);

#endif
