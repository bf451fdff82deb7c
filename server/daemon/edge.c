/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/edge.h"

#include "daemon/guard.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/notify.h"
#include "daemon/pump.h"
#include "daemon/services.h"

#include <signal.h>

/*
 * How the server stops: nobody is accepted any more; the loop goes on until it has turned this
 * often without a byte having come or waiting for the store, so that what peers had sent before is
 * read and answered; then all connections are ended. With TLS, bytes take several turns from the
 * socket to the core.
 */
#define QUIET_TURNS 4
#define TURN_US 1000

struct edge {
    struct event_base *base;
    struct pump *pump;
    struct storage *storage; /* NULL: nothing is stored */
    struct guard *guard;     /* NULL: no authentication */
    struct tls *tls;         /* NULL: no TLS */
    struct listener *plain, *secure;
    struct services *services; /* NULL: Plato only */
    struct metrics *metrics;
    struct event *signals[3];
    struct event *drain;
    server_counts counts;
    uint32_t drain_ms;
    gint64 drain_until; /* us; 0 before the first signal */
    uint64_t drain_bytes;
    bool pump_empty; /* after pump_stop() */
    unsigned quiet_turns;
    bool broken_off; /* by a second signal */
    bool failed;     /* the store has */
};

static uint64_t bytes_received(const struct edge *edge)
{
    return edge->counts.bytes_received +
           (edge->services != NULL ? services_counts(edge->services)->bytes_received : 0);
}

static void end_all(struct edge *edge)
{
    if (edge->services != NULL)
        services_stop(edge->services);
    pump_stop(edge->pump);
}

static void on_drain(evutil_socket_t fd, short what, void *user)
{
    static const struct timeval turn = {0, TURN_US};
    struct edge *edge = user;
    (void)fd;
    (void)what;
    const uint64_t bytes = bytes_received(edge);
    const bool quiet = bytes == edge->drain_bytes && !pump_core_stats(edge->pump).uncommitted;
    edge->quiet_turns = quiet ? edge->quiet_turns + 1 : 0;
    edge->drain_bytes = bytes;
    if (edge->quiet_turns >= QUIET_TURNS || g_get_monotonic_time() >= edge->drain_until)
        end_all(edge);
    else
        event_add(edge->drain, &turn);
}

static void leave_if_empty(struct edge *edge)
{
    if (edge->pump_empty && (edge->services == NULL || services_are_empty(edge->services)))
        event_base_loopexit(edge->base, NULL);
}

static void on_emptied(void *user)
{
    struct edge *edge = user;
    edge->pump_empty = true;
    leave_if_empty(edge);
}

static void on_services_emptied(void *user)
{
    leave_if_empty(user);
}

static void on_failed(void *user)
{
    struct edge *edge = user;
    edge->failed = true;
    event_base_loopbreak(edge->base);
}

static void on_stop(evutil_socket_t signal_number, short what, void *user)
{
    struct edge *edge = user;
    (void)what;
    if (edge->drain_until != 0) {
        log_line(CORE_LOG_WARNING, 0, "stopping at once on a second signal");
        edge->broken_off = true;
        event_base_loopbreak(edge->base);
        return;
    }
    log_line(CORE_LOG_INFO, 0,
             signal_number == SIGTERM ? "stopping on SIGTERM" : "stopping on SIGINT");
    notify("STOPPING=1");
    edge->drain_until = g_get_monotonic_time() + (gint64)edge->drain_ms * 1000;
    g_clear_pointer(&edge->plain, listener_free);
    g_clear_pointer(&edge->secure, listener_free);
    if (edge->services != NULL)
        services_shut(edge->services);
    on_drain(-1, 0, edge);
}

/* A file that cannot be read leaves the old one in force: a typing error must not lock everybody
 * out. */
static void log_reload(const char *what, char *error)
{
    if (error == NULL)
        log_event(CORE_LOG_INFO, 0, "read anew on SIGHUP", "what", what, NULL);
    else
        log_event(CORE_LOG_ERROR, 0, "not read anew on SIGHUP: the old ones stay", "what", what,
                  "error", error, NULL);
    g_free(error);
}

static void on_hangup(evutil_socket_t signal_number, short what, void *user)
{
    struct edge *edge = user;
    char *error = NULL;
    (void)signal_number;
    (void)what;
    if (edge->guard != NULL) {
        guard_reload(edge->guard, &error);
        log_reload("tokens", error);
    }
    error = NULL;
    if (edge->tls != NULL) {
        tls_reload(edge->tls, &error);
        log_reload("certificate", error);
    }
}

static void on_plain(void *user, evutil_socket_t fd, const struct sockaddr *peer)
{
    struct edge *edge = user;
    edge->counts.accepted_plain++;
    pump_accept(edge->pump, fd, peer, NULL);
}

static void on_secure(void *user, evutil_socket_t fd, const struct sockaddr *peer)
{
    struct edge *edge = user;
    edge->counts.accepted_tls++;
    pump_accept(edge->pump, fd, peer, edge->tls);
}

