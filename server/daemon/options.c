/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/options.h"

#include "common/address.h"
#include "common/program_options.h"
#include "daemon/log.h"
#include "daemon/option_table.h"
#include "plato/ports.h"

#include <event2/util.h>
#include <stdio.h>
#include <string.h>

/* What is read, and what of it is only needed while reading. */
typedef struct raw_options {
    server_options to;
    char *log_level;
    gboolean version;
} raw_options;

/* SQLite takes a little less than 10^9 bytes in a row: a longer body would end the server. */
#define MOST_BODY (512 << 20)

#define AT(member) offsetof(raw_options, member), sizeof(((raw_options *)NULL)->member)
#define NUMBER(name, member, unit, help, least, most)                                              \
    {                                                                                              \
        name, 0, OPTION_NUMBER, AT(member), unit, help, 1, least, most, false                      \
    }
#define SECONDS(name, member, help, least, most)                                                   \
    {                                                                                              \
        name, 0, OPTION_NUMBER, AT(member), "SECONDS", help, 1000, least, most, false              \
    }
#define TEXT(name, member, unit, help)                                                             \
    {                                                                                              \
        name, 0, OPTION_TEXT, AT(member), unit, help, 1, 0, 0, true                                \
    }
#define FLAG(name, member, help)                                                                   \
    {                                                                                              \
        name, 0, OPTION_FLAG, AT(member), NULL, help, 1, 0, 0, true                                \
    }

static const option_row listen_rows[] = {
    {"listen", 'l', OPTION_TEXT, AT(to.listen), "ADDR",
     "Numeric address to listen on (default 127.0.0.1: this machine only)", 1, 0, 0, true},
    {"port", 'p', OPTION_NUMBER, AT(to.port), "N",
     "TCP port without TLS; 0 = any free one, printed on stdout", 1, 0, 65535, false},
    FLAG("no-plain", to.no_plain, "Open no port without TLS"),
    NUMBER("tls-port", to.tls_port, "N", "TCP port with TLS 1.3; 0 = any free one", 0, 65535),
    TEXT("tls-cert", to.tls_cert, "FILE", "Certificate chain (PEM): also listen with TLS"),
    TEXT("tls-key", to.tls_key, "FILE", "Its private key (PEM)"),
    FLAG("tls-self-signed", to.tls_self_signed,
         "Make a certificate for localhost: in memory, or in the two files if neither exists"),
    TEXT("insecure-keylog", to.keylog, "FILE",
         "Append the secrets of all TLS connections to FILE: for debugging with Wireshark"),
};

static const option_row auth_rows[] = {
    TEXT("token-file", to.token_file, "FILE",
         "Hashed tokens, one of which a client needs to log in; reloaded on SIGHUP"),
    FLAG("hash-token", to.hash_tokens,
         "Read lines 'DEVICE TOKEN' from stdin, write lines for the token file, and exit"),
    FLAG("insecure-no-auth", to.no_auth,
         "Listen for other machines without a token file: any client may log in as any device"),
};

static const option_row limit_rows[] = {
    NUMBER("max-connections", to.admission.max_guests, "N",
           "Connections at a time; more are answered with OVERLOADED", 1, 1000000),
    NUMBER("max-per-address", to.admission.max_per_address, "N",
           "Of these, how many from one IPv4 address or one IPv6 /64", 1, 1000000),
    NUMBER("max-unauthenticated", to.admission.max_unproven, "N",
           "Of these, how many have not logged in", 1, 1000000),
    NUMBER("max-unauthenticated-per-address", to.admission.max_unproven_per_address, "N",
           "Of these, how many from one IPv4 address or one IPv6 /64", 1, 1000000),
    NUMBER("max-closing", to.config.max_closing, "N",
           "Connections that are closing; more are closed at once", 1, 1000000),
    NUMBER("max-addresses", to.admission.max_idle_addresses, "N",
           "Addresses without connections whose rate is remembered", 1, 10000000),
    NUMBER("rate", to.admission.guest_rate.per_second, "N",
           "Frames a second from one connection; more are RATE_LIMITED; 0 = no limit", 0, 1000000),
    NUMBER("rate-burst", to.admission.guest_rate.burst, "N", "Frames at once from one connection",
           1, 1000000),
    NUMBER("address-rate", to.admission.address_rate.per_second, "N",
           "Frames a second from one address; 0 = no limit", 0, 10000000),
    NUMBER("address-burst", to.admission.address_rate.burst, "N", "Frames at once from one address",
           1, 10000000),
    NUMBER("rate-patience", to.admission.patience.burst, "N",
           "Frames refused as RATE_LIMITED until the connection is closed; one is forgotten "
           "each second",
           1, 1000000),
    NUMBER("max-body", to.config.limits.max_msg_len, "BYTES", "Longest body of a frame", 0,
           MOST_BODY),
    NUMBER("max-var-head", to.config.limits.max_var_head_len, "BYTES",
           "Longest variable header of a frame", 64, G_MAXINT32),
    NUMBER("max-output", to.config.max_output, "BYTES",
           "Output that may be pending for a connection before it is closed as too slow; from half "
           "of that on it is not read from, and PUSHes wait",
           1024, G_MAXINT32),
    NUMBER("max-input", to.config.max_input, "BYTES",
           "Bytes of incomplete frames of all connections", 1024, G_MAXINT64),
    NUMBER("max-memberships", to.config.max_memberships, "N",
           "Memberships of devices in chat sessions, in total", 1, 100000000),
};

