/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a LOGIN, one byte a second: it occupies a place without ever being a client. */
#include "bench/crowd.h"
#include "common/encode.h"

#define BYTE_NS UINT64_C(1000000000)
#define BODY 1024 /* bytes: nobody waits for their end */

static void due(guest *g, uint64_t now_ns)
{
    gsize n;
    const uint8_t *p = g_bytes_get_data(g->frame, &n);
    if (g->sent < n)
        stream_put(g->stream, p + g->sent++, 1);
    g->crowd->counts[g->kind].sent++;
    g->due_ns = now_ns + BYTE_NS;
}

static void up(guest *g)
{
    static const uint8_t body[BODY];
    const plato_head head = {.msg_type = PLATO_LOGIN, .login = {.device_id = g->device_id}};
    g->frame = encode_frame(&head, (plato_span){body, sizeof body});
    /* Not all in the same moment. */
    g->due_ns = g->opened_ns + prng_below(&g->crowd->random, BYTE_NS);
}

const guest_acts guest_slow_writer = {"slow writers", up, NULL, due, 100};
