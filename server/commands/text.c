/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text commands on the wire; plato/textcmd.h has the grammar. */
#include "commands/syntax.h"

#include "plato/textcmd.h"

#include <string.h>

typedef struct lines {
    plato_textcmd_decoder *decoder;
    request_handler handle;
    void *user;
    uint64_t fed; /* bytes */
} lines;

static bool is(plato_span span, const char *text)
{
    return span.n == strlen(text) && memcmp(span.p, text, span.n) == 0;
}

static int on_line(void *user, const plato_textcmd_event *event)
{
    const lines *l = user;
    const plato_textcmd *command = &event->command;
    command_request one = {
        .row = answer_find(command->type), .type = command->type, .params = command->params};
    one.wrong =
        one.row != NULL && (!answer_takes(one.row, one.params) ||
                            (is(one.type, "ECHO") && !plato_textcmd_is_integer(one.params)));
    return l->handle(l->user, &one);
}

static void *lines_open(request_handler handle, void *user)
{
    lines *l = g_new0(lines, 1);
    plato_textcmd_config config;
    plato_textcmd_config_init(&config);
    config.handler = on_line;
    config.user = l;
    l->handle = handle;
    l->user = user;
    if (plato_textcmd_decoder_new(&config, NULL, &l->decoder) != PLATO_OK)
        g_clear_pointer(&l, g_free);
    return l;
}

static void lines_close(void *state)
{
    lines *l = state;
    plato_textcmd_decoder_free(l->decoder);
    g_free(l);
}

static ptrdiff_t lines_feed(void *state, const uint8_t *p, size_t n)
{
    lines *l = state;
    const ptrdiff_t used = plato_textcmd_decoder_feed(l->decoder, p, n);
    l->fed += used > 0 ? (uint64_t)used : 0;
    return used;
}

static bool lines_inside(const void *state, uint64_t *start)
{
    const lines *l = state;
    *start = plato_textcmd_decoder_offset(l->decoder);
    return l->fed > *start;
}

static void lines_write_same(const command_request *request, GByteArray *out)
{
    g_byte_array_append(out, request->type.p, (guint)request->type.n);
    g_byte_array_append(out, (const guint8 *)"/", 1);
    g_byte_array_append(out, request->params.p, (guint)request->params.n);
    g_byte_array_append(out, (const guint8 *)"\r\n", 2);
}

static void lines_write_result(const command_request *request, const GString *result,
                               GByteArray *out)
{
    uint8_t line[PLATO_TEXTCMD_LINE_MAX];
    size_t n = 0;
    const plato_span plain = {(const uint8_t *)result->str, result->len};
    if (plato_textcmd_encode(request->type, plain, line, sizeof line, &n) == PLATO_OK)
        g_byte_array_append(out, line, (guint)n);
}

static void lines_write_error(const void *state, const command_request *request, uint32_t code,
                              const char *reason, GByteArray *out)
{
    uint8_t line[PLATO_TEXTCMD_LINE_MAX];
    size_t n = 0;
    (void)state;
    (void)request;
    if (plato_textcmd_encode_error(code, reason, line, sizeof line, &n) == PLATO_OK)
        g_byte_array_append(out, line, (guint)n);
}

const command_syntax text_syntax = {.name = "text",
                                    .open = lines_open,
                                    .close = lines_close,
                                    .feed = lines_feed,
                                    .inside = lines_inside,
                                    .write_same = lines_write_same,
                                    .write_result = lines_write_result,
                                    .write_error = lines_write_error};
