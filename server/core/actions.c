/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of actions, and the frames that go into it. */
#include "common/encode.h"
#include "core/commit.h"

#include <stdarg.h>
#include <string.h>

void core_push_action(struct core *core, const core_action *action)
{
    core_action *own = g_new(core_action, 1);
    *own = *action;
    g_queue_push_tail(&core->actions, own);
}

void core_add_action(struct core *core, core_action action)
{
    if (!commit_hold(core, &action))
        core_push_action(core, &action);
}

void core_fail(struct core *core, const char *what)
{
    core_add_action(core, (core_action){.kind = CORE_FAIL, .text = g_strdup(what)});
}

bool core_take_action(struct core *core, core_action *action)
{
    core_action *own = g_queue_pop_head(&core->actions);
    if (own == NULL)
        return false;
    *action = *own;
    g_free(own);
    return true;
}

void core_action_clear(core_action *action)
{
    g_clear_pointer(&action->bytes, g_bytes_unref);
    g_clear_pointer(&action->text, g_free);
    g_clear_pointer(&action->batch, records_free);
}

void core_log(struct core *core, core_log_level level, const connection *conn, const char *format,
              ...)
{
    va_list arguments;
    va_start(arguments, format);
    core_add_action(core, (core_action){.kind = CORE_LOG,
                                        .level = level,
                                        .conn = conn != NULL ? conn->key : 0,
                                        .text = g_strdup_vprintf(format, arguments)});
    va_end(arguments);
}

void count_frame(uint64_t counts[CORE_COUNTED_TYPES], uint32_t msg_type)
{
    counts[MIN(msg_type, CORE_COUNTED_TYPES - 1)]++;
}

/* Of a frame that is encoded. */
static uint32_t type_of(GBytes *frame)
{
    return ((const uint8_t *)g_bytes_get_data(frame, NULL))[1];
}

/*
 * The limit is looked at before a frame is added, so a frame of any allowed size gets through to a
 * reader who keeps up; what waits for one connection is at most max_output and one frame.
 */
void core_send(struct core *core, connection *conn, GBytes *frame, uint64_t now_ms)
{
    if (conn->closing)
        return;
    if (conn->output > core->config.max_output) {
        core_log(core, CORE_LOG_WARNING, conn,
                 "closed: reads too slowly, %" G_GSIZE_FORMAT " bytes wait", conn->output);
        connection_because(conn, CORE_CLOSED_SLOW_READER);
        connection_close(core, conn, false, now_ms);
        return;
    }
    conn->output += g_bytes_get_size(frame);
    core->stats.output_bytes += g_bytes_get_size(frame);
    count_frame(core->stats.frames_sent, type_of(frame));
    core_add_action(
        core, (core_action){.kind = CORE_SEND, .conn = conn->key, .bytes = g_bytes_ref(frame)});
}

void core_ack(struct core *core, connection *conn, const plato_head_ack *ack, uint64_t now_ms)
{
    const plato_head head = {.msg_type = PLATO_ACK, .ack = *ack};
    GBytes *frame = encode_frame(&head, (plato_span){NULL, 0});
    core_send(core, conn, frame, now_ms);
    g_bytes_unref(frame);
}

/* After these codes the peer cannot be understood or trusted: the ACK is the last that it gets. */
static bool code_closes(uint32_t code)
{
    return code == PLATO_ACK_MALFORMED || code == PLATO_ACK_UNSUPPORTED_VERSION ||
           code == PLATO_ACK_BAD_CRC || code == PLATO_ACK_TOO_LARGE ||
           code == PLATO_ACK_AUTH_FAILED;
}

void core_refuse(struct core *core, connection *conn, const plato_head_ack *ack, const char *why,
                 uint64_t now_ms)
{
    plato_head_ack answer = *ack;
    answer.msg = (plato_span){(const uint8_t *)why, strlen(why)};
    core->stats.refused++;
    core->stats.refused_with[ack->code]++;
    core_log(core, CORE_LOG_INFO, conn, "refused with %s: %s", plato_ack_code_name(ack->code), why);
    core_ack(core, conn, &answer, now_ms);
    if (code_closes(ack->code) && !conn->closing) {
        connection_because(conn, CORE_CLOSED_REFUSED);
        connection_close(core, conn, true, now_ms);
    }
}
