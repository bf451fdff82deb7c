/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of a scenario as words, and what a word may mean. A word is a run of characters other than
 * blanks; "..." and '...' hold blanks too; # where a word would begin is a comment.
 */
#ifndef PLATO_MKCAP_WORDS_H
#define PLATO_MKCAP_WORDS_H

#include <glib.h>

#define MKCAP_ERROR (g_quark_from_static_string("mkcap"))
#define MKCAP_FILL_MAX (64u << 20) /* bytes of one fill:N */

/* NAME=VALUE; or VALUE alone, then `name` is NULL. */
typedef struct word {
    char *name;
    GByteArray *value; /* a NUL follows its `len` bytes */
    gboolean quoted;
} word;

/* The words of a line, or NULL with `error` set. Free with g_ptr_array_unref(). */
GPtrArray *words_split(const char *line, GError **error);

/* Whether the word is these characters, unquoted and without a name. */
gboolean word_is(const word *w, const char *text);

/* The value as text; owned by the word. It may hold a NUL where it was quoted. */
const char *word_text(const word *w);

/* The readers set `error` and return FALSE (or NULL) for a value that does not fit. */

gboolean word_number(const word *w, guint64 max, guint64 *number, GError **error);
gboolean word_yes_no(const word *w, gboolean *yes, GError **error);

/* Nanoseconds: a decimal number with the unit ns, us, ms, s or min. */
gboolean word_time(const word *w, guint64 *ns, GError **error);

/* Numbers separated by commas, each from 1 to `max`: guint64 each. */
GArray *word_numbers(const word *w, guint64 max, GError **error);

/* Texts separated by commas, none of them empty. */
GPtrArray *word_list(const word *w, GError **error);

/* Bytes: the text itself; unquoted also hex:0102ff and fill:N, N letters of a fixed pattern. */
GByteArray *word_bytes(const word *w, GError **error);

/* Sets `error` to a text about the word and returns FALSE. */
gboolean word_refuse(const word *w, GError **error, const char *why);

#endif
