/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of tokens. A line is
 *
 *     DEVICE HASH
 *
 * with a device_id or `*` for any device, and what token_hash_format() writes. Empty lines and
 * those that begin with # are left out. A device may have several lines: while a token is
 * replaced, the old and the new one are good.
 */
#ifndef PLATO_SERVER_TOKEN_FILE_H
#define PLATO_SERVER_TOKEN_FILE_H

#include "auth/token_hash.h"

#include <stdio.h>

#define TOKENS_PER_DEVICE 8 /* and with `*`: a login tries them all, so they are few */

struct token_file;

/*
 * Reads the whole file. NULL with one line for people in `*error` (to be freed), which names the
 * file and the line, if it cannot be read or anything in it is wrong.
 */
struct token_file *token_file_read(const char *path, char **error);

/* NULL is allowed. */
void token_file_free(struct token_file *tokens);

/* How many tokens there are. */
size_t token_file_count(const struct token_file *tokens);

/* True if this device may log in with this token. */
bool token_file_allows(const struct token_file *tokens, uint64_t device_id, const uint8_t *token,
                       size_t n);

/*
 * Reads lines "DEVICE TOKEN" and writes a line of the file for each. False with one line for
 * people in `*error` (to be freed), which names the line, but not the token in it; also when they
 * cannot be read or written to the end.
 */
bool token_file_make_lines(FILE *in, FILE *out, char **error);

#endif
