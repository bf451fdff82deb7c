/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/options.h"

#include "common/program_options.h"
#include "common/text_file.h"
#include "plato/ports.h"

#include <string.h>
#include <unistd.h>

#define MOST_TOKEN 4096       /* bytes */
#define DEFAULT_RECONNECT 600 /* seconds: for as long the server keeps what it knows of us */

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
    "  /cut A,B,...     send the next frame in pieces, cut after A, B, ... bytes\n"
    "  /hold            keep the frames that follow, until\n"
    "  /flush [A,B,...] writes them at once, or cut after A, B, ... bytes\n"
    "  /expect N [MS]   wait until N messages of others have come, besides those that an earlier\n"
    "                   /expect waited for; what has come already counts\n"
    "  /wait MS         do nothing for MS milliseconds\n"
    "  /quit            end, as the end of the input does: when all messages are acknowledged\n"
    "\n"
    "SIGINT and SIGTERM end it as /quit does; the second one ends it at once.\n"
    "\n"
    "The token is read from --token-file or from the environment variable PLATO_TOKEN, so that it\n"
    "is not visible in lists of processes; with --token it is.\n"
    "\n"
    "A device that was used before needs --state, with the same file, or --first-client-id,\n"
    "with a number that is too high: see docs/client.md.\n"
    "\n"
    "Exit codes:\n"
    "  0  all went well\n"
    "  1  no connection, or it was lost for good\n"
    "  2  wrong usage\n"
    "  3  something expected did not come in time, a message was refused, or messages are lost\n"
    "  4  a file of the client or standard output cannot be used";

static gboolean parse_id(const char *name, const char *text, uint64_t most, uint64_t *id,
                         GError **error)
{
    guint64 value = 0;
    if (text != NULL && g_ascii_string_to_unsigned(text, 10, 1, most, &value, NULL)) {
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
    if (!parse_id("device", device, G_MAXUINT64, &options->device_id, error))
        return FALSE;
    for (; *sessions != NULL; sessions++) {
        uint64_t id;
        if (!parse_id("session", *sessions, G_MAXUINT64, &id, error))
            return FALSE;
        g_array_append_val(options->session_ids, id);
    }
    return first_client_id == NULL || parse_id("first-client-id", first_client_id, G_MAXINT64,
                                               &options->first_client_id, error);
}

/* Values as they stand on the command line. */
typedef struct raw_options {
    char *host, *device, *first_client_id, *token, *token_file;
    char **sessions;
    gint port, heartbeat, timeout, pause, reconnect, retry, rate;
    gboolean no_resend, resume_input, json, version;
} raw_options;

static gboolean check_numbers(const raw_options *raw, GError **error)
{
    const struct {
        const char *name;
        gint value, least, most;
    } rows[] = {
        {"port", raw->port, 1, 65535},
        {"heartbeat", raw->heartbeat, 0, 86400},
        {"timeout", raw->timeout, 1, 3600000},
        {"pause", raw->pause, 1, 60000},
        {"reconnect", raw->reconnect, 0, 604800},
        {"retry", raw->retry, 1, 60000},
        {"rate", raw->rate, 0, 1000000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].value >= rows[i].least && rows[i].value <= rows[i].most)
            continue;
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s must be from %d to %d",
                    rows[i].name, rows[i].least, rows[i].most);
        return FALSE;
    }
    return TRUE;
}

/* Options that mean nothing without another one. */
static gboolean check_pairs(const client_options *options, GError **error)
{
    const struct {
        bool given, needed;
        const char *text;
    } rows[] = {
        {options->deliver_to != NULL, options->state != NULL, "--deliver-to needs --state"},
        {options->deliver_to != NULL, g_strcmp0(options->deliver_to, options->state) != 0,
         "--deliver-to and --state need two files"},
        {options->resume_input, options->state != NULL, "--resume-input needs --state"},
    };
    const char *wrong = tls_options_wrong(&options->tls);
    for (size_t i = 0; wrong == NULL && i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].given && !rows[i].needed)
            wrong = rows[i].text;
    }
    if (wrong != NULL)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, wrong);
    return wrong == NULL;
}

/* Who connects, where to, and what is kept in files. */
static void add_login_entries(GOptionContext *context, raw_options *raw, client_options *options)
{
    const GOptionEntry entries[] = {
        {"host", 'H', 0, G_OPTION_ARG_STRING, &raw->host,
         "Numeric address of the server (default 127.0.0.1)", "ADDR"},
        {"port", 'p', 0, G_OPTION_ARG_INT, &raw->port,
         "TCP port (default " G_STRINGIFY(PLATO_PORT) "; with --tls " G_STRINGIFY(
             PLATO_TLS_PORT) ")",
         "N"},
        {"device", 'd', 0, G_OPTION_ARG_STRING, &raw->device, "device_id to log in with", "N"},
        {"session", 's', 0, G_OPTION_ARG_STRING_ARRAY, &raw->sessions,
         "session_id to join; may be given more than once", "N"},
        {"token", 0, 0, G_OPTION_ARG_STRING, &raw->token, "Token to log in with", "TEXT"},
        {"token-file", 0, 0, G_OPTION_ARG_FILENAME, &raw->token_file,
         "File whose first line is the token", "FILE"},
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &options->state,
         "Keep in FILE what must survive the client, so that each message takes effect once",
         "FILE"},
        {"deliver-to", 0, 0, G_OPTION_ARG_FILENAME, &options->deliver_to,
         "Append each message of others to FILE as JSON, exactly once; needs --state", "FILE"},
        {"resume-input", 0, 0, G_OPTION_ARG_NONE, &raw->resume_input,
         "Skip the lines of the input that an earlier run has carried out; needs --state", NULL},
        G_OPTION_ENTRY_NULL};
    g_option_context_add_main_entries(context, entries, NULL);
}

