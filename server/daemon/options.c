/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/options.h"

#include "daemon/log.h"

#include <event2/util.h>
#include <stdio.h>
#include <string.h>

/* Values as they stand on the command line, before they are checked. */
typedef struct raw_options {
    char *listen;
    char *log_level;
    gint port;
    gint max_connections;
    gint max_body;
    gint max_var_head;
    gint64 max_output;
    gint64 max_input;
    gint max_memberships;
    gint idle_timeout;
    gint first_frame_timeout;
    gint frame_timeout;
    gint state_ttl;
    gint64 first_conn_id;
    char *store;
    char *state_dir;
    gint64 keep_bytes;
    gint64 keep_seconds;
    gint up_window;
    gint push_window;
    gint commit_messages;
    gint commit_wait;
    gboolean version;
} raw_options;

static void set_defaults(raw_options *raw)
{
    core_config config;
    core_config_init(&config);
    memset(raw, 0, sizeof *raw);
    raw->port = 8900;
    raw->max_connections = (gint)config.max_connections;
    raw->max_body = (gint)config.limits.max_msg_len;
    raw->max_var_head = (gint)config.limits.max_var_head_len;
    raw->max_output = (gint64)config.max_output;
    raw->max_input = (gint64)config.max_input;
    raw->max_memberships = (gint)config.max_memberships;
    raw->idle_timeout = (gint)config.idle_timeout_ms / 1000;
    raw->first_frame_timeout = (gint)config.login_timeout_ms / 1000;
    raw->frame_timeout = (gint)config.frame_timeout_ms / 1000;
    raw->state_ttl = (gint)config.state_ttl_ms / 1000;
    raw->keep_bytes = INT64_C(1) << 30;
    raw->keep_seconds = 7 * 86400;
    raw->up_window = (gint)config.up_window;
    raw->push_window = (gint)config.push_window;
    raw->commit_messages = (gint)config.commit_messages;
    raw->commit_wait = (gint)config.commit_wait_ms;
}