static const option_row store_rows[] = {
    TEXT("store", to.store_path, "FILE",
         "File that keeps messages and state; none = nothing survives the server (default: "
         "plato-server.db in the state folder)"),
    TEXT("state-dir", to.state_dir, "DIR",
         "State folder (default $STATE_DIRECTORY, else $XDG_STATE_HOME/plato, else "
         "~/.local/state/plato)"),
    NUMBER("keep-bytes", to.store.keep_bytes, "BYTES",
           "Size of the store above which the oldest messages are deleted; 0 = no limit", 0,
           G_MAXINT64),
    NUMBER("keep-seconds", to.store.keep_s, "SECONDS",
           "Age at which stored messages are deleted; 0 = never", 0, G_MAXINT32),
    NUMBER("commit-messages", to.config.commit_messages, "N",
           "Most messages that a commit waits for", 1, 65536),
    NUMBER("commit-wait", to.config.commit_wait_ms, "MS",
           "Longest time that a commit waits for more messages", 0, 1000),
    NUMBER("up-window", to.config.up_window, "N",
           "UPs of a connection that may wait to be stored; beyond that it is not read from", 1,
           256),
    NUMBER("push-window", to.config.push_window, "N",
           "PUSHes in flight to a member, that is, not acknowledged", 1, 65536),
};

static const option_row time_rows[] = {
    SECONDS("first-frame-timeout", to.config.login_timeout_ms,
            "Time to log in after connecting, TLS handshake included", 1, 86400),
    SECONDS("frame-timeout", to.config.frame_timeout_ms,
            "Time from a frame's first byte to its last", 1, 86400),
    SECONDS("idle-timeout", to.config.idle_timeout_ms,
            "Idle time after which a connection is closed", 1, 86400),
    SECONDS("state-ttl", to.config.state_ttl_ms,
            "How long a device's state outlives its connection", 0, 864000),
    SECONDS("drain-timeout", to.drain_ms,
            "How long to go on reading after SIGTERM, to answer what had arrived", 0, 3600),
};

#define PORT(name, member, help)                                                                   \
    {                                                                                              \
        name, 0, OPTION_NUMBER, AT(to.services.member), "N", help, 1, -1, 65535, true              \
    }
#define OF_ALL(name, member, unit, help, most) NUMBER(name, to.services.member, unit, help, 1, most)