/* How it is sent, and what is printed. */
static void add_sending_entries(GOptionContext *context, raw_options *raw)
{
    const GOptionEntry entries[] = {
        {"reconnect", 0, 0, G_OPTION_ARG_INT, &raw->reconnect,
         "How long to try to reconnect; 0 = not at all (default 600 with --state or "
         "at a terminal, else 0)",
         "SECONDS"},
        {"retry", 0, 0, G_OPTION_ARG_INT, &raw->retry,
         "First wait before connecting or sending again; it doubles up to 30 times that (default "
         "1000)",
         "MS"},
        {"rate", 0, 0, G_OPTION_ARG_INT, &raw->rate,
         "Most commands to carry out in a second; 0 = as many as the server acknowledges (default "
         "500)",
         "N"},
        {"no-resend", 0, 0, G_OPTION_ARG_NONE, &raw->no_resend,
         "Send nothing again on the same connection", NULL},
        {"first-client-id", 0, 0, G_OPTION_ARG_STRING, &raw->first_client_id,
         "client_id to begin with in each session (default 1); if the server expects a lower one, "
         "that is taken",
         "N"},
        {"heartbeat", 0, 0, G_OPTION_ARG_INT, &raw->heartbeat,
         "Interval of HEARTBEATs; 0 = none (default 30)", "SECONDS"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &raw->timeout,
         "How long to wait for an expected answer (default 5000)", "MS"},
        {"pause", 0, 0, G_OPTION_ARG_INT, &raw->pause,
         "Pause between the pieces of a cut frame (default 20)", "MS"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &raw->json, "Print JSON, one object on each line", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version and exit", NULL},
        G_OPTION_ENTRY_NULL};
    g_option_context_add_main_entries(context, entries, NULL);
}

static gboolean parse_raw(int argc, char **argv, raw_options *raw, client_options *options,
                          GError **error)
{
    GOptionContext *context = g_option_context_new("- command-line client of the Plato protocol");
    add_login_entries(context, raw, options);
    add_sending_entries(context, raw);
    tls_options_add(context, &options->tls);
    g_option_context_set_description(context, commands_help);
    const gboolean ok = program_options_parse(context, argc, argv, error);
    options->resume_input = raw->resume_input;
    options->json = raw->json;
    return ok;
}

static char *first_line(const char *path, GError **error)
{
    char *wrong = NULL;
    char *text = text_file_read(path, &wrong);
    if (text == NULL)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s", wrong);
    else
        text[strcspn(text, "\r\n")] = '\0';
    g_free(wrong);
    return text;
}

/* From the option, the file, or the environment. */
static gboolean find_token(const raw_options *raw, client_options *options, GError **error)
{
    if (raw->token != NULL)
        options->token = g_strdup(raw->token);
    else if (raw->token_file != NULL)
        options->token = first_line(raw->token_file, error);
    else
        options->token = g_strdup(g_getenv("PLATO_TOKEN"));
    if (options->token == NULL)
        return raw->token_file == NULL;
    if (strlen(options->token) <= MOST_TOKEN && g_utf8_validate(options->token, -1, NULL))
        return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "the token must be UTF-8 of no more than %d bytes", MOST_TOKEN);
    return FALSE;
}

static void set_defaults(raw_options *raw, client_options *options)
{
    options->terminal = !options->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (raw->port < 0)
        raw->port = options->tls.tls ? PLATO_TLS_PORT : PLATO_PORT;
    if (raw->reconnect < 0)
        raw->reconnect = options->state != NULL || options->terminal ? DEFAULT_RECONNECT : 0;
    options->host = g_strdup(raw->host != NULL ? raw->host : "127.0.0.1");
    if (options->tls.server_name == NULL)
        options->tls.server_name = g_strdup(options->host);
}

static gboolean check(raw_options *raw, client_options *options, GError **error)
{
    set_defaults(raw, options);
    options->port = raw->port;
    options->first_client_id = 1;
    options->heartbeat_s = raw->heartbeat;
    options->timeout_ms = (unsigned)raw->timeout;
    options->pause_ms = (unsigned)raw->pause;
    options->reconnect_s = (unsigned)raw->reconnect;
    options->rate = (unsigned)raw->rate;
    options->retry_ms = (unsigned)raw->retry;
    options->resend = !raw->no_resend;
    return check_numbers(raw, error) && check_pairs(options, error) &&
           parse_ids(raw->device, raw->sessions, raw->first_client_id, options, error) &&
           find_token(raw, options, error);
}

static void clear_raw(raw_options *raw)
{
    g_free(raw->host);
    g_free(raw->device);
    g_free(raw->first_client_id);
    g_free(raw->token);
    g_free(raw->token_file);
    g_strfreev(raw->sessions);
}

int client_options_parse(int argc, char **argv, client_options *options)
{
    raw_options raw = {.port = -1,
                       .heartbeat = 30,
                       .timeout = 5000,
                       .pause = 20,
                       .rate = 500,
                       .reconnect = -1,
                       .retry = 1000};
    GError *error = NULL;
    int code = -1;
    memset(options, 0, sizeof *options);
    options->session_ids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    gboolean ok = parse_raw(argc, argv, &raw, options, &error);
    if (ok && raw.version) {
        code = program_options_version("plato-client");
    } else if (!ok || !check(&raw, options, &error)) {
        code = program_options_wrong("plato-client", error->message);
        g_error_free(error);
    }
    clear_raw(&raw);
    return code;
}

void client_options_clear(client_options *options)
{
    char **const texts[] = {&options->host, &options->token, &options->state, &options->deliver_to};
    tls_options_clear(&options->tls);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
    g_clear_pointer(&options->session_ids, g_array_unref);
}
