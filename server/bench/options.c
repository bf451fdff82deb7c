/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/options.h"

#include "bench/message.h"
#include "common/program_options.h"
#include "plato/ports.h"

static const char long_help[] =
    "Sends by a schedule that does not wait for the server. Times run from the moment at which a\n"
    "message was due, so if a server stalls, all messages due meanwhile count as slow. They are\n"
    "read from a histogram with a relative error of at most 0.8 %. With --rate 0 there is no\n"
    "schedule: each sender sends when its window allows, and times run from then.\n"
    "\n"
    "Every message is entered in a ledger: sent, acknowledged, delivered to each member. Lost is "
    "what\n"
    "was acknowledged and did not reach a member before the end of the drain; twice is what "
    "reached a\n"
    "member under two msg_ids. Connections that are lost are made again, and what was not\n"
    "acknowledged is sent again.\n"
    "\n"
    "SIGINT and SIGTERM end the sending; the drain and the report follow. A second one ends the "
    "drain.\n"
    "\n"
    "Exit codes:\n"
    "  0  the ledger is right\n"
    "  1  the run could not be made\n"
    "  2  wrong usage\n"
    "  3  something was lost, came twice, out of order or damaged\n"
    "  4  not all messages were answered";

static void set_defaults(bench_options *options)
{
    *options = (bench_options){.port = PLATO_PORT,
                               .sessions = 50,
                               .senders = 1,
                               .receivers = 1,
                               .rate = 1000,
                               .size = 128,
                               .duration_s = 10,
                               .window = 64,
                               .drain_s = 30,
                               .seed = 1};
}

/* Values that GOption cannot put in their place. */
typedef struct raw_options {
    gint64 count, first_id, seed;
    gboolean tls, insecure, json, progress, version;
} raw_options;

typedef struct bound {
    const char *name;
    int value, least, most;
} bound;

static gboolean check(const bench_options *o, const raw_options *raw, GError **error)
{
    const bound bounds[] = {
        {"port", o->port, 1, 65535},
        {"sessions", o->sessions, 0, 100000},
        {"senders", o->senders, 1, 100},
        {"receivers", o->receivers, 0, 1000},
        {"size", o->size, (int)MESSAGE_LEAST, 1 << 20},
        {"duration", o->duration_s, 1, 86400},
        {"window", o->window, 1, 65535},
        {"warmup", o->warmup_s, 0, 3600},
        {"drain", o->drain_s, 1, 3600},
        {"idle", o->idle, 0, 1000000},
        {"slow-writers", o->slow_writers, 0, 1000000},
        {"floods", o->floods, 0, 1000},
        {"malformed", o->malformed, 0, 10000},
        {"server-pid", o->server_pid, 0, G_MAXINT},
        {"mqtt", o->mqtt_qos, 0, 2},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++) {
        const bound *b = &bounds[i];
        if (b->value >= b->least && b->value <= b->most)
            continue;
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--%s must be from %d to %d, not %d", b->name, b->least, b->most, b->value);
        return FALSE;
    }
    const char *wrong = NULL;
    if (!(o->rate >= 0 && o->rate <= 1e7))
        wrong = "--rate must be from 0 to 10000000";
    else if (raw->count < 0 || raw->first_id < 0 || raw->seed < 0)
        wrong = "--count, --first-id and --seed must not be negative";
    else if (o->sessions > 0 && o->senders + o->receivers < 2)
        wrong = "a session needs two members: see --senders and --receivers";
    else if (o->mqtt_qos > 0 && o->senders > 1)
        wrong = "--mqtt goes with one sender in each session";
    else if (o->sessions + o->idle + o->slow_writers + o->floods + o->malformed == 0)
        wrong = "with --sessions 0 there must be others: see --idle";
    if (wrong != NULL)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s", wrong);
    return wrong == NULL;
}

static void add_load(GOptionContext *context, bench_options *o, raw_options *raw)
{
    const GOptionEntry entries[] = {
        {"sessions", 's', 0, G_OPTION_ARG_INT, &o->sessions,
         "Chat sessions; 0 = none, only what --idle and similar options add (default 50)", "N"},
        {"senders", 0, 0, G_OPTION_ARG_INT, &o->senders,
         "Members of each session that send, and get what the others send (default 1)", "N"},
        {"receivers", 0, 0, G_OPTION_ARG_INT, &o->receivers,
         "Members of each session that only receive (default 1)", "N"},
        {"rate", 'r', 0, G_OPTION_ARG_DOUBLE, &o->rate,
         "Messages a second, of all senders together; 0 = as fast as the windows allow "
         "(default 1000)",
         "N"},
        {"size", 0, 0, G_OPTION_ARG_INT, &o->size, "Bytes of a message's content (default 128)",
         "BYTES"},
        {"duration", 'd', 0, G_OPTION_ARG_INT, &o->duration_s, "How long to send (default 10)",
         "SECONDS"},
        {"count", 'n', 0, G_OPTION_ARG_INT64, &raw->count,
         "Messages in total, if that is reached sooner", "N"},
        {"window", 0, 0, G_OPTION_ARG_INT, &o->window,
         "Messages of a sender that may wait for their ACK (default 64)", "N"},
        {"warmup", 0, 0, G_OPTION_ARG_INT, &o->warmup_s,
         "Send for this time without measuring, before the duration begins (default 0)", "SECONDS"},
        {"drain", 0, 0, G_OPTION_ARG_INT, &o->drain_s,
         "How long to wait for what is missing at the end, or for logins at the start (default 30)",
         "SECONDS"},
        {"first-id", 0, 0, G_OPTION_ARG_INT64, &raw->first_id,
         "First device_id and session_id; they must be new to the server (default: from the clock)",
         "N"},
        {"mqtt", 0, 0, G_OPTION_ARG_INT, &o->mqtt_qos,
         "Speak MQTT 3.1.1 with this QoS, 1 or 2, to a broker, for comparison", "QOS"},
        G_OPTION_ENTRY_NULL};
    g_option_context_add_main_entries(context, entries, NULL);
}

