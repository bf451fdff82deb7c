/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/resend.h"

#include "core/chat.h"
#include "core/commit.h"

#include <string.h>

/* Members that are sent something again in one tick: others wait for it to end. */
#define MOST_RESENT 256u

static uint64_t delay_of(const struct core *core, unsigned level)
{
    return MIN((uint64_t)core->config.resend_first_ms << level, core->config.resend_most_ms);
}

static void disarm(struct core *core, struct member *member)
{
    if (member->resend_at_ms != 0)
        g_queue_unlink(&core->resend[member->resend_level], &member->resend_link);
    member->resend_at_ms = 0;
}

/* All in one queue wait for as long, so the one that came first is due first. */
static void arm(struct core *core, struct member *member, unsigned level, uint64_t now_ms)
{
    disarm(core, member);
    member->resend_level = MIN(level, (unsigned)G_N_ELEMENTS(core->resend) - 1);
    member->resend_at_ms = now_ms + delay_of(core, member->resend_level);
    member->resend_link.data = member;
    g_queue_push_tail_link(&core->resend[member->resend_level], &member->resend_link);
    core_due(core, member->resend_at_ms);
}

/* The cursor is before the first in flight, or of the next to be sent. */
static void move_cursor(struct core *core, struct member *member)
{
    const uint64_t first =
        member->n_in_flight > 0 ? member->in_flight[0].msg_id : member->next_msg_id;
    if (first - 1 <= member->cursor)
        return;
    member->cursor = first - 1;
    commit_member(core, member);
}

void flight_skip(struct core *core, struct member *member)
{
    flight_skip_to(core, member, member->next_msg_id + 1);
}

void flight_skip_to(struct core *core, struct member *member, uint64_t msg_id)
{
    member->next_msg_id = MAX(member->next_msg_id, msg_id);
    move_cursor(core, member);
}

void flight_add(struct core *core, struct member *member, uint64_t now_ms)
{
    if (member->n_in_flight == member->most_in_flight) {
        member->most_in_flight = MAX(4, 2 * member->most_in_flight);
        member->in_flight = g_renew(flight, member->in_flight, member->most_in_flight);
    }
    member->in_flight[member->n_in_flight++] = (flight){member->next_msg_id++, now_ms};
    if (member->n_in_flight == 1)
        arm(core, member, 0, now_ms);
}

bool flight_is_full(const struct core *core, const struct member *member)
{
    return member->n_in_flight >= core->config.push_window;
}

static void free_flight(struct member *member)
{
    g_clear_pointer(&member->in_flight, g_free);
    member->n_in_flight = 0;
    member->most_in_flight = 0;
}

void flight_acknowledge(struct core *core, struct member *member, uint64_t msg_id, uint64_t now_ms)
{
    unsigned done = 0;
    if (msg_id <= member->cursor || msg_id > member->chat->last_msg_id)
        return;
    while (done < member->n_in_flight && member->in_flight[done].msg_id <= msg_id)
        done++;
    member->n_in_flight -= done;
    if (member->n_in_flight == 0)
        free_flight(member);
    else if (done > 0)
        memmove(member->in_flight, member->in_flight + done,
                member->n_in_flight * sizeof *member->in_flight);
    member->next_msg_id = MAX(member->next_msg_id, msg_id + 1);
    move_cursor(core, member);
    if (member->n_in_flight == 0)
        disarm(core, member);
    else if (done > 0)
        arm(core, member, 0, now_ms);
    commit_later(core, now_ms);
}

void flight_reset(struct core *core, struct member *member)
{
    disarm(core, member);
    free_flight(member);
    member->next_msg_id = member->cursor + 1;
}

/* One tick's work for one member; nothing while earlier bytes still wait to leave. */
static void resend(struct core *core, struct member *member, uint64_t now_ms)
{
    const connection *conn = member->device->connection;
    if (conn->output > 0) {
        arm(core, member, member->resend_level, now_ms);
        return;
    }
    arm(core, member, member->resend_level + 1, now_ms);
    chat_send_again(core, member, now_ms); /* may close the connection */
}

void resend_check(struct core *core, uint64_t now_ms)
{
    struct member *member;
    unsigned n = 0;
    for (size_t level = 0; level < G_N_ELEMENTS(core->resend); level++) {
        while ((member = g_queue_peek_head(&core->resend[level])) != NULL) {
            if (member->resend_at_ms > now_ms || n++ >= MOST_RESENT) {
                core_due(core, member->resend_at_ms);
                break;
            }
            resend(core, member, now_ms);
        }
    }
}
