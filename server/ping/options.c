/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ping/options.h"

#include "common/program_options.h"
#include "plato/ports.h"

static const char description[] =
    "Sends a clock of 4 bytes and times its way back, one probe at a time, until SIGINT or\n"
    "--count; then prints a report. The jitter is the mean difference of one round trip\n"
    "from the one before it. With --tcp-short, connecting is part of the round trip,\n"
    "and so is the handshake of TLS.\n"
    "\n"
    "Exit codes:\n"
    "  0  each probe came back\n"
    "  1  some were lost\n"
    "  2  wrong usage\n"
    "  3  all were lost";

typedef struct raw_options {
    gint port;
    gboolean udp, tcp_short, tcp_long, version;
    char **rest;
} raw_options;

static const char *wrong(const raw_options *raw, const ping_options *options)
{
    const struct {
        bool wrong;
        const char *text;
    } rules[] = {
        {raw->rest == NULL || raw->rest[0] == NULL || raw->rest[1] != NULL, "give one HOST"},
        {raw->udp + raw->tcp_short + raw->tcp_long > 1,
         "--udp, --tcp-short and --tcp-long exclude each other"},
        {options->tls.tls && !raw->tcp_short && !raw->tcp_long,
         "--tls needs --tcp-short or --tcp-long"},
        {raw->port != -1 && (raw->port < 1 || raw->port > 65535), "--port must be from 1 to 65535"},
        {options->count < 0, "--count must be 0 (no end) or more"},
        {!(options->interval_s >= 0 && options->interval_s <= PING_AGEING_S),
         "--interval must be from 0 to 360 seconds"},
        {!(options->timeout_s > 0 && options->timeout_s <= 60),
         "--timeout must be over 0 and up to 60 seconds"},
        {raw->tcp_long && options->interval_s + options->timeout_s > PING_AGEING_S,
         "with --tcp-long, --interval and --timeout must be 360 seconds or less together: so often "
         "a connection must be used"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (rules[i].wrong)
            return rules[i].text;
    }
    return tls_options_wrong(&options->tls);
}

static gboolean parse(int argc, char **argv, raw_options *raw, ping_options *options,
                      GError **error)
{
    const GOptionEntry entries[] = {
        {"port", 'p', 0, G_OPTION_ARG_INT, &raw->port,
         "Port of the server (default " G_STRINGIFY(PLATO_LATENCY_PORT) ", with --tls " G_STRINGIFY(
             PLATO_LATENCY_TLS_PORT) ")",
         "N"},
        {"udp", 0, 0, G_OPTION_ARG_NONE, &raw->udp, "Over UDP (the default)", NULL},
        {"tcp-short", 0, 0, G_OPTION_ARG_NONE, &raw->tcp_short,
         "Over TCP, a connection for each probe", NULL},
        {"tcp-long", 0, 0, G_OPTION_ARG_NONE, &raw->tcp_long,
         "Over TCP, one connection for all probes", NULL},
        {"count", 'c', 0, G_OPTION_ARG_INT64, &options->count,
         "Probes to send (default 0: until SIGINT)", "N"},
        {"interval", 'i', 0, G_OPTION_ARG_DOUBLE, &options->interval_s,
         "Pause after a reply (default 1; the protocol allows no less)", "SECONDS"},
        {"timeout", 0, 0, G_OPTION_ARG_DOUBLE, &options->timeout_s,
         "When a probe times out (default 4)", "SECONDS"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print only the report, as JSON", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version and exit", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->rest, NULL, NULL},
        G_OPTION_ENTRY_NULL};
    GOptionContext *context = g_option_context_new("HOST - times the way to a latency echo server");
    g_option_context_add_main_entries(context, entries, NULL);
    tls_options_add(context, &options->tls);
    g_option_context_set_description(context, description);
    return program_options_parse(context, argc, argv, error);
}

int ping_options_parse(int argc, char **argv, ping_options *options)
{
    raw_options raw = {.port = -1};
    GError *error = NULL;
    int code = -1;
    *options = (ping_options){.interval_s = PING_PAUSE_S, .timeout_s = PING_TIMEOUT_S};
    const gboolean ok = parse(argc, argv, &raw, options, &error);
    const char *text = ok ? wrong(&raw, options) : error->message;
    if (ok && raw.version) {
        code = program_options_version("plato-ping");
    } else if (text != NULL) {
        code = program_options_wrong("plato-ping", text);
    } else {
        options->host = g_strdup(raw.rest[0]);
        options->port = raw.port != -1     ? raw.port
                        : options->tls.tls ? PLATO_LATENCY_TLS_PORT
                                           : PLATO_LATENCY_PORT;
        options->transport = raw.tcp_short ? PROBE_SHORT : raw.tcp_long ? PROBE_LONG : PROBE_UDP;
    }
    g_clear_error(&error);
    g_strfreev(raw.rest);
    return code;
}

void ping_options_clear(ping_options *options)
{
    g_clear_pointer(&options->host, g_free);
    tls_options_clear(&options->tls);
}
