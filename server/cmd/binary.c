/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/exchange.h"

#include "common/wait_socket.h"
#include "plato/bincmd.h"

/* A name that has a number, or the number itself. */
static bool find_type(const char *text, uint16_t *type)
{
    guint64 number;
    for (uint16_t i = 0; plato_bincmd_type_name(i) != NULL; i++) {
        if (g_strcmp0(plato_bincmd_type_name(i), text) == 0) {
            *type = i;
            return true;
        }
    }
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT16, &number, NULL))
        return false;
    *type = (uint16_t)number;
    return true;
}

static bool write_frame(const cmd_options *options, GByteArray *to, char **error)
{
    uint8_t frame[PLATO_BINCMD_MAX];
    size_t n = 0;
    const uint32_t clock = GUINT32_TO_BE((uint32_t)(wait_now_us() / 1000));
    plato_bincmd command = {options->alt_magic ? PLATO_BINCMD_MAGIC_ALT : PLATO_BINCMD_MAGIC,
                            0,
                            {options->params->data, options->params->len}};
    if (!find_type(options->type, &command.type)) {
        *error = g_strdup_printf("there is no binary command %s; give its number", options->type);
        return false;
    }
    if (command.type == PLATO_BINCMD_ECHO && options->params->len == 0)
        command.params = (plato_span){(const uint8_t *)&clock, sizeof clock};
    const plato_err code = plato_bincmd_encode(&command, frame, sizeof frame, &n);
    if (code != PLATO_OK)
        *error = g_strdup(plato_strerror(code));
    g_byte_array_append(to, frame, (guint)n);
    return code == PLATO_OK;
}

static cmd_read read_frame(const cmd_options *options, const uint8_t *p, size_t n, cmd_reply *reply,
                           char **why)
{
    const plato_bincmd_limits limits = {options->alt_magic ? PLATO_BINCMD_ALLOW_ALT
                                                           : PLATO_BINCMD_ALLOW_MAGIC,
                                        PLATO_COMMAND_PARAMS_MAX};
    plato_bincmd frame;
    plato_span plain;
    uint16_t type = 0;
    const plato_err code = plato_bincmd_parse(p, n, &limits, &frame);
    if (code == PLATO_NEED_MORE)
        return CMD_READ_MORE;
    if (code != PLATO_OK) {
        *why = g_strdup_printf("the reply is no binary command: %s", plato_strerror(code));
        return CMD_READ_WRONG;
    }
    find_type(options->type, &type);
    reply->is_error = plato_bincmd_read_error(&frame, &reply->code, &plain);
    if (!reply->is_error) {
        plain = frame.params;
        if (frame.type != type) {
            *why = g_strdup_printf("the reply is to another command, %u", frame.type);
            return CMD_READ_WRONG;
        }
    }
    g_byte_array_append(reply->bytes, plain.p, (guint)plain.n);
    return CMD_READ_DONE;
}

const cmd_protocol cmd_binary = {write_frame, read_frame, PLATO_BINCMD_ALPN};
