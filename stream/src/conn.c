/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include <string.h>

#define DEFAULTS                                                                                   \
    {                                                                                              \
        .grace_packets = 32, .grace_ns = 200000000, .silent_peer_ns = 1000000000,                  \
        .max_waiting = 1u << 20, .max_memory = (size_t)64 << 20, .max_holes = 1024,                \
        .max_jump = 16u << 20                                                                      \
    }

static const stream_config default_config = DEFAULTS;

void stream_config_init(stream_config *config)
{
    *config = default_config;
}

void stream_emit(const stream_conn *conn, const stream_direction *d, stream_event event)
{
    if (conn->config->on_event == NULL)
        return;
    event.direction = stream_index(conn, d);
    if (event.packet == 0) {
        event.packet = conn->at_hand.packet;
        event.time_ns = conn->at_hand.time_ns;
    }
    conn->config->on_event(conn->user, &event);
}

bool stream_charge(stream_conn *conn, stream_direction *d, size_t size)
{
    if (size > conn->config->max_memory || d->memory > conn->config->max_memory - size ||
        !stream_budget_take(conn->budget, size))
        return false;
    d->memory += size;
    return true;
}

void stream_discharge(stream_conn *conn, stream_direction *d, size_t size)
{
    stream_budget_return(conn->budget, size);
    d->memory -= size;
}

stream_conn *stream_conn_new(const stream_config *config, stream_budget *budget, void *user)
{
    if (!stream_budget_take(budget, sizeof(stream_conn)))
        return NULL;
    stream_conn *conn = stream_budget_alloc(budget, sizeof *conn);
    if (conn == NULL) {
        stream_budget_return(budget, sizeof(stream_conn));
        return NULL;
    }
    memset(conn, 0, sizeof *conn);
    conn->config = config != NULL ? config : &default_config;
    conn->budget = budget;
    conn->user = user;
    return conn;
}

static void clear(stream_conn *conn)
{
    for (unsigned i = 0; i < 2; i++) {
        stream_direction *d = &conn->directions[i];
        stream_ranges_clear(conn, d);
        *d = (stream_direction){.memory = d->memory}; /* of what is held */
    }
}

void stream_conn_restart(stream_conn *conn)
{
    clear(conn);
    conn->segments = 0;
    conn->must_restart = false;
    conn->at_hand.len = conn->at_hand.captured = 0;
}

void stream_conn_free(stream_conn *conn)
{
    if (conn == NULL)
        return;
    while (conn->held_count > 0)
        stream_held_free(conn, conn->held[--conn->held_count]);
    clear(conn);
    stream_budget *budget = conn->budget;
    stream_budget_release(budget, conn);
    stream_budget_return(budget, sizeof(stream_conn));
}

void stream_conn_end(stream_conn *conn)
{
    stream_held_expire(conn, true);
    for (unsigned i = 0; i < 2; i++)
        stream_holes_give_up_all(conn, &conn->directions[i], STREAM_BY_END);
}

const stream_counters *stream_conn_counters(const stream_conn *conn, unsigned direction)
{
    return &conn->directions[direction != 0].n;
}

void stream_conn_info(const stream_conn *conn, unsigned direction, stream_info *info)
{
    const stream_direction *d = &conn->directions[direction != 0];
    *info = (stream_info){
        .seen = d->seen,
        .origin_known = d->origin_known,
        .origin = d->origin_known ? d->first : 0,
        .first = d->first,
        .end = d->end,
        .acked = d->acked > d->first ? d->acked : d->first,
        .fin = d->fin_known,
        .rst = d->rst,
        .fin_offset = d->fin,
        .last_packet = d->last_packet,
        .last_time_ns = d->last_time_ns,
        .pending = d->tree.root != NULL ? d->tree.root->sum : 0,
        .memory = d->memory,
    };
}
