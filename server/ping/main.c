/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plato-ping: times the way to a latency echo server. Exit codes: ping/options.c. */
#include "ping/options.h"
#include "ping/report.h"
#include "plato/command.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: it ends a wait */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    wait_stop_flag(&stopped);
}

static void pause_until(int64_t due_us)
{
    while (!stopped && wait_now_us() < due_us)
        (void)wait_ready(-1, 0, due_us);
}

static void take_probe(prober *p, report *r, gint64 number, gboolean quiet)
{
    char *why = NULL;
    const int64_t us = probe_once(p, &why);
    if (us < 0 && stopped) { /* it was not waited for: neither a reply nor a loss */
        g_free(why);
        return;
    }
    if (us >= 0)
        report_reply(r, us);
    else
        report_loss(r);
    if (!quiet && us >= 0)
        printf("reply from %s: probe=%" G_GINT64_FORMAT " time=%.3f ms\n", p->address, number,
               (double)us / 1000);
    else if (!quiet)
        printf("lost: probe=%" G_GINT64_FORMAT ": %s\n", number, why);
    fflush(stdout);
    g_free(why);
}

/* A host that was never found has no address. */
static int print_report(const report *r, const prober *p, gboolean json)
{
    static const char *const transports[] = {
        [PROBE_UDP] = "udp", [PROBE_SHORT] = "tcp-short", [PROBE_LONG] = "tcp-long"};
    const report_figures figures = report_count(r);
    char *text =
        json ? report_json(&figures, p->address, transports[p->transport]) : report_text(&figures);
    if (!json)
        printf("--- %s, %s ---\n", *p->address != '\0' ? p->address : p->peer.host,
               transports[p->transport]);
    fputs(text, stdout);
    g_free(text);
    if (figures.lost == 0 && figures.replies > 0)
        return 0;
    return figures.replies > 0 ? 1 : 3;
}

static int run(const ping_options *options, tls_client *tls)
{
    report r;
    prober p = {.peer = {options->host, options->port,
                         options->transport == PROBE_UDP ? SOCK_DGRAM : SOCK_STREAM, tls,
                         options->tls.server_name},
                .transport = options->transport,
                .timeout_us = (int64_t)(options->timeout_s * G_USEC_PER_SEC),
                .stream = {.fd = -1}};
    if (options->interval_s < PING_PAUSE_S)
        fprintf(stderr, "plato-ping: less than 1 s behind a reply is faster than the protocol "
                        "allows: the server may refuse it\n");
    report_init(&r);
    for (gint64 n = 1; !stopped && (options->count == 0 || n <= options->count); n++) {
        if (n > 1)
            pause_until(wait_now_us() + (int64_t)(options->interval_s * G_USEC_PER_SEC));
        if (!stopped)
            take_probe(&p, &r, n, options->json);
    }
    const int code = print_report(&r, &p, options->json);
    prober_close(&p);
    report_clear(&r);
    return code;
}

int main(int argc, char **argv)
{
    ping_options options;
    setlocale(LC_ALL, "");
    int code = ping_options_parse(argc, argv, &options);
    if (code < 0) {
        char *why;
        tls_client *tls = tls_options_client(&options.tls, PLATO_LATENCY_ALPN, &why);
        catch_signals();
        if (why != NULL)
            fprintf(stderr, "plato-ping: %s\n", why);
        code = why != NULL ? 2 : run(&options, tls);
        g_free(why);
        tls_client_free(tls);
    }
    ping_options_clear(&options);
    return code;
}