static const option_row service_rows[] = {
    PORT("latency-port", ports[SERVICE_LATENCY],
         "Latency echo on this UDP and TCP port (usually " G_STRINGIFY(
             PLATO_LATENCY_PORT) "); 0 = any free one (default: none)"),
    PORT("text-port", ports[SERVICE_TEXT],
         "Text commands on this TCP port (usually " G_STRINGIFY(
             PLATO_TEXTCMD_PORT) "); 0 = any free one (default: none)"),
    PORT("binary-port", ports[SERVICE_BINARY],
         "Binary commands on this TCP port (usually " G_STRINGIFY(
             PLATO_BINCMD_PORT) "); 0 = any free one (default: none)"),
    PORT("latency-tls-port", tls_ports[SERVICE_LATENCY],
         "Latency echo over TLS on this TCP port (usually " G_STRINGIFY(
             PLATO_LATENCY_TLS_PORT) "); 0 = any free one (default: none)"),
    PORT("text-tls-port", tls_ports[SERVICE_TEXT],
         "Text commands over TLS (usually " G_STRINGIFY(
             PLATO_TEXTCMD_TLS_PORT) "); 0 = any free one (default: none)"),
    PORT("binary-tls-port", tls_ports[SERVICE_BINARY],
         "Binary commands over TLS (usually " G_STRINGIFY(
             PLATO_BINCMD_TLS_PORT) "); 0 = any free one (default: none)"),
    TEXT("command-listen", to.services.listen, "ADDR",
         "Numeric address for these ports (default 127.0.0.1: this machine only)"),
    FLAG("insecure-commands", to.services.open,
         "Listen for other machines on these ports, which do not check tokens"),
    FLAG("short-connections", to.services.one_reply, "Close after the first reply"),
    OF_ALL("command-connections", admission.max_guests, "N",
           "Connections at a time to these ports; more are answered with 503", 1000000),
    OF_ALL("command-per-address", admission.max_per_address, "N",
           "Of these, how many from one IPv4 address or one IPv6 /64", 1000000),
    NUMBER("command-rate", to.services.admission.guest_rate.per_second, "N",
           "Commands a second from one connection; more are answered with 429; 0 = no limit", 0,
           1000000),
    OF_ALL("command-burst", admission.guest_rate.burst, "N", "Commands at once from one connection",
           1000000),
    NUMBER("command-address-rate", to.services.admission.address_rate.per_second, "N",
           "Commands, and separately datagrams, a second from one address; 0 = no limit", 0,
           10000000),
    OF_ALL("command-address-burst", admission.address_rate.burst, "N",
           "Commands, and separately datagrams, at once from one address", 10000000),
    OF_ALL("command-patience", admission.patience.burst, "N",
           "Commands refused with 429 until the connection is closed; one is forgotten each second",
           1000000),
    OF_ALL("command-addresses", admission.max_idle_addresses, "N",
           "Addresses without connections whose rate is remembered; the same for datagrams",
           10000000),
    OF_ALL("command-closing", max_closing, "N",
           "Connections of each protocol that are closing; more are closed at once", 1000000),
    NUMBER("command-output", to.services.max_output, "BYTES",
           "Output that may be pending for a connection before it is not read from", 1024,
           G_MAXINT32),
    SECONDS("command-closing-timeout", to.services.closing_ms,
            "How long a peer has to end its direction after the server has ended its own", 1, 3600),
    SECONDS("command-idle-timeout", to.services.idle_ms,
            "Idle time after which a connection to these ports is closed", 1, 86400),
    SECONDS("command-timeout", to.services.command_ms,
            "Time from a command's first byte to its last", 1, 86400),
};

static const option_row run_rows[] = {
    {"metrics", 0, OPTION_NUMBER, AT(to.metrics_port), "PORT",
     "Metrics for Prometheus on http://127.0.0.1:PORT/metrics; 0 = any free one (default: none)", 1,
     -1, 65535, true},
    TEXT("log-level", log_level, "LEVEL", "error, warning, info or debug (default info)"),
    {"first-conn-id", 0, OPTION_NUMBER, AT(to.config.first_conn_id), "N",
     "The first conn_id, without tokens; later ones count up (default: from the clock)", 1, 0,
     G_MAXINT64, true},
    FLAG("version", version, "Print the version and exit"),
};

static const option_text help_text = {
    .summary = "- reference server of the Plato protocol",
    .description =
        "Exit codes:\n"
        "  0  after a signal\n"
        "  1  it cannot start, the store fails, or a second signal came; a message says which\n"
        "  2  wrong usage",
};

#define GROUP(name, title, rows)                                                                   \
    {                                                                                              \
        name, title, rows, G_N_ELEMENTS(rows)                                                      \
    }

static const option_group groups[] = {
    GROUP("listen", "Listening:", listen_rows),
    GROUP("auth", "Authentication:", auth_rows),
    GROUP("limits", "Limits:", limit_rows),
    GROUP("store", "Store:", store_rows),
    GROUP("times", "Times:", time_rows),
    GROUP("commands", "Latency and commands:", service_rows),
    GROUP("run", "Operation:", run_rows),
};

static void set_defaults(raw_options *raw)
{
    memset(raw, 0, sizeof *raw);
    core_config_init(&raw->to.config);
    admission_config_init(&raw->to.admission);
    services_options_init(&raw->to.services);
    raw->to.port = PLATO_PORT;
    raw->to.tls_port = PLATO_TLS_PORT;
    raw->to.metrics_port = -1;
    raw->to.drain_ms = 2000;
    raw->to.store.keep_bytes = UINT64_C(1) << 30;
    raw->to.store.keep_s = 7 * 86400;
    raw->to.config.first_conn_id = 0;
}

/* A restart must not give out a conn_id again that a client still holds: hence the time. */
static uint64_t conn_id_from_clock(void)
{
    return ((uint64_t)g_get_real_time() / 1000) << 16 | 1;
}

/* Defaults of options that were not given. */
static void fill_in(server_options *options)
{
    core_config *config = &options->config;
    if (options->listen == NULL)
        options->listen = g_strdup("127.0.0.1");
    if (options->services.listen == NULL)
        options->services.listen = g_strdup("127.0.0.1");
    if (config->first_conn_id == 0)
        config->first_conn_id = conn_id_from_clock();
    config->max_connections = options->admission.max_guests;
    evutil_secure_rng_get_bytes(config->hash_seed, sizeof config->hash_seed);
}

