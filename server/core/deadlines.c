/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens because time passes. core.deadline_ms is never later than the first thing due, but
 * may be earlier: a connection that was heard of meanwhile has moved on. Then core_tick() finds
 * nothing to do and computes it anew. So nothing is sorted when a frame comes in.
 */
#include "core/chat.h"
#include "core/commit.h"
#include "core/device.h"
#include "core/resend.h"

/* The scan is not repeated sooner: it costs time for each connection and device. */
#define GRANULARITY_MS 100u

/* Devices, and sessions, that are forgotten in one tick: others wait for it to end. */
#define MOST_FORGOTTEN 256u

void core_due(struct core *core, uint64_t at_ms)
{
    core->deadline_ms = MIN(core->deadline_ms, at_ms);
}

uint64_t core_deadline(const struct core *core)
{
    return MIN(core->deadline_ms, commit_deadline(core));
}

/* When this connection is to be closed if nothing happens, and why. */
static uint64_t connection_due(const struct core *core, const connection *conn,
                               core_close_reason *why)
{
    const core_config *config = &core->config;
    uint64_t due = conn->connected_ms + config->login_timeout_ms;
    *why = CORE_CLOSED_NO_LOGIN;
    if (conn->closing)
        return conn->closing_ms + config->linger_ms;
    if (conn->paused) /* nobody listens to it */
        return UINT64_MAX;
    if (conn->device != NULL) {
        due = conn->last_byte_ms + config->idle_timeout_ms;
        *why = CORE_CLOSED_IDLE;
    }
    if (conn->in_frame && conn->frame_since_ms + config->frame_timeout_ms < due) {
        due = conn->frame_since_ms + config->frame_timeout_ms;
        *why = CORE_CLOSED_FRAME_TIME;
    }
    return due;
}

static const char *text_for(const connection *conn, core_close_reason why)
{
    static const char *const texts[CORE_CLOSE_REASONS] = {
        [CORE_CLOSED_NO_LOGIN] = "did not log in in time",
        [CORE_CLOSED_IDLE] = "was silent for too long",
        [CORE_CLOSED_FRAME_TIME] = "took too long over one frame",
    };
    return conn->closing ? "did not take what was left for it" : texts[why];
}

static void check_connection(struct core *core, connection *conn, uint64_t now_ms)
{
    core_close_reason why;
    const uint64_t due = connection_due(core, conn, &why);
    if (due > now_ms) {
        core_due(core, due);
        return;
    }
    core_log(core, CORE_LOG_INFO, conn, "closed: %s", text_for(conn, why));
    connection_because(conn, why);
    connection_close(core, conn, !conn->closing, now_ms);
    conn->closing_ms = now_ms; /* the driver is asked again after linger_ms */
    core_due(core, now_ms + core->config.linger_ms);
}

/* True if what began at `since_ms` has lasted for state_ttl_ms; else it is due then. */
static bool has_expired(struct core *core, uint64_t since_ms, uint64_t now_ms)
{
    const uint64_t due = since_ms + core->config.state_ttl_ms;
    core_due(core, due);
    return due <= now_ms;
}

/* In the order in which they went; those for whom there is no time now are still due then. */
static void check_devices(struct core *core, uint64_t now_ms)
{
    struct device *device;
    for (unsigned n = 0; (device = g_queue_peek_head(&core->away)) != NULL; n++) {
        if (!has_expired(core, device->away_since_ms, now_ms) || n == MOST_FORGOTTEN)
            return;
        device_remove(core, device, now_ms);
        commit_later(core, now_ms);
    }
}

static void check_empty_chats(struct core *core, uint64_t now_ms)
{
    struct chat *chat;
    for (unsigned n = 0; (chat = g_queue_peek_head(&core->empty)) != NULL; n++) {
        if (!has_expired(core, chat->empty_since_ms, now_ms) || n == MOST_FORGOTTEN)
            return;
        chat_remove(core, chat);
        commit_later(core, now_ms);
    }
}

void core_tick(struct core *core, uint64_t now_ms)
{
    GHashTableIter iter;
    gpointer value;
    commit_check(core, now_ms);
    if (now_ms < core->deadline_ms)
        return;
    core->deadline_ms = UINT64_MAX;
    g_hash_table_iter_init(&iter, core->connections);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        check_connection(core, value, now_ms);
    check_devices(core, now_ms);
    check_empty_chats(core, now_ms);
    resend_check(core, now_ms);
    if (core->deadline_ms != UINT64_MAX)
        core->deadline_ms = MAX(core->deadline_ms, now_ms + GRANULARITY_MS);
}
