/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/exchange.h"

#include "common/wait_socket.h"
#include "plato/textcmd.h"

#include <string.h>

static plato_span span_of(const char *text)
{
    return (plato_span){(const uint8_t *)text, strlen(text)};
}

static bool write_line(const cmd_options *options, GByteArray *to, char **error)
{
    uint8_t line[PLATO_TEXTCMD_LINE_MAX];
    size_t n = 0;
    char *clock = g_strdup_printf("%u", (unsigned)(uint32_t)(wait_now_us() / 1000));
    const bool own_clock = options->params->len == 0 && strcmp(options->type, "ECHO") == 0;
    const plato_span params =
        own_clock ? span_of(clock) : (plato_span){options->params->data, options->params->len};
    const plato_err code =
        plato_textcmd_encode(span_of(options->type), params, line, sizeof line, &n);
    g_free(clock);
    if (code == PLATO_ERR_ARGUMENT)
        *error = g_strdup("TYPE may have letters, digits, '-', '.', '_' and '~'");
    else if (code != PLATO_OK)
        *error = g_strdup(plato_strerror(code));
    g_byte_array_append(to, line, (guint)n);
    return code == PLATO_OK;
}

/* Escapes undone. What was read as a line has no bad escape. */
static void take_plain(plato_span from, GByteArray *to)
{
    g_byte_array_set_size(to, (guint)from.n);
    const ptrdiff_t n = plato_textcmd_unescape(from.p, from.n, to->data);
    g_byte_array_set_size(to, n > 0 ? (guint)n : 0);
}

static cmd_read read_line(const cmd_options *options, const uint8_t *p, size_t n, cmd_reply *reply,
                          char **why)
{
    plato_textcmd line;
    size_t used;
    plato_span reason;
    const plato_err code = plato_textcmd_parse(p, n, NULL, &line, &used, NULL);
    if (code == PLATO_NEED_MORE)
        return CMD_READ_MORE;
    if (code != PLATO_OK) {
        *why = g_strdup_printf("the reply is no text command: %s", plato_strerror(code));
        return CMD_READ_WRONG;
    }
    reply->is_error = plato_textcmd_read_error(&line, &reply->code, &reason);
    if (reply->is_error) {
        take_plain(reason, reply->bytes);
        return CMD_READ_DONE;
    }
    if (line.type.n != strlen(options->type) ||
        memcmp(line.type.p, options->type, line.type.n) != 0) {
        *why = g_strdup_printf("the reply is to another command, %.*s", (int)line.type.n,
                               (const char *)line.type.p);
        return CMD_READ_WRONG;
    }
    take_plain(line.params, reply->bytes);
    return CMD_READ_DONE;
}

const cmd_protocol cmd_text = {write_line, read_line, PLATO_TEXTCMD_ALPN};
