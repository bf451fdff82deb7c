/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of named columns as csv (RFC 4180, lines end in LF) or ndjson (an object for each line). */
#ifndef PLATO_ROW_WRITER_H
#define PLATO_ROW_WRITER_H

#include "support/compat.h"

#include <plato/frame.h>
#include <stdio.h>

typedef enum row_format { ROW_CSV, ROW_NDJSON } row_format;

/*
 * A row is written column by column:
 *
 *     row_column(w, "frame");  row_number(w, 7);
 *     row_column(w, "msg_id");                      nothing: the value is absent
 *     ok = row_end(w);
 *
 * The format's syntax is the writer's business. One write to the file for each row.
 */
typedef struct row_writer {
    FILE *file;
    row_format format;
    GString *line;
    const char *column; /* of the value that comes next */
    bool first;         /* no column yet in this row */
} row_writer;

/* `file` stays the caller's. */
void row_writer_init(row_writer *w, FILE *file, row_format format);
void row_writer_clear(row_writer *w);

/* Column names are constants without anything to escape. */
void row_column(row_writer *w, const char *name);

/* At most one value for each column. */
void row_number(row_writer *w, uint64_t value);
void row_seconds(row_writer *w, int64_t seconds, uint32_t nanoseconds); /* seconds + nanoseconds */
void row_name(row_writer *w, const char *name); /* text that needs no escaping */
void row_text(row_writer *w, plato_span text);  /* any bytes: what is not UTF-8 is replaced */

/* False if the file did not take it. */
bool row_end(row_writer *w);

#endif
