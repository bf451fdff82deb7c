/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "play.h"

#include "segments.h"
#include "tcp.h"
#include "words.h"

#define PACE_DEFAULT 1000000 /* ns */

/* A segment that `send NAME` finds. */
typedef struct kept_segment {
    guint connection;
    gboolean up;
    guint64 place;
    GByteArray *bytes;
} kept_segment;

typedef struct player {
    const scenario *scenario;
    GPtrArray *flows; /* tcp_flow, by connection */
    GHashTable *kept; /* name -> kept_segment */
    GPtrArray *packets;
    guint64 now, pace; /* ns */
    guint64 total;     /* bytes of all packets */
} player;

static void packet_free(gpointer data)
{
    captured_packet *packet = data;
    g_byte_array_unref(packet->bytes);
    g_free(packet->comment);
    g_free(packet);
}

static void kept_free(gpointer data)
{
    kept_segment *kept = data;
    g_byte_array_unref(kept->bytes);
    g_free(kept);
}

/* Takes `bytes` over. Each packet takes its time. */
static captured_packet *record(player *p, GByteArray *bytes)
{
    captured_packet *packet = g_new0(captured_packet, 1);
    packet->ns = p->now;
    packet->bytes = bytes;
    packet->captured = MIN(bytes->len, p->scenario->snaplen);
    g_ptr_array_add(p->packets, packet);
    p->now += p->pace;
    p->total += bytes->len;
    return packet;
}

static void record_treated(player *p, GByteArray *bytes, const treatment *how, gboolean *first)
{
    captured_packet *packet = record(p, bytes);
    if (how->snap != 0)
        packet->captured = (guint32)MIN(packet->captured, how->snap);
    if (*first)
        packet->comment = g_strdup(how->comment);
    *first = FALSE;
}

static gboolean keep(player *p, const step *s, const segment *part, guint64 place, GError **error)
{
    if (part->name == NULL)
        return TRUE;
    if (g_hash_table_contains(p->kept, part->name)) {
        g_set_error(error, MKCAP_ERROR, 0, "there is a segment %s already", part->name);
        return FALSE;
    }
    kept_segment *kept = g_new0(kept_segment, 1);
    kept->connection = s->connection;
    kept->up = s->up;
    kept->place = place;
    kept->bytes = g_byte_array_new();
    g_byte_array_append(kept->bytes, s->bytes->data + part->start, part->end - part->start);
    g_hash_table_insert(p->kept, g_strdup(part->name), kept);
    if (part->held)
        tcp_hold(g_ptr_array_index(p->flows, s->connection), s->up, place);
    return TRUE;
}

/* A lost segment is lost once: what is sent again is captured. */
static gboolean send_parts(player *p, const step *s, segments *parts, GError **error)
{
    tcp_flow *flow = g_ptr_array_index(p->flows, s->connection);
    const guint64 place = tcp_reserve(flow, s->up, s->bytes->len);
    gboolean first = TRUE;
    for (guint i = 0; i < parts->all->len; i++) {
        const segment *part = &g_array_index(parts->all, segment, i);
        if (!keep(p, s, part, place + part->start, error))
            return FALSE;
    }
    for (guint i = 0; i < parts->sent->len && p->total <= PLAY_MAX; i++) {
        segment *part = &g_array_index(parts->all, segment, g_array_index(parts->sent, guint, i));
        if (!part->lost)
            record_treated(p,
                           tcp_data(flow, s->up, place + part->start, s->bytes->data + part->start,
                                    part->end - part->start, s->how.bad_checksum),
                           &s->how, &first);
        part->lost = FALSE;
    }
    return TRUE;
}

static gboolean play_send(player *p, const step *s, GError **error)
{
    segments *parts = segments_new(&s->how, s->bytes->len, error);
    if (parts == NULL)
        return FALSE;
    const gboolean ok = send_parts(p, s, parts, error);
    segments_free(parts);
    return ok;
}

