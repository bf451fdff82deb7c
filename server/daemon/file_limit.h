/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File descriptors: each connection needs one. */
#ifndef PLATO_SERVER_FILE_LIMIT_H
#define PLATO_SERVER_FILE_LIMIT_H

/*
 * Raises the soft limit to the hard one. NULL if that is enough for `connections` (those that are
 * closing included) and the server's own files; else one line for people, to be freed.
 */
char *file_limit_raise(unsigned connections);

#endif
