/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chaos/options.h"

#include "common/program_options.h"
#include "plato/ports.h"

#include <glib.h>

static const char scenario_help[] =
    "A scenario has one rule on each line; # begins a comment:\n"
    "\n"
    "  seed N                         --seed overrides it\n"
    "  connection WHICH [odds P] up|down|both at OFFSET ACTION\n"
    "  connection WHICH [odds P] up|down|both from OFFSET [to OFFSET] ACTION\n"
    "\n"
    "  WHICH    all, N, N-M, or every N; connections are numbered from 1 as they are made\n"
    "  odds P   the rule applies to a connection with probability P\n"
    "  up       from the client to the server\n"
    "  OFFSET   bytes of that direction that have passed: N, or N..M, drawn for each connection\n"
    "\n"
    "  Over a range of bytes, with from:\n"
    "    resegment BYTES [pause MS]   writes of BYTES bytes, with a pause after each (0)\n"
    "    merge BYTES [within MS]      gather BYTES bytes, but wait no longer than MS (100)\n"
    "    throttle BYTES-PER-SECOND\n"
    "    flip-one-in BYTES            flip one random bit in BYTES bytes, on average\n"
    "  At one byte, with at:\n"
    "    stall MS                     wait before it\n"
    "    flip BIT                     flip this bit of it, 0 the lowest to 7\n"
    "    cut                          close the connection to both sides in an orderly way\n"
    "    reset                        end it with a RST\n"
    "    half-close                   end this direction; the other one goes on\n"
    "    replay                       send what has gone up so far again, on a new connection\n"
    "\n"
    "Example: every third connection is cut somewhere in its first 5000 bytes, in half of them a\n"
    "bit is flipped, and all bytes come in pieces of 7.\n"
    "\n"
    "  connection every 3 both at 0..5000 cut\n"
    "  connection all odds 0.5 up at 100..2000 flip 3\n"
    "  connection all both from 0 resegment 7\n"
    "\n"
    "One line on standard output says where it listens. Every action is logged with connection,\n"
    "direction and offset, and without times: the same seed and the same bytes give the same "
    "lines,\n"
    "for each direction in the same order.\n"
    "\n"
    "Exit codes:\n"
    "  0  after a signal\n"
    "  1  it cannot start\n"
    "  2  wrong usage or a wrong scenario";

/* Values that GOption cannot put in their place. */
typedef struct raw_options {
    char *seed;
    gboolean json, check, version;
} raw_options;

static gboolean parse_raw(int argc, char **argv, chaos_options *o, raw_options *raw, GError **error)
{
    const GOptionEntry entries[] = {
        {"listen", 0, 0, G_OPTION_ARG_STRING, &o->listen,
         "Numeric address to listen on (default 127.0.0.1)", "ADDR"},
        {"port", 'p', 0, G_OPTION_ARG_INT, &o->port, "TCP port; 0 = any free one (default 0)", "N"},
        {"server", 0, 0, G_OPTION_ARG_STRING, &o->server,
         "Numeric address of the server (default 127.0.0.1)", "ADDR"},
        {"server-port", 0, 0, G_OPTION_ARG_INT, &o->server_port,
         "Its port (default " G_STRINGIFY(PLATO_PORT) ")", "N"},
        {"scenario", 's', 0, G_OPTION_ARG_FILENAME, &o->scenario,
         "What to do (default: nothing, bytes pass unchanged)", "FILE"},
        {"check", 0, 0, G_OPTION_ARG_NONE, &raw->check, "Read the scenario, and exit", NULL},
        {"seed", 0, 0, G_OPTION_ARG_STRING, &raw->seed, "Seed of everything random (default 1)",
         "N"},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &o->log, "Log to this file (default stderr)", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &raw->json, "Log JSON, one object on each line", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version and exit", NULL},
        G_OPTION_ENTRY_NULL};
    GOptionContext *context = g_option_context_new("- a proxy that causes faults");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, scenario_help);
    return program_options_parse(context, argc, argv, error);
}

static gboolean check(const raw_options *raw, chaos_options *o, GError **error)
{
    guint64 seed = 0;
    if (raw->seed != NULL &&
        !g_ascii_string_to_unsigned(raw->seed, 10, 0, G_MAXUINT64, &seed, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--seed must be a number, not '%s'", raw->seed);
        return FALSE;
    }
    if (o->port < 0 || o->port > 65535 || o->server_port < 1 || o->server_port > 65535) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--port and --server-port must be ports");
        return FALSE;
    }
    o->seeded = raw->seed != NULL;
    o->seed = seed;
    o->json = raw->json;
    o->check = raw->check;
    if (o->listen == NULL)
        o->listen = g_strdup("127.0.0.1");
    if (o->server == NULL)
        o->server = g_strdup("127.0.0.1");
    return TRUE;
}

int chaos_options_parse(int argc, char **argv, chaos_options *options)
{
    raw_options raw = {0};
    GError *error = NULL;
    int code = -1;
    *options = (chaos_options){.server_port = PLATO_PORT};
    const gboolean ok = parse_raw(argc, argv, options, &raw, &error);
    if (ok && raw.version) {
        code = program_options_version("plato-chaos");
    } else if (!ok || !check(&raw, options, &error)) {
        code = program_options_wrong("plato-chaos", error->message);
        g_error_free(error);
    }
    g_free(raw.seed);
    return code;
}

void chaos_options_clear(chaos_options *options)
{
    g_free(options->listen);
    g_free(options->server);
    g_free(options->scenario);
    g_free(options->log);
}