static gboolean parse_raw(int argc, char **argv, raw_options *raw, GError **error)
{
    const GOptionEntry entries[] = {
        {"listen", 'l', 0, G_OPTION_ARG_STRING, &raw->listen,
         "Numeric address to listen on (default 127.0.0.1: this machine only)", "ADDR"},
        {"port", 'p', 0, G_OPTION_ARG_INT, &raw->port,
         "TCP port; 0 = any free one, told on stdout (default 8900)", "N"},
        {"max-connections", 0, 0, G_OPTION_ARG_INT, &raw->max_connections,
         "Connections at a time; more are told OVERLOADED (default 1024)", "N"},
        {"max-body", 0, 0, G_OPTION_ARG_INT, &raw->max_body,
         "Longest body of a frame (default 16777216)", "BYTES"},
        {"max-var-head", 0, 0, G_OPTION_ARG_INT, &raw->max_var_head,
         "Longest variable header of a frame (default 65536)", "BYTES"},
        {"max-output", 0, 0, G_OPTION_ARG_INT64, &raw->max_output,
         "What may wait for a reader before it is closed as too slow (default 4194304)", "BYTES"},
        {"max-input", 0, 0, G_OPTION_ARG_INT64, &raw->max_input,
         "Bytes of unfinished frames over all connections (default 268435456)", "BYTES"},
        {"max-memberships", 0, 0, G_OPTION_ARG_INT, &raw->max_memberships,
         "Memberships of devices in chat sessions, in all (default 262144)", "N"},
        {"idle-timeout", 0, 0, G_OPTION_ARG_INT, &raw->idle_timeout,
         "Silence after which a connection is closed (default 90)", "SECONDS"},
        {"first-frame-timeout", 0, 0, G_OPTION_ARG_INT, &raw->first_frame_timeout,
         "Time to log in after connecting (default 10)", "SECONDS"},
        {"frame-timeout", 0, 0, G_OPTION_ARG_INT, &raw->frame_timeout,
         "Time from a frame's first byte to its last (default 40)", "SECONDS"},
        {"state-ttl", 0, 0, G_OPTION_ARG_INT, &raw->state_ttl,
         "How long a device's state outlives its connection (default 600)", "SECONDS"},
        {"first-conn-id", 0, 0, G_OPTION_ARG_INT64, &raw->first_conn_id,
         "The first conn_id; later ones count up (default: from the clock)", "N"},
        {"store", 0, 0, G_OPTION_ARG_FILENAME, &raw->store,
         "File that keeps messages and state; none = nothing outlives the server (default: "
         "plato-server.db in the state folder)",
         "FILE"},
        {"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &raw->state_dir,
         "State folder (default $STATE_DIRECTORY, else $XDG_STATE_HOME/plato, else "
         "~/.local/state/plato)",
         "DIR"},
        {"keep-bytes", 0, 0, G_OPTION_ARG_INT64, &raw->keep_bytes,
         "Size of the store above which the oldest messages go; 0 = no limit (default 1073741824)",
         "BYTES"},
        {"keep-seconds", 0, 0, G_OPTION_ARG_INT64, &raw->keep_seconds,
         "Age at which stored messages go; 0 = never (default 604800)", "SECONDS"},
        {"commit-messages", 0, 0, G_OPTION_ARG_INT, &raw->commit_messages,
         "Most messages that a commit waits for (default 256)", "N"},
        {"commit-wait", 0, 0, G_OPTION_ARG_INT, &raw->commit_wait,
         "Longest time that a commit waits for more messages (default 2)", "MS"},
        {"up-window", 0, 0, G_OPTION_ARG_INT, &raw->up_window,
         "UPs of a connection that may wait to be stored before it is read no further (default 64)",
         "N"},
        {"push-window", 0, 0, G_OPTION_ARG_INT, &raw->push_window,
         "PUSHes in flight to a member that are not acknowledged (default 64)", "N"},
        {"log-level", 0, 0, G_OPTION_ARG_STRING, &raw->log_level,
         "error, warning, info or debug (default info)", "LEVEL"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version and exit", NULL},
        G_OPTION_ENTRY_NULL};
    GOptionContext *context = g_option_context_new("- reference server of the Plato protocol");
    g_option_context_add_main_entries(context, entries, NULL);
    gboolean ok = g_option_context_parse(context, &argc, &argv, error);
    g_option_context_free(context);
    if (ok && argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unexpected argument '%s'",
                    argv[1]);
        return FALSE;
    }
    return ok;
}

/* The options that are numbers, with the range that makes sense for each. */
static gboolean check_ranges(const raw_options *raw, GError **error)
{
    const struct {
        const char *name;
        gint64 value, least, most;
    } rows[] = {
        {"port", raw->port, 0, 65535},
        {"max-connections", raw->max_connections, 1, 1000000},
        {"max-body", raw->max_body, 0, G_MAXINT32},
        {"max-var-head", raw->max_var_head, 64, G_MAXINT32},
        {"max-output", raw->max_output, 1024, G_MAXINT32},
        {"max-input", raw->max_input, 1024, G_MAXINT64},
        {"max-memberships", raw->max_memberships, 1, 100000000},
        {"idle-timeout", raw->idle_timeout, 1, 86400},
        {"first-frame-timeout", raw->first_frame_timeout, 1, 86400},
        {"frame-timeout", raw->frame_timeout, 1, 86400},
        {"state-ttl", raw->state_ttl, 0, 864000},
        {"first-conn-id", raw->first_conn_id, 0, G_MAXINT64},
        {"keep-bytes", raw->keep_bytes, 0, G_MAXINT64},
        {"keep-seconds", raw->keep_seconds, 0, G_MAXINT32},
        {"commit-messages", raw->commit_messages, 1, 65536},
        {"commit-wait", raw->commit_wait, 0, 1000},
        {"up-window", raw->up_window, 1, 256},
        {"push-window", raw->push_window, 1, 65536},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].value >= rows[i].least && rows[i].value <= rows[i].most)
            continue;
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--%s must be from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                    ", not %" G_GINT64_FORMAT,
                    rows[i].name, rows[i].least, rows[i].most, rows[i].value);
        return FALSE;
    }
    return TRUE;
}

