/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/options.h"

#include <stdio.h>
#include <string.h>

static const char commands_help[] =
    "Standard input holds one command on each line:\n"
    "  TEXT             send TEXT to the current session; //TEXT for one that begins with /\n"
    "  /to N            make N the current session (at first: the first --session)\n"
    "  /json {...}      send JSON\n"
    "  /size N          send N bytes of text, always the same\n"
    "  /again           send the last message again, with the same client_id\n"
    "  /heartbeat       send a HEARTBEAT\n"
    "  /sync FROM TO    ask for messages of the current session again\n"
    "  /raw HEX         send these bytes as they are\n"
    "  /cut A,B,...     send the next frame in pieces, cut behind A, B, ... bytes\n"
    "  /hold            keep the frames that follow, until\n"
    "  /flush [A,B,...] writes them at once, or cut behind A, B, ... bytes\n"
    "  /expect N [MS]   wait until N messages of others have come, besides those that an earlier\n"
    "                   /expect waited for; what has come already counts\n"
    "  /wait MS         do nothing for that long\n"
    "  /quit            end, as the end of the input does: when all messages are acknowledged\n"
    "\n"
    "A device that was used before needs --first-client-id, with a number that is too high: see\n"
    "docs/server.md.\n"
    "\n"
    "Exit code: 0 all went well, 1 no connection or it was lost, 2 wrong usage, 3 something\n"
    "expected did not come in time, a message was refused, or messages are lost.";

static gboolean parse_id(const char *name, const char *text, uint64_t *id, GError **error)
{
    guint64 value = 0;
    if (text != NULL && g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT64, &value, NULL)) {
        *id = value;
        return TRUE;
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "--%s must be a number from 1, not '%s'", name, text != NULL ? text : "");
    return FALSE;
}

static gboolean parse_ids(const char *device, char **sessions, const char *first_client_id,
                          client_options *options, GError **error)
{
    if (device == NULL || sessions == NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "--device and at least one --session are needed");
        return FALSE;
    }
    if (!parse_id("device", device, &options->device_id, error))
        return FALSE;
    for (; *sessions != NULL; sessions++) {
        uint64_t id;
        if (!parse_id("session", *sessions, &id, error))
            return FALSE;
        g_array_append_val(options->session_ids, id);
    }
    return first_client_id == NULL ||
           parse_id("first-client-id", first_client_id, &options->first_client_id, error);
}

static gboolean check_numbers(int port, int heartbeat, int timeout, int pause, GError **error)
{
    const char *wrong = NULL;
    if (port < 1 || port > 65535)
        wrong = "--port must be from 1 to 65535";
    else if (heartbeat < 0 || heartbeat > 86400)
        wrong = "--heartbeat must be from 0 to 86400";
    else if (timeout < 1 || timeout > 3600000)
        wrong = "--timeout must be from 1 to 3600000";
    else if (pause < 1 || pause > 60000)
        wrong = "--pause must be from 1 to 60000";
    if (wrong != NULL)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s", wrong);
    return wrong == NULL;
}

/* Values as they stand on the command line. */
typedef struct raw_options {
    char *host, *device, *first_client_id;
    char **sessions;
    gint port, heartbeat, timeout, pause;
    gboolean json, version;
} raw_options;

static gboolean parse_raw(int argc, char **argv, raw_options *raw, GError **error)
{
    const GOptionEntry entries[] = {
        {"host", 'H', 0, G_OPTION_ARG_STRING, &raw->host,
         "Numeric address of the server (default 127.0.0.1)", "ADDR"},
        {"port", 'p', 0, G_OPTION_ARG_INT, &raw->port, "TCP port (default 8900)", "N"},
        {"device", 'd', 0, G_OPTION_ARG_STRING, &raw->device, "device_id to log in with", "N"},
        {"session", 's', 0, G_OPTION_ARG_STRING_ARRAY, &raw->sessions,
         "session_id to join; may be given more than once", "N"},
        {"first-client-id", 0, 0, G_OPTION_ARG_STRING, &raw->first_client_id,
         "client_id to begin with in each session (default 1); if the server expects a lower one, "
         "that is taken",
         "N"},
        {"heartbeat", 0, 0, G_OPTION_ARG_INT, &raw->heartbeat,
         "Send a HEARTBEAT so often; 0 = never (default 30)", "SECONDS"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &raw->timeout,
         "How long to wait for what must come (default 5000)", "MS"},
        {"pause", 0, 0, G_OPTION_ARG_INT, &raw->pause,
         "Pause between the pieces of a cut frame (default 20)", "MS"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &raw->json, "Print JSON, one object on each line", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version and exit", NULL},
        G_OPTION_ENTRY_NULL};
    GOptionContext *context = g_option_context_new("- command-line client of the Plato protocol");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, commands_help);
    gboolean ok = g_option_context_parse(context, &argc, &argv, error);
    g_option_context_free(context);
    if (ok && argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unexpected argument '%s'",
                    argv[1]);
        return FALSE;
    }
    return ok;
}

static gboolean check(const raw_options *raw, client_options *options, GError **error)
{
    options->host = g_strdup(raw->host != NULL ? raw->host : "127.0.0.1");
    options->port = raw->port;
    options->first_client_id = 1;
    options->heartbeat_s = raw->heartbeat;
    options->timeout_ms = (unsigned)raw->timeout;
    options->pause_ms = (unsigned)raw->pause;
    options->json = raw->json;
    return check_numbers(raw->port, raw->heartbeat, raw->timeout, raw->pause, error) &&
           parse_ids(raw->device, raw->sessions, raw->first_client_id, options, error);
}

int client_options_parse(int argc, char **argv, client_options *options)
{
    raw_options raw = {.port = 8900, .heartbeat = 30, .timeout = 5000, .pause = 20};
    GError *error = NULL;
    int code = -1;
    memset(options, 0, sizeof *options);
    options->session_ids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    gboolean ok = parse_raw(argc, argv, &raw, &error);
    if (ok && raw.version) {
        printf("plato-client %s\n", PLATO_PROGRAM_VERSION);
        code = 0;
    } else if (!ok || !check(&raw, options, &error)) {
        fprintf(stderr, "plato-client: %s; see plato-client --help\n", error->message);
        g_error_free(error);
        code = 2;
    }
    g_free(raw.host);
    g_free(raw.device);
    g_free(raw.first_client_id);
    g_strfreev(raw.sessions);
    return code;
}

void client_options_clear(client_options *options)
{
    g_clear_pointer(&options->host, g_free);
    g_clear_pointer(&options->session_ids, g_array_unref);
}
