/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plato-cmd: one text or binary command, and its reply. Exit codes: cmd/options.c. */
#include "cmd/exchange.h"

#include <locale.h>
#include <stdio.h>
#include <unistd.h>

enum { EXIT_REPLY = 0, EXIT_ERROR_REPLY = 1, EXIT_USAGE = 2, EXIT_NO_REPLY = 3 };

/* A server's words are shown, not obeyed: no control characters reach a terminal. To be freed. */
static char *printable(const GByteArray *bytes)
{
    GString *text = g_string_new(NULL);
    char *valid = g_utf8_make_valid((const char *)bytes->data, (gssize)bytes->len);
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        const gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(text, g_unichar_isprint(c) ? c : '?');
    }
    g_free(valid);
    return g_string_free(text, FALSE);
}

static void print(const cmd_reply *reply, bool hex)
{
    for (guint i = 0; hex && i < reply->bytes->len; i++)
        printf("%02x", reply->bytes->data[i]);
    if (!hex && isatty(STDOUT_FILENO)) {
        char *text = printable(reply->bytes);
        fputs(text, stdout);
        g_free(text);
    } else if (!hex) {
        fwrite(reply->bytes->data, 1, reply->bytes->len, stdout);
    }
    putchar('\n');
}

static void print_error(const cmd_reply *reply)
{
    char *text = printable(reply->bytes);
    fprintf(stderr, "plato-cmd: error %u: %s\n", (unsigned)reply->code, text);
    g_free(text);
}

static int run(const cmd_options *options)
{
    const cmd_protocol *protocol = options->binary ? &cmd_binary : &cmd_text;
    GByteArray *command = g_byte_array_new();
    cmd_reply reply = {.bytes = g_byte_array_new()};
    char *why = NULL;
    int code = EXIT_USAGE;
    tls_client *tls = tls_options_client(&options->tls, protocol->alpn, &why);
    if (why == NULL && protocol->write(options, command, &why)) {
        const bool ok = cmd_exchange(options, protocol, tls, command, &reply, &why);
        code = !ok ? EXIT_NO_REPLY : reply.is_error ? EXIT_ERROR_REPLY : EXIT_REPLY;
    }
    tls_client_free(tls);
    if (code == EXIT_REPLY)
        print(&reply, options->hex);
    else if (code == EXIT_ERROR_REPLY)
        print_error(&reply);
    else
        fprintf(stderr, "plato-cmd: %s\n", why != NULL ? why : "the reply is too long");
    g_free(why);
    g_byte_array_unref(reply.bytes);
    g_byte_array_unref(command);
    return code;
}

int main(int argc, char **argv)
{
    cmd_options options;
    setlocale(LC_ALL, "");
    int code = cmd_options_parse(argc, argv, &options);
    if (code < 0)
        code = run(&options);
    cmd_options_clear(&options);
    return code;
}
