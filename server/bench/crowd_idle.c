/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logs in, and says nothing but that it is there. */
#include "bench/crowd.h"
#include "common/encode.h"

#define HEARTBEAT_NS UINT64_C(30000000000)
#define LOGIN_NS UINT64_C(10000000000)

static void up(guest *g)
{
    guest_log_in(g);
    g->due_ns = g->opened_ns + LOGIN_NS;
}

static void ack(guest *g, const plato_head_ack *ack_of)
{
    if (ack_of->code != PLATO_ACK_OK)
        guest_leave(g);
    else if (ack_of->type == PLATO_LOGIN)
        g->due_ns = g->opened_ns + HEARTBEAT_NS;
}

static void due(guest *g, uint64_t now_ns)
{
    const plato_head head = {.msg_type = PLATO_HEARTBEAT};
    if (!g->logged_in) {
        g->crowd->counts[g->kind].given_up++;
        guest_leave(g);
        return;
    }
    GBytes *frame = encode_frame(&head, (plato_span){NULL, 0});
    guest_put(g, frame);
    g_bytes_unref(frame);
    g->due_ns = now_ns + HEARTBEAT_NS;
}

const guest_acts guest_idle = {"idle", up, ack, due, 1000};
