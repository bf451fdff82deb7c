/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latency protocol: every byte is returned, at once, whatever came with it. Waiting for four of
 * them would let a client that sends three keep the server waiting.
 */
#include "commands/syntax.h"

#define PROBE_LEN 4 /* bytes; the client's clock */

typedef struct echo {
    request_handler handle;
    void *user;
    uint64_t bytes; /* that came */
} echo;

static void *echo_open(request_handler handle, void *user)
{
    echo *e = g_new0(echo, 1);
    e->handle = handle;
    e->user = user;
    return e;
}

static ptrdiff_t echo_feed(void *state, const uint8_t *p, size_t n)
{
    static const char name[] = "ECHO";
    echo *e = state;
    if (n == 0)
        return 0;
    e->bytes += n;
    const command_request all = {
        .row = answer_find((plato_span){(const uint8_t *)name, sizeof name - 1}),
        .part = e->bytes < PROBE_LEN,
        .params = {p, n}};
    e->handle(e->user, &all);
    return (ptrdiff_t)n;
}

static bool echo_inside(const void *state, uint64_t *start)
{
    (void)state;
    (void)start;
    return false;
}

static void echo_write_same(const command_request *request, GByteArray *out)
{
    g_byte_array_append(out, request->params.p, (guint)request->params.n);
}

const command_syntax latency_syntax = {.name = "latency",
                                       .open = echo_open,
                                       .close = g_free,
                                       .feed = echo_feed,
                                       .inside = echo_inside,
                                       .write_same = echo_write_same};
