/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the store share. */
#ifndef PLATO_SERVER_STORE_INTERNAL_H
#define PLATO_SERVER_STORE_INTERNAL_H

#include "store/store.h"

#include <sqlite3.h>

/* The statements that are prepared once. */
typedef enum statement {
    /* of the connection that writes */
    ST_BEGIN,
    ST_COMMIT,
    ST_COUNTER,
    ST_CHAT,
    ST_CHAT_GONE,
    ST_MEMBER,
    ST_MEMBER_GONE,
    ST_DEVICE,
    ST_DEVICE_GONE,
    ST_MESSAGE,
    ST_PAGES,
    ST_OLDEST_TIME,
    ST_FORGET,
    /* of the one that reads */
    ST_FIRST_READING,
    ST_OLDEST = ST_FIRST_READING,
    ST_MESSAGES,
    ST_SENT_BY,
    ST_COUNT,
} statement;

struct store {
    store_options options;
    char *path;
    char *vfs;
    int lock; /* file descriptor; -1 = none */
    sqlite3 *writer;
    sqlite3 *reader;
    sqlite3_stmt *statements[ST_COUNT];
    sqlite3_file *mark;
    char *mark_path; /* must live as long as `mark` */
    uint64_t page_size;
    int wal_pages; /* in the WAL, as of the last commit */
};

/* store.c: one line for people; `what` is what was tried. */
char *store_explain(const struct store *store, sqlite3 *db, const char *what);

/* Prepares, or resets and unbinds, a statement. NULL on an error. */
sqlite3_stmt *store_statement(struct store *store, statement which);

/* statements.c */
bool store_prepare(struct store *store, sqlite3 *db, int first, int end);
bool store_run(sqlite3 *db, const char *sql);

/* A number that the first row has; `otherwise` without a row or on an error. */
int64_t store_number(sqlite3 *db, const char *sql, int64_t otherwise);

/* schema.c: creates the tables of an empty file, or checks what it is. */
bool store_schema(struct store *store, char **error);

/* check.c: is what the file holds what was written? */
bool store_check(struct store *store, char **error);

/* mark.c */
bool mark_open(struct store *store);
void mark_close(struct store *store);
bool mark_write(struct store *store, uint64_t batch_no);
uint64_t mark_read(struct store *store); /* 0 = there is none that can be read */

/* lock.c */
bool lock_take(struct store *store, char **error);
void lock_release(struct store *store);

/* row_crc.c: CRC-32 of numbers and a body, as each row carries it. */
uint32_t row_crc(const uint64_t *numbers, size_t n, plato_span body);

#endif
