/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What TCP tells of a connection: its start, its end, and bytes that the capture lacks, also where
 * no frame comes behind them.
 */
#include "talk.h"

#include <epan/dissectors/packet-tcp.h>

#define TCP_FIN 0x01u
#define TCP_SYN 0x02u
#define TCP_RST 0x04u
#define TCP_ACK 0x10u

const tcp_life *world_life(const check_world *world, const check_conn *conn)
{
    if (conn->tcp_stream == UINT32_MAX)
        return NULL;
    return g_hash_table_lookup(world->lives, GUINT_TO_POINTER(conn->tcp_stream));
}

static const tcp_side *side_of(const tcp_life *life, const check_conn *conn, bool client)
{
    for (int i = 0; life != NULL && i < 2; i++) {
        if (life->sides[i].known && (life->sides[i].port == conn->client_port) == client)
            return &life->sides[i];
    }
    return NULL;
}

int64_t world_closed_by(const check_world *world, const check_conn *conn, bool client)
{
    const tcp_life *life = world_life(world, conn);
    const tcp_side *side = side_of(life, conn, client);
    return side != NULL ? life->end_ns[side - life->sides] : NEVER;
}

bool world_is_closed(const check_world *world, const check_conn *conn)
{
    return world_closed_by(world, conn, true) != NEVER ||
           world_closed_by(world, conn, false) != NEVER;
}

static bool has_hole(const tcp_side *side)
{
    return side != NULL && (side->count > 0 || side->lost);
}

bool world_has_hole(const check_world *world, const check_conn *conn, bool client)
{
    return has_hole(side_of(world_life(world, conn), conn, client));
}

bool world_stream_has_hole(const check_world *world, uint32_t tcp_stream, uint16_t port)
{
    const tcp_life *life = g_hash_table_lookup(world->lives, GUINT_TO_POINTER(tcp_stream));
    for (int i = 0; life != NULL && i < 2; i++) {
        if (life->sides[i].known && life->sides[i].port == port)
            return has_hole(&life->sides[i]);
    }
    return false;
}

int64_t world_stream_closed(const check_world *world, uint32_t tcp_stream)
{
    const tcp_life *life = g_hash_table_lookup(world->lives, GUINT_TO_POINTER(tcp_stream));
    if (life == NULL)
        return NEVER;
    const int64_t one = life->end_ns[0];
    const int64_t other = life->end_ns[1];
    return one == NEVER || (other != NEVER && other < one) ? other : one;
}

void world_free_life(void *p)
{
    tcp_life *life = (tcp_life *)p;
    g_free(life->sides[0].ahead);
    g_free(life->sides[1].ahead);
    g_free(life);
}

static tcp_life *life_of(const check_world *world, uint32_t stream)
{
    tcp_life *life = g_hash_table_lookup(world->lives, GUINT_TO_POINTER(stream));
    if (life == NULL) {
        life = g_new0(tcp_life, 1);
        life->syn_ns = life->end_ns[0] = life->end_ns[1] = NEVER;
        g_hash_table_insert(world->lives, GUINT_TO_POINTER(stream), life);
    }
    return life;
}

/* The end that sent this segment; at first they are told apart by who speaks first. */
static tcp_side *sender_of(tcp_life *life, uint16_t port, uint32_t next)
{
    tcp_side *side =
        life->sides[0].known && life->sides[0].port != port ? &life->sides[1] : &life->sides[0];
    if (!side->known) {
        side->known = true;
        side->port = port;
        side->next = next;
    }
    return side;
}

/* Takes in the segments that are no longer behind a hole. */
static void close_up(tcp_side *side)
{
    for (unsigned i = 0; i < side->count;) {
        if ((int32_t)(side->ahead[i].from - side->next) > 0) {
            i++;
            continue;
        }
        if ((int32_t)(side->ahead[i].to - side->next) > 0)
            side->next = side->ahead[i].to;
        side->ahead[i] = side->ahead[--side->count];
        i = 0;
    }
}

static void follow_bytes(tcp_side *side, uint32_t from, uint32_t to)
{
    if ((int32_t)(from - side->next) > 0) {
        for (unsigned i = 0; i < side->count; i++) {
            if (side->ahead[i].from == from && side->ahead[i].to == to)
                return;
        }
        if (side->count == TCP_AHEAD) {
            side->lost = true;
            return;
        }
        if (side->ahead == NULL)
            side->ahead = g_new(tcp_range, TCP_AHEAD);
        side->ahead[side->count].from = from;
        side->ahead[side->count++].to = to;
    } else if ((int32_t)(to - side->next) > 0) {
        side->next = to;
        close_up(side);
    }
}

/* A loss, as long as the hole is there. */
static void note_hole(const check_world *world, uint32_t stream, uint16_t port, int change)
{
    check_conn *conn = g_hash_table_lookup(world->by_tcp, GUINT_TO_POINTER(stream));
    if (conn == NULL || change == 0)
        return;
    const int direction = port == conn->client_port ? DIR_UP : DIR_DOWN;
    conn->lost[direction] += (unsigned)change;
    if (conn->owner != NULL)
        conn->owner->lost[direction] += (unsigned)change;
}

/* What one end acknowledges and the capture does not show is missing as well. */
static void follow_ack(const check_world *world, const tcp_info_t *header, tcp_side *other)
{
    if (!other->known)
        return;
    const bool had_hole = has_hole(other);
    follow_bytes(other, header->th_rawack, header->th_rawack);
    note_hole(world, header->th_stream, other->port, (int)has_hole(other) - (int)had_hole);
}

void check_world_tcp(check_world *world, const packet_info *pinfo, const void *tcp)
{
    const tcp_info_t *header = (const tcp_info_t *)tcp;
    const unsigned flags = header->th_flags;
    tcp_life *life = life_of(world, header->th_stream);
    const uint32_t from = header->th_rawseq + ((flags & TCP_SYN) != 0 ? 1 : 0);
    /* a FIN takes a number of its own */
    const uint32_t length =
        (header->th_have_seglen ? header->th_seglen : 0) + ((flags & TCP_FIN) != 0 ? 1 : 0);
    tcp_side *side = sender_of(life, header->th_sport, from);
    const bool had_hole = has_hole(side);
    /* a FIN at its end is no byte */
    const bool new_bytes = header->th_have_seglen && header->th_seglen > 0 &&
                           (flags & (TCP_RST | TCP_SYN)) == 0 &&
                           (int32_t)(from + header->th_seglen - side->next) > 0;
    if (length > 0 && (flags & TCP_RST) == 0)
        follow_bytes(side, from, from + length);
    note_hole(world, header->th_stream, side->port, (int)has_hole(side) - (int)had_hole);
    if ((flags & (TCP_ACK | TCP_RST)) == TCP_ACK)
        follow_ack(world, header, &life->sides[side == &life->sides[0]]);
    if ((flags & TCP_SYN) != 0 && (flags & TCP_ACK) == 0 && life->syn_ns == NEVER)
        life->syn_ns = world_time_of(pinfo);
    int64_t *end = &life->end_ns[side - life->sides];
    if ((flags & (TCP_FIN | TCP_RST)) != 0 && *end == NEVER)
        *end = world_time_of(pinfo);
    const talk_segment segment = {
        .tcp_stream = header->th_stream,
        .sport = header->th_sport,
        .dport = header->th_dport,
        .opens = (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN,
        .ends = (flags & (TCP_FIN | TCP_RST)) != 0,
        .new_bytes = new_bytes,
        .hole = has_hole(&life->sides[0]) || has_hole(&life->sides[1]),
    };
    check_talk_tcp(world, pinfo, &segment);
}
