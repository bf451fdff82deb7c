/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json_writer.h"

#include <assert.h>
#include <inttypes.h>

static void add_quoted(GString *out, const char *text)
{
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    g_string_append_c(out, '"');
    for (const char *p = text; *p != '\0'; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c < 0x20 && letters[c] != 0)
            g_string_append_printf(out, "\\%c", letters[c]);
        else if (c < 0x20)
            g_string_append_printf(out, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            g_string_append_printf(out, "\\%c", c);
        else if (c == '/' && p > text && p[-1] == '<')
            g_string_append(out, "\\/"); /* "</script>" would end a script that holds the report */
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}

static void add_line(check_json *json)
{
    g_string_append_c(json->out, '\n');
    for (unsigned i = 0; i < json->depth; i++)
        g_string_append(json->out, "  ");
}

/* What stands before a value: the comma, the line, the name. */
static void add_value(check_json *json, const char *name)
{
    if (json->depth > 0) {
        bool *has_any = &json->has_any[json->depth - 1];
        assert((json->closing[json->depth - 1] == '}') == (name != NULL));
        if (*has_any)
            g_string_append_c(json->out, ',');
        *has_any = true;
        add_line(json);
    }
    if (name != NULL) {
        add_quoted(json->out, name);
        g_string_append(json->out, ": ");
    }
}

void check_json_begin(check_json *json, const char *name, char bracket)
{
    assert(json->depth < CHECK_JSON_DEPTH);
    assert(bracket == '{' || bracket == '[');
    add_value(json, name);
    g_string_append_c(json->out, bracket);
    json->closing[json->depth] = bracket == '{' ? '}' : ']';
    json->has_any[json->depth++] = false;
}

void check_json_end(check_json *json)
{
    assert(json->depth > 0);
    json->depth--;
    if (json->has_any[json->depth])
        add_line(json);
    g_string_append_c(json->out, json->closing[json->depth]);
    if (json->depth == 0)
        g_string_append_c(json->out, '\n');
}

void check_json_text(check_json *json, const char *name, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    add_value(json, name);
    add_quoted(json->out, valid);
    g_free(valid);
}

void check_json_number(check_json *json, const char *name, uint64_t number)
{
    add_value(json, name);
    g_string_append_printf(json->out, "%" PRIu64, number);
}
