/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/edge.h"

#include "common/address.h"
#include "daemon/committer.h"
#include "daemon/link.h"
#include "daemon/log.h"
#include "daemon/state_dir.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <signal.h>
#include <sys/socket.h>

#define BACKLOG 512         /* connections that wait to be accepted */
#define ACCEPT_PAUSE_MS 200 /* when the system gives no more sockets */

struct edge {
    struct core *core;
    struct store *store; /* NULL: nothing is stored */
    core_reader reader;
    struct committer *committer;
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *timer;   /* core_deadline() */
    struct event *pump;    /* carries out actions that came up outside our own callbacks */
    struct event *resumer; /* accepts again after ACCEPT_PAUSE_MS */
    struct event *signals[2];
    GHashTable *links; /* conn_key -> struct link */
    GArray *gone;      /* conn_key of links to be freed by the next pump */
    link_events events;
    char address[80];
    bool stopping;
    bool failed; /* the store has: no peer may hear anything more */
};

static uint64_t now_ms(void)
{
    return (uint64_t)g_get_monotonic_time() / 1000;
}

static void free_gone(struct edge *edge)
{
    for (guint i = 0; i < edge->gone->len; i++) {
        const conn_key key = g_array_index(edge->gone, conn_key, i);
        if (g_hash_table_remove(edge->links, &key))
            core_disconnected(edge->core, now_ms(), key);
    }
    g_array_set_size(edge->gone, 0);
}

static void fail(struct edge *edge, const char *why)
{
    if (!edge->failed)
        log_line(CORE_LOG_ERROR, 0, why);
    edge->failed = true;
    event_base_loopbreak(edge->base);
}

static void carry_out(struct edge *edge, core_action *action)
{
    struct link *link = g_hash_table_lookup(edge->links, &action->conn);
    switch (action->kind) {
    case CORE_SEND:
        if (link != NULL)
            link_send(link, g_steal_pointer(&action->bytes));
        break;
    case CORE_CLOSE_FLUSH:
        if (link != NULL)
            link_close_flushed(link);
        break;
    case CORE_CLOSE_NOW:
        g_array_append_val(edge->gone, action->conn);
        break;
    case CORE_LOG:
        log_line(action->level, action->conn, action->text);
        break;
    case CORE_COMMIT:
        committer_submit(edge->committer, g_steal_pointer(&action->batch));
        break;
    case CORE_PAUSE:
    case CORE_RESUME:
        if (link != NULL)
            link_pause(link, action->kind == CORE_PAUSE);
        break;
    case CORE_FAIL:
        fail(edge, action->text);
        break;
    }
    core_action_clear(action);
}

static void set_timer(struct edge *edge)
{
    const uint64_t due = core_deadline(edge->core), now = now_ms();
    const uint64_t wait = due > now ? due - now : 0;
    const struct timeval delay = {(time_t)(wait / 1000), (suseconds_t)(wait % 1000 * 1000)};
    if (due == UINT64_MAX)
        event_del(edge->timer);
    else
        event_add(edge->timer, &delay);
}

/* Runs until the core wants nothing more; the only place where links are freed. */
static void pump(struct edge *edge)
{
    core_action action;
    do {
        while (!edge->failed && core_take_action(edge->core, &action))
            carry_out(edge, &action);
        free_gone(edge);
    } while (edge->gone->len > 0);
    if (edge->failed)
        return;
    if (edge->stopping && g_hash_table_size(edge->links) == 0 &&
        !core_get_stats(edge->core).uncommitted)
        event_base_loopexit(edge->base, NULL);
    else
        set_timer(edge);
}

static void on_received(void *user, conn_key key, const uint8_t *p, size_t n)
{
    core_received(((struct edge *)user)->core, now_ms(), key, p, n);
}

static void on_drained(void *user, conn_key key, size_t n)
{
    struct edge *edge = user;
    core_drained(edge->core, now_ms(), key, n);
    event_active(edge->pump, 0, 0);
}

static void on_ended(void *user, conn_key key)
{
    core_ended(((struct edge *)user)->core, now_ms(), key);
}

static void on_gone(void *user, conn_key key)
{
    g_array_append_val(((struct edge *)user)->gone, key);
}

static void on_done(void *user)
{
    /* Not pump() itself: the caller is a link, which pump() may free. */
    event_active(((struct edge *)user)->pump, 0, 0);
}

static void on_pump(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    pump(user);
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
    struct edge *edge = user;
    (void)fd;
    (void)what;
    core_tick(edge->core, now_ms());
    pump(edge);
}

static void on_signal(evutil_socket_t signal_number, short what, void *user)
{
    struct edge *edge = user;
    (void)what;
    log_line(CORE_LOG_INFO, 0,
             signal_number == SIGTERM ? "stopping on SIGTERM" : "stopping on SIGINT");
    edge->stopping = true;
    g_clear_pointer(&edge->listener, evconnlistener_free);
    core_stop(edge->core, now_ms());
    pump(edge);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int length, void *user)
{
    struct edge *edge = user;
    (void)listener;
    (void)address;
    (void)length;
    const conn_key key = core_connected(edge->core, now_ms());
    struct link *link = link_new(edge->base, fd, key, &edge->events);
    if (link == NULL) {
        evutil_closesocket(fd);
        core_disconnected(edge->core, now_ms(), key);
    } else {
        g_hash_table_insert(edge->links, g_memdup2(&key, sizeof key), link);
    }
    pump(edge);
}

