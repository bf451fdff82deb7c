/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of text that people write. */
#ifndef PLATO_SERVER_TEXT_FILE_H
#define PLATO_SERVER_TEXT_FILE_H

/*
 * The whole file, to be freed. NULL with one line for people in `*error` (to be freed), which names
 * the file, if it cannot be read or holds a zero byte: what follows one would be overlooked.
 */
char *text_file_read(const char *path, char **error);

#endif
