/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of the preference plato.descriptor_set and their filter names,
 * `plato.user.<message>.<field>`. docs/bodies.md has the rules of the names.
 */
#ifndef PLATO_HF_USER_H
#define PLATO_HF_USER_H

#include "user_schema/descriptor_set.h"

/*
 * Reads the file and registers its fields with the protocol, in place of those of the file before;
 * "" for none. Does nothing if the name is the same as the last time. A file that cannot be used is
 * reported to the user, and leaves no messages.
 */
void plato_user_use_file(int proto, const char *filename);

/* A message of the file by its full name; NULL if there is no such file or message. */
const user_message *plato_user_find_message(const char *full_name);

#endif