static void on_accept_error(struct evconnlistener *listener, void *user)
{
    struct edge *edge = user;
    const struct timeval pause = {0, ACCEPT_PAUSE_MS * 1000};
    char *text = g_strdup_printf("cannot accept: %s", g_strerror(EVUTIL_SOCKET_ERROR()));
    log_line(CORE_LOG_WARNING, 0, text);
    g_free(text);
    evconnlistener_disable(listener);
    event_add(edge->resumer, &pause);
}

static void on_resume(evutil_socket_t fd, short what, void *user)
{
    struct edge *edge = user;
    (void)fd;
    (void)what;
    if (edge->listener != NULL)
        evconnlistener_enable(edge->listener);
}

static void learn_address(struct edge *edge, const char *host)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    int port = 0;
    if (getsockname(evconnlistener_get_fd(edge->listener), (struct sockaddr *)&bound, &length) == 0)
        port = bound.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&bound)->sin6_port)
                                           : ntohs(((struct sockaddr_in *)&bound)->sin_port);
    g_snprintf(edge->address, sizeof edge->address,
               bound.ss_family == AF_INET6 ? "[%s]:%d" : "%s:%d", host, port);
}

static char *start_listening(struct edge *edge, const server_options *options)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
    struct sockaddr_storage address;
    const int length = address_make(options->listen, options->port, &address);
    if (length == 0)
        return g_strdup_printf(
            "--listen needs a numeric address such as 127.0.0.1 or ::1, not '%s'", options->listen);
    edge->listener = evconnlistener_new_bind(edge->base, on_accept, edge, flags, BACKLOG,
                                             (struct sockaddr *)&address, length);
    if (edge->listener == NULL)
        return g_strdup_printf("cannot listen on %s port %d: %s%s", options->listen, options->port,
                               g_strerror(errno),
                               errno == EADDRINUSE ? "; choose another --port" : "");
    evconnlistener_set_error_cb(edge->listener, on_accept_error);
    learn_address(edge, options->listen);
    return NULL;
}

static void on_committed(void *user, uint64_t batch_no, const char *error)
{
    struct edge *edge = user;
    if (error != NULL) {
        fail(edge, error);
        return;
    }
    core_committed(edge->core, now_ms(), batch_no);
    pump(edge);
}

static void log_kept(const char *path, const records *kept)
{
    char *text = g_strdup_printf("store %s: %u devices, %u sessions, %u memberships", path,
                                 kept->devices->len, kept->chats->len, kept->members->len);
    log_line(CORE_LOG_INFO, 0, text);
    g_free(text);
}

/* The core, with what was kept. False with one line in `*error`. */
static bool start_core(struct edge *edge, const server_options *options, char **error)
{
    core_config config = options->config;
    store_options where = options->store;
    if (g_strcmp0(options->store_path, "none") == 0) {
        edge->core = core_new(&config);
        return true;
    }
    char *path = options->store_path != NULL ? g_strdup(options->store_path)
                                             : state_dir_store(options->state_dir, error);
    where.path = path;
    if (path != NULL)
        edge->store = store_open(&where, error);
    records *kept = edge->store != NULL ? store_load(edge->store, error) : NULL;
    if (kept != NULL)
        log_kept(path, kept);
    g_free(path);
    if (kept == NULL)
        return false;
    edge->reader = store_reader(edge->store);
    config.reader = &edge->reader;
    edge->core = core_new(&config);
    const char *wrong = core_restore(edge->core, now_ms(), kept);
    if (wrong != NULL)
        *error = g_strdup_printf("the store is damaged: %s; restore a backup", wrong);
    records_free(kept);
    if (wrong == NULL)
        edge->committer = committer_new(edge->base, edge->store, on_committed, edge);
    if (wrong == NULL && edge->committer == NULL)
        *error = g_strdup("no descriptors are left to begin with");
    return edge->committer != NULL;
}

static void free_link(gpointer data)
{
    link_free(data);
}

struct edge *edge_new(const server_options *options, char **error)
{
    const int signals[] = {SIGTERM, SIGINT};
    struct edge *edge = g_new0(struct edge, 1);
    edge->base = event_base_new();
    if (edge->base == NULL)
        g_error("libevent finds no way to wait for events");
    edge->timer = evtimer_new(edge->base, on_timer, edge);
    edge->pump = event_new(edge->base, -1, 0, on_pump, edge);
    edge->resumer = evtimer_new(edge->base, on_resume, edge);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        edge->signals[i] = evsignal_new(edge->base, signals[i], on_signal, edge);
        event_add(edge->signals[i], NULL);
    }
    edge->links = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_link);
    edge->gone = g_array_new(FALSE, FALSE, sizeof(conn_key));
    edge->events = (link_events){edge, on_received, on_drained, on_ended, on_gone, on_done};
    *error = NULL;
    if (start_core(edge, options, error))
        *error = start_listening(edge, options);
    if (*error != NULL)
        g_clear_pointer(&edge, edge_free);
    return edge;
}

void edge_free(struct edge *edge)
{
    if (edge == NULL)
        return;
    g_clear_pointer(&edge->listener, evconnlistener_free);
    g_hash_table_unref(edge->links);
    g_array_unref(edge->gone);
    for (size_t i = 0; i < G_N_ELEMENTS(edge->signals); i++)
        event_free(edge->signals[i]);
    event_free(edge->resumer);
    event_free(edge->pump);
    event_free(edge->timer);
    committer_free(edge->committer);
    event_base_free(edge->base);
    core_free(edge->core);
    store_close(edge->store, !edge->failed);
    g_free(edge);
}

const char *edge_address(const struct edge *edge)
{
    return edge->address;
}

bool edge_run(struct edge *edge)
{
    pump(edge); /* sets the timer for what was restored */
    if (!edge->failed)
        event_base_dispatch(edge->base);
    return !edge->failed;
}