static void add_crowd(GOptionContext *context, bench_options *o, raw_options *raw)
{
    const GOptionEntry entries[] = {
        {"idle", 0, 0, G_OPTION_ARG_INT, &o->idle,
         "Connections that log in and stay; the load begins when all are connected", "N"},
        {"slow-writers", 0, 0, G_OPTION_ARG_INT, &o->slow_writers,
         "Connections that write one byte a second", "N"},
        {"floods", 0, 0, G_OPTION_ARG_INT, &o->floods,
         "Clients that send 100,000 messages a second, or what the server takes, with no window",
         "N"},
        {"malformed", 0, 0, G_OPTION_ARG_INT, &o->malformed,
         "Connections at a time that send malformed input, one after the other", "N"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &raw->seed, "Seed of the malformed input (default 1)",
         "N"},
        G_OPTION_ENTRY_NULL};
    g_option_context_add_main_entries(context, entries, NULL);
}

static void add_rest(GOptionContext *context, bench_options *o, raw_options *raw)
{
    const GOptionEntry entries[] = {
        {"host", 'H', 0, G_OPTION_ARG_STRING, &o->host,
         "Numeric address of the server (default 127.0.0.1)", "ADDR"},
        {"port", 'p', 0, G_OPTION_ARG_INT, &o->port,
         "TCP port (default " G_STRINGIFY(PLATO_PORT) ")", "N"},
        {"token", 0, 0, G_OPTION_ARG_STRING, &o->token, "Token to log in with", "TEXT"},
        {"tls", 0, 0, G_OPTION_ARG_NONE, &raw->tls, "Connect with TLS 1.3", NULL},
        {"ca", 0, 0, G_OPTION_ARG_FILENAME, &o->ca_file,
         "Trust the authorities in this file (default: the system's)", "FILE"},
        {"server-name", 0, 0, G_OPTION_ARG_STRING, &o->server_name,
         "The name that the server's certificate must have (default: --host)", "NAME"},
        {"insecure", 0, 0, G_OPTION_ARG_NONE, &raw->insecure, "Accept any certificate", NULL},
        {"server-pid", 0, 0, G_OPTION_ARG_INT, &o->server_pid,
         "Report CPU and memory of this process", "PID"},
        {"fsync-probe", 0, 0, G_OPTION_ARG_FILENAME, &o->fsync_folder,
         "Before and after, time write and fdatasync of 512 bytes in this folder", "FOLDER"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &raw->json, "Report as one JSON object", NULL},
        {"progress", 0, 0, G_OPTION_ARG_NONE, &raw->progress,
         "Show progress on stderr, even if that is not a terminal", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version and exit", NULL},
        G_OPTION_ENTRY_NULL};
    g_option_context_add_main_entries(context, entries, NULL);
}

static gboolean parse(int argc, char **argv, bench_options *o, raw_options *raw, GError **error)
{
    GOptionContext *context = g_option_context_new("- load for a server of the Plato protocol");
    add_load(context, o, raw);
    add_crowd(context, o, raw);
    add_rest(context, o, raw);
    g_option_context_set_description(context, long_help);
    return program_options_parse(context, argc, argv, error);
}

static void take(const raw_options *raw, bench_options *o)
{
    o->count = (uint64_t)raw->count;
    /* New ones every millisecond; a run takes fewer than a million. */
    o->first_id =
        raw->first_id > 0 ? (uint64_t)raw->first_id : (uint64_t)g_get_real_time() / 1000 * 1000;
    o->seed = (uint64_t)raw->seed;
    o->tls = raw->tls;
    o->insecure = raw->insecure;
    o->json = raw->json;
    o->progress = raw->progress;
    if (o->host == NULL)
        o->host = g_strdup("127.0.0.1");
}

int bench_options_parse(int argc, char **argv, bench_options *options)
{
    raw_options raw = {.seed = 1};
    GError *error = NULL;
    set_defaults(options);
    if (parse(argc, argv, options, &raw, &error) && raw.version)
        return program_options_version("plato-bench");
    if (error != NULL || !check(options, &raw, &error)) {
        const int code = program_options_wrong("plato-bench", error->message);
        g_error_free(error);
        return code;
    }
    take(&raw, options);
    return -1;
}

void bench_options_clear(bench_options *options)
{
    g_free(options->host);
    g_free(options->token);
    g_free(options->ca_file);
    g_free(options->server_name);
    g_free(options->fsync_folder);
}
