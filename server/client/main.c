/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plato-client: a client for scripts and shells. --help lists commands and exit codes. */
#include "client/client.h"

#include <event2/event.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

/* A loop that can wait for plain files too, so that commands may come from one. */
static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    event_config_require_features(config, EV_FEATURE_FDS);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static int run(const client_options *options)
{
    int code = EXIT_NO_CONNECTION;
    struct event_base *base = new_base();
    if (base == NULL) {
        fprintf(stderr, "plato-client: libevent finds no way to wait for events\n");
        return code;
    }
    struct client *client = client_new(options, base, &code);
    if (client != NULL) {
        event_base_dispatch(base);
        code = client->exit_code;
        client_tell_kept(client);
        client_free(client);
    }
    event_base_free(base);
    return code;
}

int main(int argc, char **argv)
{
    client_options options;
    setlocale(LC_ALL, "");
    int code = client_options_parse(argc, argv, &options);
    if (code < 0) {
        signal(SIGPIPE, SIG_IGN);
        code = run(&options);
    }
    client_options_clear(&options);
    libevent_global_shutdown();
    return code;
}
