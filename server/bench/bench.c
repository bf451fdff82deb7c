/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/bench.h"

#include "bench/fsync_probe.h"
#include "common/address.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000) /* ns */

static bool shows_progress(const bench *b)
{
    return b->options->progress || isatty(STDERR_FILENO);
}

static void probe(const bench *b, histogram *h)
{
    const char *folder = b->options->fsync_folder;
    if (folder != NULL && !fsync_probe(folder, h))
        fprintf(stderr, "plato-bench: no fsync probe in '%s': %s\n", folder, g_strerror(errno));
}

static void look(const bench *b, process_use *server, process_use *own)
{
    if (b->watches)
        process_look(b->options->server_pid, server);
    if (own != NULL)
        process_look((int)getpid(), own);
}

static void finish(bench *b)
{
    event_base_loopbreak(b->base);
}

static void measured(bench *b)
{
    if (b->load->measure_ns == 0 || b->measured_ns != 0)
        return;
    look(b, &b->measured, &b->own_measured);
    b->measured_ns = load_now_ns() - b->load->measure_ns;
    b->delivered = b->load->counts.delivered - b->load->measured_from;
}

static void on_phase(void *user, load_phase phase)
{
    bench *b = user;
    if (phase == LOAD_MEASURING) {
        look(b, &b->measuring, &b->own_measuring);
    } else if (phase == LOAD_DRAINING) {
        measured(b);
    } else if (phase == LOAD_OVER) {
        if (b->load->start_ns == 0)
            b->failure = "not all clients could log in";
        finish(b);
    }
}

/* The crowd is there. */
static void start_load(bench *b)
{
    b->started = true;
    b->ready_ns = load_now_ns();
    b->end_ns = b->ready_ns + (uint64_t)b->options->duration_s * SECOND;
    look(b, &b->ready, NULL);
    if (b->options->sessions > 0)
        load_start(b->load);
}

static void on_second(evutil_socket_t fd, short what, void *user)
{
    bench *b = user;
    const uint64_t now_ns = load_now_ns();
    (void)fd;
    (void)what;
    if (shows_progress(b))
        report_progress(b);
    if (!b->started && crowd_is_there(b->crowd)) {
        start_load(b);
    } else if (!b->started && now_ns >= b->end_ns) {
        b->failure = "not all idle connections could log in";
        finish(b);
    } else if (b->started && b->options->sessions == 0 && now_ns >= b->end_ns) {
        finish(b);
    }
}

static void on_signal(evutil_socket_t number, short what, void *user)
{
    bench *b = user;
    (void)number;
    (void)what;
    if (b->started && b->options->sessions > 0)
        load_stop(b->load);
    else
        finish(b);
}

static bool set_target(bench *b)
{
    const bench_options *options = b->options;
    b->target.base = b->base;
    b->target.problem = &b->problem;
    b->target.address_length =
        (socklen_t)address_make(options->host, options->port, &b->target.address);
    if (b->target.address_length == 0) {
        fprintf(stderr, "plato-bench: --host needs a numeric address, not '%s'\n", options->host);
        return false;
    }
    if (options->tls) {
        char *error;
        const tls_client_options tls = {.ca_file = options->ca_file, .insecure = options->insecure};
        b->target.tls = tls_client_new(&tls, &error);
        b->target.server_name = options->server_name != NULL ? options->server_name : options->host;
        if (b->target.tls == NULL) {
            fprintf(stderr, "plato-bench: %s\n", error);
            g_free(error);
            return false;
        }
    }
    if (options->server_pid > 0 && !process_look(options->server_pid, &b->before)) {
        fprintf(stderr, "plato-bench: there is no process %d to watch\n", options->server_pid);
        return false;
    }
    b->watches = options->server_pid > 0;
    return true;
}

static int run(bench *b)
{
    const struct timeval second = {1, 0};
    const int signals[] = {SIGINT, SIGTERM};
    int code = EXIT_NOT_RUN;
    b->crowd = crowd_new(b->options, &b->target);
    b->load = load_new(b->options, &b->target);
    b->load->phase_changed = on_phase;
    b->load->user = b;
    b->second = event_new(b->base, -1, EV_PERSIST, on_second, b);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        b->signals[i] = evsignal_new(b->base, signals[i], on_signal, b);
        event_add(b->signals[i], NULL);
    }
    event_add(b->second, &second);
    probe(b, &b->fsync_before);
    b->begin_ns = load_now_ns();
    b->end_ns = b->begin_ns + (uint64_t)b->options->drain_s * SECOND;
    crowd_start(b->crowd);
    if (crowd_is_there(b->crowd))
        start_load(b);
    event_base_dispatch(b->base);
    measured(b);
    if (shows_progress(b))
        report_progress(b);
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
    if (b->failure != NULL) {
        fprintf(stderr, "plato-bench: %s%s%s; see --drain, and the server's log\n", b->failure,
                b->problem != NULL ? ": " : "", b->problem != NULL ? b->problem : "");
    } else {
        probe(b, &b->fsync_after);
        code = report_print(b);
    }
    load_free(b->load);
    crowd_free(b->crowd);
    event_free(b->second);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        event_free(b->signals[i]);
    return code;
}

/* Timers to the microsecond: the schedule wants them. */
static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

int bench_run(const bench_options *options)
{
    bench *b = g_new0(bench, 1); /* too large for the stack */
    int code = EXIT_NOT_RUN;
    b->options = options;
    b->base = new_base();
    if (b->base == NULL)
        fprintf(stderr, "plato-bench: libevent finds no way to wait for events\n");
    else if (set_target(b))
        code = run(b);
    g_free(b->problem);
    tls_client_free(b->target.tls);
    if (b->base != NULL)
        event_base_free(b->base);
    g_free(b);
    return code;
}
