/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plato-server: the reference server. Exit code 0 after a signal, 1 on an error, 2 on bad usage. */
#include "daemon/edge.h"
#include "daemon/log.h"

#include <event2/event.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

/* A socket for each connection: the usual soft limit is lower than what the system allows. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int serve(const server_options *options)
{
    char *error = NULL;
    struct edge *edge = edge_new(options, &error);
    if (edge == NULL) {
        fprintf(stderr, "plato-server: %s\n", error);
        g_free(error);
        return 1;
    }
    log_line(CORE_LOG_WARNING, 0,
             "NO AUTHENTICATION: tokens are not checked, any client may log in as any device");
    printf("listening on %s\n", edge_address(edge));
    fflush(stdout);
    const bool ok = edge_run(edge);
    edge_free(edge);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    server_options options;
    setlocale(LC_ALL, "");
    int code = server_options_parse(argc, argv, &options);
    if (code < 0) {
        signal(SIGPIPE, SIG_IGN);
        raise_file_limit();
        code = serve(&options);
    }
    server_options_clear(&options);
    libevent_global_shutdown();
    return code;
}