bool server_options_tls(const server_options *options)
{
    return options->tls_cert != NULL || options->tls_self_signed;
}

bool options_keep_nothing(const server_options *options)
{
    /* ":memory:" is what users of SQLite expect to say for it */
    return g_strcmp0(options->store_path, "none") == 0 ||
           g_strcmp0(options->store_path, ":memory:") == 0;
}

/* NULL, or what does not go together. */
static const char *contradiction(const server_options *options)
{
    const bool tls = server_options_tls(options);
    const struct {
        bool wrong;
        const char *text;
    } rules[] = {
        {(options->tls_cert == NULL) != (options->tls_key == NULL),
         "--tls-cert and --tls-key need each other"},
        {options->no_plain && !tls,
         "with --no-plain, nothing is left to listen on: give --tls-cert or --tls-self-signed"},
        {options->keylog != NULL && !tls, "--insecure-keylog needs TLS"},
        {services_want_tls(&options->services) && !tls,
         "ports for latency and commands over TLS need --tls-cert or --tls-self-signed"},
        {options->token_file != NULL && options->no_auth,
         "--token-file and --insecure-no-auth contradict each other"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (rules[i].wrong)
            return rules[i].text;
    }
    if (!options_keep_nothing(options) && options->store_path != NULL &&
        (*options->store_path == '\0' || *options->store_path == ':'))
        return "--store needs a file, or none to keep nothing";
    return core_config_check(&options->config);
}

/* What the ranges cannot check. A wrong address is reported later, by the listener. */
static bool check(const server_options *options, bool conn_id_given, GError **error)
{
    struct sockaddr_storage address;
    const char *wrong = contradiction(options);
    if (wrong == NULL && conn_id_given && options->token_file != NULL)
        wrong = "with --token-file, a conn_id must not be guessed: no --first-conn-id";
    if (wrong == NULL && options->token_file == NULL && !options->no_auth &&
        address_make(options->listen, 0, &address) != 0 && !address_is_loopback(options->listen))
        wrong = "without --token-file any client may log in as any device: to let other machines "
                "connect all the same, say --insecure-no-auth";
    if (wrong == NULL && services_wanted(&options->services) &&
        address_make(options->services.listen, 0, &address) == 0)
        wrong = "--command-listen needs a numeric address such as 127.0.0.1 or ::1";
    if (wrong == NULL && services_wanted(&options->services) && !options->services.open &&
        address_make(options->services.listen, 0, &address) != 0 &&
        !address_is_loopback(options->services.listen))
        wrong = "the ports for latency and commands know no tokens: to let other machines connect "
                "all the same, say --insecure-commands";
    if (wrong != NULL)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, wrong);
    return wrong == NULL;
}

static bool set_log_level(const char *name, GError **error)
{
    core_log_level level = CORE_LOG_INFO;
    if (name != NULL && !log_level_parse(name, &level)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--log-level must be error, warning, info or debug, not '%s'", name);
        return false;
    }
    log_set_level(level);
    return true;
}

int server_options_parse(int argc, char **argv, server_options *options)
{
    raw_options raw;
    GError *error = NULL;
    char *help = NULL;
    int code = -1;
    set_defaults(&raw);
    bool ok = option_table_parse(groups, G_N_ELEMENTS(groups), &help_text, &raw, argc, argv, &help,
                                 &error) &&
              set_log_level(raw.log_level, &error);
    *options = raw.to;
    if (ok && help == NULL && !raw.version) {
        const bool conn_id_given = options->config.first_conn_id != 0;
        fill_in(options);
        ok = check(options, conn_id_given, &error);
    }
    if (!ok) {
        code = program_options_wrong("plato-server", error->message);
        g_error_free(error);
    } else if (help != NULL) {
        fputs(help, stdout);
        code = 0;
    } else if (raw.version) {
        code = program_options_version("plato-server");
    }
    g_free(help);
    g_free(raw.log_level);
    return code;
}

void server_options_clear(server_options *options)
{
    g_clear_pointer(&options->listen, g_free);
    g_clear_pointer(&options->services.listen, g_free);
    g_clear_pointer(&options->tls_cert, g_free);
    g_clear_pointer(&options->tls_key, g_free);
    g_clear_pointer(&options->keylog, g_free);
    g_clear_pointer(&options->token_file, g_free);
    g_clear_pointer(&options->store_path, g_free);
    g_clear_pointer(&options->state_dir, g_free);
}
