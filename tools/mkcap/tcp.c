/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp.h"

typedef struct side {
    guint32 first_seq;
    guint64 next; /* place after all that was reserved */
    GArray *held; /* guint64 places */
} side;

struct tcp_flow {
    const connection_plan *plan;
    side client, server;
};

static void side_init(side *s, const endpoint *end)
{
    s->first_seq = end->first_seq;
    s->held = g_array_new(FALSE, FALSE, sizeof(guint64));
}

tcp_flow *tcp_flow_new(const connection_plan *plan)
{
    tcp_flow *flow = g_new0(tcp_flow, 1);
    flow->plan = plan;
    side_init(&flow->client, &plan->client);
    side_init(&flow->server, &plan->server);
    return flow;
}

void tcp_flow_free(tcp_flow *flow)
{
    g_array_unref(flow->client.held);
    g_array_unref(flow->server.held);
    g_free(flow);
}

static side *sender(tcp_flow *flow, gboolean up)
{
    return up ? &flow->client : &flow->server;
}

guint64 tcp_reserve(tcp_flow *flow, gboolean up, guint64 n)
{
    side *s = sender(flow, up);
    const guint64 place = s->next;
    s->next += n;
    return place;
}

void tcp_hold(tcp_flow *flow, gboolean up, guint64 place)
{
    g_array_append_val(sender(flow, up)->held, place);
}

void tcp_release(tcp_flow *flow, gboolean up, guint64 place)
{
    GArray *held = sender(flow, up)->held;
    for (guint i = 0; i < held->len; i++) {
        if (g_array_index(held, guint64, i) == place) {
            g_array_remove_index(held, i);
            return;
        }
    }
}

static guint32 seq_at(const side *s, guint64 place)
{
    return (guint32)(s->first_seq + place);
}

/* What the peer of `s` has got without a hole. */
static guint32 acknowledged(const side *s)
{
    guint64 place = s->next;
    for (guint i = 0; i < s->held->len; i++)
        place = MIN(place, g_array_index(s->held, guint64, i));
    return seq_at(s, place);
}

GByteArray *tcp_data(const tcp_flow *flow, gboolean up, guint64 place, const guint8 *p, gsize n,
                     gboolean bad_checksum)
{
    const side *from = up ? &flow->client : &flow->server;
    const side *to = up ? &flow->server : &flow->client;
    const tcp_header header = {.seq = seq_at(from, place),
                               .ack = acknowledged(to),
                               .flags = TCP_PSH | TCP_ACK,
                               .bad_checksum = bad_checksum};
    return packet_build(flow->plan, up, &header, p, n);
}

GByteArray *tcp_control(tcp_flow *flow, gboolean up, guint8 flags)
{
    const guint64 place = tcp_reserve(flow, up, (flags & (TCP_SYN | TCP_FIN)) != 0);
    const tcp_header header = {.seq = seq_at(sender(flow, up), place),
                               .ack = (flags & TCP_ACK) != 0 ? acknowledged(sender(flow, !up)) : 0,
                               .flags = flags};
    return packet_build(flow->plan, up, &header, NULL, 0);
}