static bool start_plain(struct edge *edge, const server_options *options, char **error)
{
    const listener_config config = {
        options->listen, options->port, "--port", &edge->counts.accept_errors, on_plain, edge};
    if (options->no_plain)
        return true;
    edge->plain = listener_new(edge->base, &config, error);
    return edge->plain != NULL;
}

static bool start_tls(struct edge *edge, const server_options *options, char **error)
{
    const tls_config files = {options->tls_cert, options->tls_key, options->tls_self_signed,
                              options->keylog};
    const listener_config config = {options->listen, options->tls_port,
                                    "--tls-port",    &edge->counts.accept_errors,
                                    on_secure,       edge};
    if (!server_options_tls(options))
        return true;
    edge->tls = tls_new(&files, error);
    if (edge->tls == NULL)
        return false;
    edge->secure = listener_new(edge->base, &config, error);
    return edge->secure != NULL;
}

static bool start_guard(struct edge *edge, const server_options *options, char **error)
{
    if (options->token_file == NULL)
        return true;
    edge->guard = guard_new(options->token_file, &edge->counts, error);
    return edge->guard != NULL;
}

static bool start_services(struct edge *edge, const server_options *options, char **error)
{
    if (!services_wanted(&options->services))
        return true;
    edge->services =
        services_new(edge->base, &options->services, edge->tls, on_services_emptied, edge, error);
    return edge->services != NULL;
}

static bool start_metrics(struct edge *edge, const server_options *options, char **error)
{
    if (options->metrics_port < 0)
        return true;
    edge->metrics = metrics_new(edge->base, options->metrics_port, edge->pump, &edge->counts,
                                edge->services, error);
    return edge->metrics != NULL;
}

static bool start_storage(struct edge *edge, const server_options *options, char **error)
{
    if (options_keep_nothing(options))
        return true;
    edge->storage = storage_open(&options->store, options->store_path, options->state_dir, error);
    return edge->storage != NULL;
}

static bool start_pump(struct edge *edge, const server_options *options, char **error)
{
    const pump_config config = {.core = options->config,
                                .admission = options->admission,
                                .guard = edge->guard,
                                .counts = &edge->counts,
                                .storage = edge->storage,
                                .emptied = on_emptied,
                                .failed = on_failed,
                                .user = edge};
    edge->pump = pump_new(edge->base, &config, error);
    return edge->pump != NULL;
}

static void start_loop(struct edge *edge)
{
    static const struct {
        int number;
        event_callback_fn handle;
    } rows[] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_hangup}};
    edge->base = event_base_new();
    if (edge->base == NULL)
        g_error("libevent finds no way to wait for events");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        edge->signals[i] = evsignal_new(edge->base, rows[i].number, rows[i].handle, edge);
        event_add(edge->signals[i], NULL);
    }
    edge->drain = evtimer_new(edge->base, on_drain, edge);
}

struct edge *edge_new(const server_options *options, char **error)
{
    struct edge *edge = g_new0(struct edge, 1);
    edge->drain_ms = options->drain_ms;
    start_loop(edge);
    const bool ok = start_guard(edge, options, error) && start_storage(edge, options, error) &&
                    start_pump(edge, options, error) && start_plain(edge, options, error) &&
                    start_tls(edge, options, error) && start_services(edge, options, error) &&
                    start_metrics(edge, options, error);
    if (!ok)
        g_clear_pointer(&edge, edge_free);
    return edge;
}

void edge_free(struct edge *edge)
{
    if (edge == NULL)
        return;
    listener_free(edge->plain);
    listener_free(edge->secure);
    metrics_free(edge->metrics);
    services_free(edge->services);
    storage_stop(edge->storage);
    pump_free(edge->pump);
    storage_close(edge->storage, !edge->failed);
    for (size_t i = 0; i < G_N_ELEMENTS(edge->signals); i++)
        event_free(edge->signals[i]);
    event_free(edge->drain);
    event_base_free(edge->base);
    tls_free(edge->tls);
    guard_free(edge->guard);
    g_free(edge);
}

void edge_print_addresses(const struct edge *edge, FILE *to)
{
    if (edge->plain != NULL)
        fprintf(to, "listening on %s\n", listener_address(edge->plain));
    if (edge->secure != NULL)
        fprintf(to, "listening with TLS on %s\ncertificate SHA-256 %s\n",
                listener_address(edge->secure), tls_fingerprint(edge->tls));
    if (edge->services != NULL)
        services_print_addresses(edge->services, to);
    if (edge->metrics != NULL)
        fprintf(to, "metrics on http://%s/metrics\n", metrics_address(edge->metrics));
}

bool edge_run(struct edge *edge)
{
    notify("READY=1");
    pump_run(edge->pump); /* sets the clock for what was restored */
    if (!edge->failed)
        event_base_dispatch(edge->base);
    return !edge->broken_off && !edge->failed;
}
