/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include "common/program_options.h"
#include "plato/ports.h"

#include <string.h>

#define TEXT_PORT G_STRINGIFY(PLATO_TEXTCMD_PORT)
#define TEXT_TLS_PORT G_STRINGIFY(PLATO_TEXTCMD_TLS_PORT)
#define BINARY_PORT G_STRINGIFY(PLATO_BINCMD_PORT)
#define BINARY_TLS_PORT G_STRINGIFY(PLATO_BINCMD_TLS_PORT)

static const char description[] =
    "Sends one command and prints the result, decoded. TYPE is ECHO, TIME, VERSION, STATS, PING "
    "or\n"
    "another name that the server knows; with --binary also a number from 0 to 65535. PARAMS are\n"
    "plain bytes, escaped where necessary. ECHO without PARAMS sends the client's clock.\n"
    "\n"
    "Exit codes:\n"
    "  0  a reply\n"
    "  1  an error reply; it is shown on standard error\n"
    "  2  wrong usage\n"
    "  3  no reply, or one that is not of this protocol";

typedef struct raw_options {
    gint port;
    char *hex_params;
    gboolean version;
    char **rest;
} raw_options;

static bool take_hex(const char *text, GByteArray *to)
{
    const size_t n = strlen(text);
    for (size_t i = 0; i + 1 < n; i += 2) {
        if (!g_ascii_isxdigit(text[i]) || !g_ascii_isxdigit(text[i + 1]))
            return false;
        const guint8 byte =
            (guint8)(g_ascii_xdigit_value(text[i]) << 4 | g_ascii_xdigit_value(text[i + 1]));
        g_byte_array_append(to, &byte, 1);
    }
    return n % 2 == 0;
}

static int default_port(const cmd_options *options)
{
    if (options->binary)
        return options->tls.tls ? PLATO_BINCMD_TLS_PORT : PLATO_BINCMD_PORT;
    return options->tls.tls ? PLATO_TEXTCMD_TLS_PORT : PLATO_TEXTCMD_PORT;
}

static const char *take(const raw_options *raw, cmd_options *options)
{
    const guint n = raw->rest != NULL ? g_strv_length(raw->rest) : 0;
    if (n < 2 || n > 3)
        return "give HOST, TYPE and perhaps PARAMS";
    if (raw->port != -1 && (raw->port < 1 || raw->port > 65535))
        return "--port must be from 1 to 65535";
    if (!(options->timeout_s > 0 && options->timeout_s <= 3600))
        return "--timeout must be over 0 and up to 3600 seconds";
    if (options->alt_magic && !options->binary)
        return "--alt-magic needs --binary";
    if (raw->hex_params != NULL && n == 3)
        return "PARAMS and --hex-params exclude each other";
    if (raw->hex_params != NULL && !take_hex(raw->hex_params, options->params))
        return "--hex-params needs pairs of hexadecimal digits";
    if (n == 3)
        g_byte_array_append(options->params, (const guint8 *)raw->rest[2],
                            (guint)strlen(raw->rest[2]));
    options->host = g_strdup(raw->rest[0]);
    options->type = g_strdup(raw->rest[1]);
    options->port = raw->port != -1 ? raw->port : default_port(options);
    return tls_options_wrong(&options->tls);
}

static gboolean parse(int argc, char **argv, raw_options *raw, cmd_options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"port", 'p', 0, G_OPTION_ARG_INT, &raw->port,
         "Port of the server (default " TEXT_PORT ", with --binary " BINARY_PORT
         "; with --tls " TEXT_TLS_PORT " and " BINARY_TLS_PORT ")",
         "N"},
        {"binary", 'b', 0, G_OPTION_ARG_NONE, &options->binary,
         "A binary command (default: a text command)", NULL},
        {"alt-magic", 0, 0, G_OPTION_ARG_NONE, &options->alt_magic,
         "Begin it with $$$$ instead of \\(\\)", NULL},
        {"hex-params", 0, 0, G_OPTION_ARG_STRING, &raw->hex_params, "PARAMS in hexadecimal digits",
         "HEX"},
        {"hex", 0, 0, G_OPTION_ARG_NONE, &options->hex, "Print the reply in hexadecimal digits",
         NULL},
        {"timeout", 0, 0, G_OPTION_ARG_DOUBLE, &options->timeout_s,
         "How long to wait for the reply, including connecting (default 4)", "SECONDS"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version and exit", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->rest, NULL, NULL},
        G_OPTION_ENTRY_NULL};
    GOptionContext *context = g_option_context_new(
        "HOST TYPE [PARAMS] - sends a command of the text or binary command protocol");
    g_option_context_add_main_entries(context, entries, NULL);
    tls_options_add(context, &options->tls);
    g_option_context_set_description(context, description);
    return program_options_parse(context, argc, argv, error);
}

int cmd_options_parse(int argc, char **argv, cmd_options *options)
{
    raw_options raw = {.port = -1};
    GError *error = NULL;
    int code = -1;
    *options = (cmd_options){.timeout_s = 4, .params = g_byte_array_new()};
    const gboolean ok = parse(argc, argv, &raw, options, &error);
    if (ok && raw.version) {
        code = program_options_version("plato-cmd");
    } else {
        const char *text = ok ? take(&raw, options) : error->message;
        if (text != NULL)
            code = program_options_wrong("plato-cmd", text);
    }
    g_clear_error(&error);
    g_free(raw.hex_params);
    g_strfreev(raw.rest);
    return code;
}

void cmd_options_clear(cmd_options *options)
{
    g_clear_pointer(&options->host, g_free);
    g_clear_pointer(&options->type, g_free);
    g_clear_pointer(&options->params, g_byte_array_unref);
    tls_options_clear(&options->tls);
}
