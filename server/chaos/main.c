/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plato-chaos: a TCP proxy that brings trouble by a script. --help has its grammar. */
#include "chaos/proxy.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

/* Two sockets for each connection. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void on_signal(evutil_socket_t number, short what, void *user)
{
    (void)number;
    (void)what;
    event_base_loopbreak(user);
}

static int serve(const chaos_options *options, const scenario *s)
{
    const int signals[] = {SIGTERM, SIGINT};
    struct event *caught[2];
    struct event_base *base = event_base_new();
    proxy *p = base != NULL ? proxy_new(options, s, base) : NULL;
    if (p == NULL) {
        if (base != NULL)
            event_base_free(base);
        return 1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        caught[i] = evsignal_new(base, signals[i], on_signal, base);
        event_add(caught[i], NULL);
    }
    char *address = proxy_address(p);
    printf("listening on %s\n", address);
    fflush(stdout);
    g_free(address);
    event_base_dispatch(base);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        event_free(caught[i]);
    proxy_free(p);
    event_base_free(base);
    return 0;
}

static int run(const chaos_options *options)
{
    char *error = NULL;
    int code = 0;
    scenario *s = options->scenario != NULL ? scenario_read(options->scenario, &error)
                                            : scenario_parse("", "", &error);
    if (s == NULL) {
        fprintf(stderr, "plato-chaos: %s\n", error);
        g_free(error);
        return 2;
    }
    if (options->seeded)
        s->seed = options->seed;
    if (!options->check)
        code = serve(options, s);
    scenario_free(s);
    return code;
}

int main(int argc, char **argv)
{
    chaos_options options;
    setlocale(LC_ALL, "");
    int code = chaos_options_parse(argc, argv, &options);
    if (code < 0) {
        signal(SIGPIPE, SIG_IGN);
        raise_file_limit();
        code = run(&options);
    }
    chaos_options_clear(&options);
    libevent_global_shutdown();
    return code;
}
