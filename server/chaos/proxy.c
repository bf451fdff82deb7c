/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chaos/proxy.h"

#include "common/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 512

static void set_nodelay(int fd)
{
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* close() then sends a RST. */
static void set_reset(int fd)
{
    const struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void relay_free(gpointer data)
{
    relay *r = data;
    pipe_clear(&r->up);
    pipe_clear(&r->down);
    if (r->connected != NULL)
        event_free(r->connected);
    event_free(r->linger);
    close(r->client);
    close(r->server);
    g_free(r);
}

static void end_after(relay *r, int ms)
{
    const struct timeval delay = {ms / 1000, ms % 1000 * 1000};
    if (!event_pending(r->linger, EV_TIMEOUT, NULL))
        event_add(r->linger, &delay);
}

void relay_reset(relay *r)
{
    set_reset(r->client);
    set_reset(r->server);
    r->up.ended = r->down.ended = true;
    event_del(r->linger);
    end_after(r, 0);
}

void relay_cut(relay *r)
{
    pipe_half_close(&r->up);
    pipe_half_close(&r->down);
    end_after(r, 1000);
}

void relay_ended(relay *r)
{
    if (r->up.ended && r->down.ended)
        end_after(r, r->up.source_ended && r->down.source_ended ? 0 : 1000);
}

static void on_linger(evutil_socket_t fd, short what, void *user)
{
    relay *r = user;
    (void)fd;
    (void)what;
    g_hash_table_remove(r->proxy->open, r);
}

static void on_connected(evutil_socket_t fd, short what, void *user)
{
    relay *r = user;
    int error = 0;
    socklen_t n = sizeof error;
    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0) {
        chaos_log_connection(&r->proxy->log, r->number, "refused");
        relay_reset(r);
        return;
    }
    g_clear_pointer(&r->connected, event_free);
    chaos_log_connection(&r->proxy->log, r->number, "opened");
    pipe_start(&r->up);
    pipe_start(&r->down);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int length, void *user)
{
    proxy *p = user;
    const int server = socket(p->server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)listener;
    (void)address;
    (void)length;
    if (server < 0 || (connect(server, (struct sockaddr *)&p->server, p->server_length) != 0 &&
                       errno != EINPROGRESS)) {
        if (server >= 0)
            close(server);
        set_reset(fd);
        evutil_closesocket(fd);
        chaos_log_connection(&p->log, ++p->connections, "refused");
        return;
    }
    relay *r = g_new0(relay, 1);
    r->proxy = p;
    r->number = ++p->connections;
    r->client = fd;
    r->server = server;
    set_nodelay(fd);
    set_nodelay(server);
    r->linger = evtimer_new(p->base, on_linger, r);
    r->connected = event_new(p->base, server, EV_WRITE, on_connected, r);
    pipe_init(&r->up, r, false);
    pipe_init(&r->down, r, true);
    g_hash_table_add(p->open, r);
    event_add(r->connected, NULL);
}

static bool start_listening(proxy *p)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
    const chaos_options *options = p->options;
    struct sockaddr_storage address;
    const int length = address_make(options->listen, options->port, &address);
    p->server_length = (socklen_t)address_make(options->server, options->server_port, &p->server);
    if (length == 0 || p->server_length == 0) {
        fprintf(stderr, "plato-chaos: --listen and --server need numeric addresses\n");
        return false;
    }
    p->listener = evconnlistener_new_bind(p->base, on_accept, p, flags, BACKLOG,
                                          (struct sockaddr *)&address, length);
    if (p->listener == NULL)
        fprintf(stderr, "plato-chaos: cannot listen on %s port %d: %s\n", options->listen,
                options->port, g_strerror(errno));
    return p->listener != NULL;
}

static bool open_log(proxy *p)
{
    p->log = (chaos_log){stderr, p->options->json};
    if (p->options->log != NULL)
        p->log.file = fopen(p->options->log, "we");
    if (p->log.file == NULL) {
        fprintf(stderr, "plato-chaos: the log '%s' cannot be written: %s\n", p->options->log,
                g_strerror(errno));
        return false;
    }
    setvbuf(p->log.file, NULL, _IOLBF, 0);
    return true;
}

proxy *proxy_new(const chaos_options *options, const scenario *s, struct event_base *base)
{
    proxy *p = g_new0(proxy, 1);
    p->options = options;
    p->scenario = s;
    p->base = base;
    p->open = g_hash_table_new_full(NULL, NULL, relay_free, NULL);
    p->replays = g_hash_table_new_full(NULL, NULL, replay_free, NULL);
    if (!open_log(p) || !start_listening(p))
        g_clear_pointer(&p, proxy_free);
    return p;
}

void proxy_free(proxy *p)
{
    g_clear_pointer(&p->listener, evconnlistener_free);
    g_hash_table_unref(p->open);
    g_hash_table_unref(p->replays);
    if (p->log.file != NULL && p->log.file != stderr)
        fclose(p->log.file);
    g_free(p);
}

char *proxy_address(const proxy *p)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    int port = 0;
    if (getsockname(evconnlistener_get_fd(p->listener), (struct sockaddr *)&bound, &length) == 0)
        port = bound.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&bound)->sin6_port)
                                           : ntohs(((struct sockaddr_in *)&bound)->sin_port);
    return g_strdup_printf(bound.ss_family == AF_INET6 ? "[%s]:%d" : "%s:%d", p->options->listen,
                           port);
}
