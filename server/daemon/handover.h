/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queues from thread to thread. GLib's locks are futexes of its own, which ThreadSanitizer does not
 * see; the annotations here say what they order.
 */
#ifndef PLATO_SERVER_HANDOVER_H
#define PLATO_SERVER_HANDOVER_H

#include <glib.h>

#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define ORDERED_AFTER(queue) __tsan_acquire(queue)
#define ORDERED_BEFORE(queue) __tsan_release(queue)
#else
#define ORDERED_AFTER(queue) ((void)(queue))
#define ORDERED_BEFORE(queue) ((void)(queue))
#endif

/* Whatever was done before is seen by the thread that takes the item. */
static inline void handover_give(GAsyncQueue *queue, gpointer item)
{
    ORDERED_BEFORE(queue);
    g_async_queue_push(queue, item);
}

/* Waits for the next item. */
static inline gpointer handover_take(GAsyncQueue *queue)
{
    gpointer item = g_async_queue_pop(queue);
    ORDERED_AFTER(queue);
    return item;
}

/* NULL if there is none. */
static inline gpointer handover_try_take(GAsyncQueue *queue)
{
    gpointer item = g_async_queue_try_pop(queue);
    ORDERED_AFTER(queue);
    return item;
}

#endif