static gboolean play_again(player *p, const step *s, GError **error)
{
    const kept_segment *kept = g_hash_table_lookup(p->kept, s->name);
    gboolean first = TRUE;
    if (kept == NULL) {
        g_set_error(error, MKCAP_ERROR, 0, "no segment has the name %s", s->name);
        return FALSE;
    }
    tcp_flow *flow = g_ptr_array_index(p->flows, kept->connection);
    tcp_release(flow, kept->up, kept->place);
    GByteArray *bytes = tcp_data(flow, kept->up, kept->place, kept->bytes->data, kept->bytes->len,
                                 s->how.bad_checksum);
    if (s->how.all_lost)
        g_byte_array_unref(bytes);
    else
        record_treated(p, bytes, &s->how, &first);
    return TRUE;
}

static gboolean play_open(player *p, const step *s, GError **error)
{
    tcp_flow *flow = g_ptr_array_index(p->flows, s->connection);
    (void)error;
    record(p, tcp_control(flow, TRUE, TCP_SYN));
    record(p, tcp_control(flow, FALSE, TCP_SYN | TCP_ACK));
    record(p, tcp_control(flow, TRUE, TCP_ACK));
    return TRUE;
}

static gboolean play_close(player *p, const step *s, GError **error)
{
    tcp_flow *flow = g_ptr_array_index(p->flows, s->connection);
    (void)error;
    record(p, tcp_control(flow, TRUE, TCP_FIN | TCP_ACK));
    record(p, tcp_control(flow, FALSE, TCP_FIN | TCP_ACK));
    record(p, tcp_control(flow, TRUE, TCP_ACK));
    return TRUE;
}

static gboolean play_tcp(player *p, const step *s, GError **error)
{
    (void)error;
    record(p, tcp_control(g_ptr_array_index(p->flows, s->connection), s->up, s->tcp_flags));
    return TRUE;
}

static gboolean play_wait(player *p, const step *s, GError **error)
{
    (void)error;
    p->now += s->ns;
    return TRUE;
}

static gboolean play_at(player *p, const step *s, GError **error)
{
    if (p->scenario->start_ns + s->ns < p->now) {
        g_set_error(error, MKCAP_ERROR, 0, "the packets before have come further than that time");
        return FALSE;
    }
    p->now = p->scenario->start_ns + s->ns;
    return TRUE;
}

static gboolean play_pace(player *p, const step *s, GError **error)
{
    (void)error;
    p->pace = s->ns;
    return TRUE;
}

static gboolean play_steps(player *p, GError **error)
{
    static gboolean (*const by_kind[])(player *, const step *, GError **) = {
        [STEP_OPEN] = play_open,   [STEP_SEND] = play_send, [STEP_AGAIN] = play_again,
        [STEP_CLOSE] = play_close, [STEP_TCP] = play_tcp,   [STEP_WAIT] = play_wait,
        [STEP_AT] = play_at,       [STEP_PACE] = play_pace,
    };
    for (guint i = 0; i < p->scenario->steps->len; i++) {
        const step *s = g_ptr_array_index(p->scenario->steps, i);
        gboolean ok = by_kind[s->kind](p, s, error);
        if (ok && p->total > PLAY_MAX) {
            g_set_error(error, MKCAP_ERROR, 0, "the capture would be larger than 1 GiB");
            ok = FALSE;
        }
        if (!ok) {
            g_prefix_error(error, "line %u: ", s->line);
            return FALSE;
        }
    }
    return TRUE;
}

GPtrArray *play(const scenario *s, GError **error)
{
    player p = {.scenario = s, .now = s->start_ns, .pace = PACE_DEFAULT};
    p.packets = g_ptr_array_new_with_free_func(packet_free);
    p.flows = g_ptr_array_new_with_free_func((GDestroyNotify)tcp_flow_free);
    p.kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, kept_free);
    for (guint i = 0; i < s->connections->len; i++)
        g_ptr_array_add(p.flows, tcp_flow_new(g_ptr_array_index(s->connections, i)));
    if (!play_steps(&p, error))
        g_clear_pointer(&p.packets, g_ptr_array_unref);
    g_ptr_array_unref(p.flows);
    g_hash_table_unref(p.kept);
    return p.packets;
}
