/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/listener.h"

#include "daemon/log.h"

#include <errno.h>

#define BACKLOG 512 /* connections that wait to be accepted */

struct listener {
    listener_config config;
    struct evconnlistener *socket;
    struct event *resumer; /* accepts again after ACCEPT_PAUSE_MS */
    char address[ADDRESS_TEXT];
};

static void on_accept(struct evconnlistener *from, evutil_socket_t fd, struct sockaddr *peer,
                      int length, void *user)
{
    struct listener *listener = user;
    (void)from;
    (void)length;
    listener->config.accepted(listener->config.user, fd, peer);
}

/* Usually EMFILE. The peer still waits in the backlog: without the pause, we would be called
 * again at once, and again, until somebody else closes a socket. */
static void on_error(struct evconnlistener *socket, void *user)
{
    struct listener *listener = user;
    const struct timeval pause = {0, ACCEPT_PAUSE_MS * 1000};
    ++*listener->config.errors;
    log_event(CORE_LOG_WARNING, 0, "cannot accept", "error", g_strerror(EVUTIL_SOCKET_ERROR()),
              "listener", listener->address, NULL);
    evconnlistener_disable(socket);
    event_add(listener->resumer, &pause);
}

static void on_resume(evutil_socket_t fd, short what, void *user)
{
    struct listener *listener = user;
    (void)fd;
    (void)what;
    evconnlistener_enable(listener->socket);
}

void listener_bound_address(struct evconnlistener *socket, char text[ADDRESS_TEXT])
{
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof bound;
    getsockname(evconnlistener_get_fd(socket), (struct sockaddr *)&bound, &length);
    address_format((struct sockaddr *)&bound, text);
}

struct evconnlistener *listener_bind(struct event_base *base, const listener_config *config,
                                     evconnlistener_cb accepted, void *user, char **error)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
    struct sockaddr_storage address;
    const int length = address_make(config->host, config->port, &address);
    if (length == 0) {
        *error = g_strdup_printf(
            "--listen needs a numeric address such as 127.0.0.1 or ::1, not '%s'", config->host);
        return NULL;
    }
    struct evconnlistener *socket = evconnlistener_new_bind(base, accepted, user, flags, BACKLOG,
                                                            (struct sockaddr *)&address, length);
    if (socket == NULL)
        *error = g_strdup_printf("cannot listen on %s port %d: %s%s%s", config->host, config->port,
                                 g_strerror(errno), errno == EADDRINUSE ? "; choose another " : "",
                                 errno == EADDRINUSE ? config->option : "");
    return socket;
}

struct listener *listener_new(struct event_base *base, const listener_config *config, char **error)
{
    struct listener *listener = g_new0(struct listener, 1);
    listener->config = *config;
    listener->resumer = evtimer_new(base, on_resume, listener);
    listener->socket = listener_bind(base, config, on_accept, listener, error);
    if (listener->socket == NULL) {
        g_clear_pointer(&listener, listener_free);
        return NULL;
    }
    evconnlistener_set_error_cb(listener->socket, on_error);
    listener_bound_address(listener->socket, listener->address);
    return listener;
}

void listener_free(struct listener *listener)
{
    if (listener == NULL)
        return;
    g_clear_pointer(&listener->socket, evconnlistener_free);
    event_free(listener->resumer);
    g_free(listener);
}

const char *listener_address(const struct listener *listener)
{
    return listener->address;
}
