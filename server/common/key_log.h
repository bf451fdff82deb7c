/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The secrets of TLS connections, in a file that Wireshark reads (tls.keylog_file). */
#ifndef PLATO_SERVER_KEY_LOG_H
#define PLATO_SERVER_KEY_LOG_H

/*
 * Opens a regular file, made where there is none, that from then on only its owner may read, to
 * append to it. A file descriptor; -1 and a text for people in `*error`, the caller's, if that
 * cannot be.
 */
int key_log_open(const char *path, char **error);

/* Appends one line, in one write: the file may be that of several programs. False: see errno. */
_Bool key_log_write(int fd, const char *line);

#endif