/* A restart must not give out a conn_id again that a client still holds: time tells them apart. */
static uint64_t conn_id_from_clock(void)
{
    return ((uint64_t)g_get_real_time() / 1000) << 16 | 1;
}

static void apply(const raw_options *raw, server_options *options)
{
    core_config *config = &options->config;
    core_config_init(config);
    options->listen = g_strdup(raw->listen != NULL ? raw->listen : "127.0.0.1");
    options->port = raw->port;
    config->max_connections = (unsigned)raw->max_connections;
    config->limits.max_msg_len = (uint32_t)raw->max_body;
    config->limits.max_var_head_len = (uint32_t)raw->max_var_head;
    config->max_output = (size_t)raw->max_output;
    config->max_input = (size_t)raw->max_input;
    config->max_memberships = (unsigned)raw->max_memberships;
    config->idle_timeout_ms = (uint32_t)raw->idle_timeout * 1000;
    config->login_timeout_ms = (uint32_t)raw->first_frame_timeout * 1000;
    config->frame_timeout_ms = (uint32_t)raw->frame_timeout * 1000;
    config->state_ttl_ms = (uint32_t)raw->state_ttl * 1000;
    config->first_conn_id =
        raw->first_conn_id != 0 ? (uint64_t)raw->first_conn_id : conn_id_from_clock();
    config->up_window = (unsigned)raw->up_window;
    config->push_window = (unsigned)raw->push_window;
    config->commit_messages = (unsigned)raw->commit_messages;
    config->commit_wait_ms = (uint32_t)raw->commit_wait;
    options->store_path = g_strdup(raw->store);
    options->store.keep_bytes = (uint64_t)raw->keep_bytes;
    options->store.keep_s = (uint64_t)raw->keep_seconds;
    options->state_dir = g_strdup(raw->state_dir);
    evutil_secure_rng_get_bytes(config->hash_seed, sizeof config->hash_seed);
}

/* What the ranges above cannot tell: values that do not go together. */
static gboolean check_config(const core_config *config, GError **error)
{
    const char *wrong = core_config_check(config);
    if (wrong != NULL)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s", wrong);
    return wrong == NULL;
}

static gboolean check_store(const char *store, GError **error)
{
    const gboolean ok = store == NULL || (*store != '\0' && *store != ':');
    if (!ok)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--store needs a file, or none to keep nothing, not '%s'", store);
    return ok;
}

static gboolean set_log_level(const char *name, GError **error)
{
    core_log_level level = CORE_LOG_INFO;
    if (name != NULL && !log_level_parse(name, &level)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--log-level must be error, warning, info or debug, not '%s'", name);
        return FALSE;
    }
    log_set_level(level);
    return TRUE;
}

int server_options_parse(int argc, char **argv, server_options *options)
{
    raw_options raw;
    GError *error = NULL;
    int code = -1;
    memset(options, 0, sizeof *options);
    set_defaults(&raw);
    gboolean ok = parse_raw(argc, argv, &raw, &error) && check_ranges(&raw, &error) &&
                  check_store(raw.store, &error) && set_log_level(raw.log_level, &error);
    if (ok) {
        apply(&raw, options);
        ok = check_config(&options->config, &error);
    }
    if (!ok) {
        fprintf(stderr, "plato-server: %s; see plato-server --help\n", error->message);
        g_error_free(error);
        code = 2;
    } else if (raw.version) {
        printf("plato-server %s\n", PLATO_PROGRAM_VERSION);
        code = 0;
    }
    g_free(raw.listen);
    g_free(raw.log_level);
    g_free(raw.store);
    g_free(raw.state_dir);
    return code;
}

void server_options_clear(server_options *options)
{
    g_clear_pointer(&options->listen, g_free);
    g_clear_pointer(&options->store_path, g_free);
    g_clear_pointer(&options->state_dir, g_free);
}
