/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends UPs as fast as the socket takes them, in the right order, and never waits for an ACK. */
#include "bench/crowd.h"
#include "common/encode.h"

#define EVERY_NS UINT64_C(10000000)
#define AT_ONCE 1000            /* messages: 100,000 a second */
#define MOST_WAITING (1u << 20) /* bytes not yet written */

static void say(guest *g)
{
    static const uint8_t body[128];
    const plato_head head = {.msg_type = PLATO_UP,
                             .up = {.client_id = ++g->sent, .session_id = g->device_id}};
    GBytes *frame = encode_frame(&head, (plato_span){body, sizeof body});
    guest_put(g, frame);
    g_bytes_unref(frame);
    g->crowd->counts[g->kind].sent++;
}

static void due(guest *g, uint64_t now_ns)
{
    for (int i = 0; g->logged_in && i < AT_ONCE && stream_waiting(g->stream) < MOST_WAITING; i++)
        say(g);
    g->due_ns = now_ns + EVERY_NS;
}

static void up(guest *g)
{
    guest_log_in(g);
}

/* A refused UP is not sent again: the ids go on with the one that the server expects. */
static void ack(guest *g, const plato_head_ack *ack_of)
{
    if (ack_of->code == PLATO_ACK_OK && ack_of->type == PLATO_LOGIN)
        g->due_ns = 0;
    else if (ack_of->code == PLATO_ACK_OUT_OF_ORDER && ack_of->client_id > 0)
        g->sent = ack_of->client_id - 1;
}

const guest_acts guest_flood = {"floods", up, ack, due, 100};
