/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plato-server: the reference server. Exit code 0 after a signal, 1 on an error, 2 on bad usage. */
#include "auth/token_file.h"
#include "daemon/edge.h"
#include "daemon/file_limit.h"
#include "daemon/log.h"

#include <event2/event.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

/* 1 if there is an error, which is freed; else 0. */
static int report(char *error)
{
    if (error == NULL)
        return 0;
    fprintf(stderr, "plato-server: %s\n", error);
    g_free(error);
    return 1;
}

/* What makes the server open to all. */
static void warn(const server_options *options)
{
    if (options->token_file == NULL)
        log_line(CORE_LOG_WARNING, 0,
                 "NO AUTHENTICATION: tokens are not checked, any client may log in as any device");
    if (options->keylog != NULL)
        log_event(CORE_LOG_WARNING, 0,
                  "THE SECRETS OF ALL TLS CONNECTIONS ARE WRITTEN DOWN: whoever reads the file can "
                  "read what they carry",
                  "file", options->keylog, NULL);
}

static int serve(const server_options *options)
{
    const services_options *services = &options->services;
    const unsigned more = services_wanted(services)
                              ? services->admission.max_guests + SERVICES * services->max_closing
                              : 0;
    char *error =
        file_limit_raise(options->admission.max_guests + options->config.max_closing + more);
    struct edge *edge = error == NULL ? edge_new(options, &error) : NULL;
    if (edge == NULL)
        return report(error);
    warn(options);
    edge_print_addresses(edge, stdout);
    fflush(stdout);
    const bool clean = edge_run(edge);
    edge_free(edge);
    return clean ? 0 : 1;
}

static int hash_tokens(void)
{
    char *error = NULL;
    token_file_make_lines(stdin, stdout, &error);
    return report(error);
}

int main(int argc, char **argv)
{
    server_options options;
    setlocale(LC_ALL, "");
    int code = server_options_parse(argc, argv, &options);
    if (code < 0) {
        signal(SIGPIPE, SIG_IGN);
        code = options.hash_tokens ? hash_tokens() : serve(&options);
    }
    server_options_clear(&options);
    libevent_global_shutdown();
    return code;
}
