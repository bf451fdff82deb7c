/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options as rows of a table: name, place, range and help stand once. */
#ifndef PLATO_SERVER_OPTION_TABLE_H
#define PLATO_SERVER_OPTION_TABLE_H

#include <glib.h>
#include <stdbool.h>

typedef enum option_kind {
    OPTION_NUMBER, /* an integer of `size` bytes */
    OPTION_TEXT,   /* a char *, NULL if it is not given */
    OPTION_FLAG,   /* a gboolean */
} option_kind;

typedef struct option_row {
    const char *name;
    char letter; /* 0: none */
    option_kind kind;
    size_t offset, size; /* of the value in the caller's struct */
    const char *unit;    /* "SECONDS", "FILE"; NULL for a flag */
    const char *help;    /* of a number, without its default, which is added */
    gint64 scale;        /* a number is given in units of this many: 1000 for SECONDS into ms */
    gint64 least, most;  /* of a number, as given */
    bool unsaid;         /* the default is not added: the help says it */
} option_row;

typedef struct option_group {
    const char *name;  /* one word */
    const char *title; /* "Limits:" */
    const option_row *rows;
    size_t n;
} option_group;

/* What --help says before the options and after them. */
typedef struct option_text {
    const char *summary;
    const char *description;
} option_text;

/*
 * Reads argv into `values`, a struct in which the defaults stand. False with `*error`. With --help
 * (also -h), puts the help into `*help`, the caller's to free, and does not look at the rest.
 */
bool option_table_parse(const option_group *groups, size_t n, const option_text *text, void *values,
                        int argc, char **argv, char **help, GError **error);

#endif
