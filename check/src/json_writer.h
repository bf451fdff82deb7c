/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes JSON, indented by two spaces, into a string:
 *
 *     check_json json = {.out = out};
 *     check_json_begin(&json, NULL, '{');
 *     check_json_text(&json, "name", "crc");           members have names,
 *     check_json_begin(&json, "packets", '[');
 *     check_json_number(&json, NULL, 12);              elements of arrays have none
 *     check_json_end(&json);
 *     check_json_end(&json);                           the outermost end ends the line
 */
#ifndef CHECK_JSON_WRITER_H
#define CHECK_JSON_WRITER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CHECK_JSON_DEPTH 32u /* arrays and objects inside each other */

/* All zero but `out` at first. */
typedef struct check_json {
    GString *out; /* what is written is appended to it; borrowed */
    unsigned depth;
    char closing[CHECK_JSON_DEPTH];
    bool has_any[CHECK_JSON_DEPTH]; /* the array or object has a member already */
} check_json;

/* Begins an object, '{', or an array, '['. */
void check_json_begin(check_json *json, const char *name, char bracket);
void check_json_end(check_json *json);

/* Bytes that are not UTF-8 are replaced. */
void check_json_text(check_json *json, const char *name, const char *text);
void check_json_number(check_json *json, const char *name, uint64_t number);

#endif
