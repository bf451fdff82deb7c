/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/committer.h"

#include "daemon/handover.h"

#include <event2/util.h>
#include <unistd.h>

struct committer {
    struct store *store;
    committed_fn done;
    void *user;
    GThread *thread;
    GAsyncQueue *batches; /* to the thread: records */
    GAsyncQueue *results; /* to the loop: result */
    evutil_socket_t wake[2];
    struct event *woken;
};

typedef struct result {
    uint64_t batch_no;
    char *error; /* or NULL */
} result;

static void give_result(struct committer *committer, uint64_t batch_no, char *error)
{
    result *r = g_new(result, 1);
    *r = (result){batch_no, error};
    handover_give(committer->results, r);
    /* When the pair is full, the loop has not looked yet, and will. */
    (void)!write(committer->wake[1], "", 1);
}

/* The end of the queue is a batch without a number. After an error, nothing is written any more. */
static gpointer run(gpointer user)
{
    struct committer *committer = user;
    char *error = NULL;
    for (;;) {
        records *batch = handover_take(committer->batches);
        const uint64_t batch_no = batch->batch_no;
        const bool ok =
            error == NULL && batch_no != 0 && store_write(committer->store, batch, &error);
        records_free(batch);
        if (batch_no == 0)
            break;
        if (ok)
            give_result(committer, batch_no, NULL);
        if (ok && store_tidy(committer->store, &error))
            continue;
        give_result(committer, batch_no, g_strdup(error));
    }
    g_free(error);
    return NULL;
}

static void on_wake(evutil_socket_t fd, short what, void *user)
{
    struct committer *committer = user;
    char bytes[64];
    result *r;
    (void)what;
    (void)!read(fd, bytes, sizeof bytes);
    while ((r = handover_try_take(committer->results)) != NULL) {
        committer->done(committer->user, r->batch_no, r->error);
        g_free(r->error);
        g_free(r);
    }
}

struct committer *committer_new(struct event_base *base, struct store *store, committed_fn done,
                                void *user)
{
    struct committer *committer = g_new0(struct committer, 1);
    committer->store = store;
    committer->done = done;
    committer->user = user;
    if (evutil_socketpair(AF_UNIX, SOCK_STREAM, 0, committer->wake) != 0) {
        g_free(committer);
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        evutil_make_socket_nonblocking(committer->wake[i]);
        evutil_make_socket_closeonexec(committer->wake[i]);
    }
    committer->batches = g_async_queue_new();
    committer->results = g_async_queue_new();
    committer->woken =
        event_new(base, committer->wake[0], EV_READ | EV_PERSIST, on_wake, committer);
    event_add(committer->woken, NULL);
    committer->thread = g_thread_new("committer", run, committer);
    return committer;
}

void committer_submit(struct committer *committer, records *batch)
{
    handover_give(committer->batches, batch);
}

void committer_free(struct committer *committer)
{
    result *r;
    if (committer == NULL)
        return;
    handover_give(committer->batches, records_new());
    g_thread_join(committer->thread);
    while ((r = handover_try_take(committer->results)) != NULL) {
        g_free(r->error);
        g_free(r);
    }
    event_free(committer->woken);
    for (int i = 0; i < 2; i++)
        evutil_closesocket(committer->wake[i]);
    g_async_queue_unref(committer->batches);
    g_async_queue_unref(committer->results);
    g_free(committer);
}
