/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analysis/request_response.h"

#include <assert.h>
#include <stddef.h>

/* Times of a capture may go backwards: then no time has passed. */
static int64_t since(int64_t then, int64_t now)
{
    return now > then ? (int64_t)((uint64_t)now - (uint64_t)then) : 0;
}

/* Removes the request after `before`, or the oldest for NULL, from those that wait. */
static analysis_rr_message *take(analysis_rr_conversation *x, analysis_rr_message *before)
{
    analysis_rr_message *taken = before != NULL ? before->next : x->oldest;
    assert(x->open > 0 && taken != NULL);
    if (before != NULL)
        before->next = taken->next;
    else
        x->oldest = taken->next;
    if (x->newest == taken)
        x->newest = before;
    taken->next = NULL;
    x->open--;
    return taken;
}

static bool is_timed_out(const analysis_rr_message *request, const analysis_rr_rules *rules,
                         int64_t now)
{
    return rules->timeout_ns != 0 && since(request->time_ns, now) >= rules->timeout_ns;
}

void analysis_rr_request(analysis_rr_conversation *x, const analysis_rr_rules *rules,
                         analysis_rr_message *request)
{
    const int64_t now = request->time_ns;
    const uint32_t most = rules->by_content ? ANALYSIS_RR_SEARCHED_MAX : ANALYSIS_RR_OPEN_MAX;
    if (rules->one_at_a_time && x->newest != NULL && !is_timed_out(x->newest, rules, now))
        request->flags |= ANALYSIS_RR_IN_FLIGHT;
    if ((x->any_request && since(x->request_ns, now) < rules->min_interval_ns) ||
        (x->any_reply && since(x->reply_ns, now) < rules->min_interval_ns))
        request->flags |= ANALYSIS_RR_TOO_SOON;
    if (rules->max_idle_ns != 0 && request->on_connection && x->any_request &&
        !x->request_missing && since(x->request_ns, now) > rules->max_idle_ns)
        request->flags |= ANALYSIS_RR_IDLE_TOO_LONG;
    x->any_request = true;
    x->request_missing = false;
    x->request_ns = now;
    if (x->open == most)
        (void)take(x, NULL);
    if (x->newest != NULL)
        x->newest->next = request;
    else
        x->oldest = request;
    x->newest = request;
    x->open++;
}

static bool is_answer(const analysis_rr_message *request, const analysis_rr_message *reply)
{
    if (reply->is_error)
        return true;
    return reply->kind == request->kind &&
           (!request->is_echo || reply->content == request->content);
}

/* Of replies in order, some of which may be missing; NULL if nothing fits. */
static analysis_rr_message *next_that_fits(analysis_rr_conversation *x,
                                           const analysis_rr_message *reply)
{
    uint32_t passed = 0;
    for (const analysis_rr_message *at = x->oldest; !is_answer(at, reply); at = at->next) {
        if (at->next == NULL || ++passed == ANALYSIS_RR_SEARCHED_MAX)
            return NULL;
    }
    for (; passed > 0; passed--)
        (void)take(x, NULL);
    return take(x, NULL);
}

/*
 * NULL if there is none. Where no content fits, it is the oldest that got a wrong answer, of those
 * that have not timed out.
 */
static analysis_rr_message *request_of(analysis_rr_conversation *x, const analysis_rr_rules *rules,
                                       const analysis_rr_message *reply)
{
    analysis_rr_message *before = NULL, *before_wrong = NULL;
    bool found_wrong = false;
    if (x->oldest != NULL && !rules->by_content)
        return x->incomplete ? next_that_fits(x, reply) : take(x, NULL);
    for (analysis_rr_message *at = x->oldest; at != NULL; before = at, at = at->next) {
        if (is_answer(at, reply))
            return take(x, before);
        if (!found_wrong && !is_timed_out(at, rules, reply->time_ns)) {
            found_wrong = true;
            before_wrong = before;
        }
    }
    return found_wrong ? take(x, before_wrong) : NULL;
}

void analysis_rr_reply(analysis_rr_conversation *x, const analysis_rr_rules *rules,
                       analysis_rr_message *reply)
{
    analysis_rr_message *request = request_of(x, rules, reply);
    x->any_reply = true;
    x->reply_ns = reply->time_ns;
    if (request == NULL) {
        if (!x->incomplete || rules->by_content)
            reply->flags |= ANALYSIS_RR_UNSOLICITED;
        return;
    }
    request->peer = reply;
    reply->peer = request;
    if (!is_answer(request, reply))
        reply->flags |= ANALYSIS_RR_MISMATCH;
    if (rules->timeout_ns != 0 && analysis_rr_time_ns(reply) > rules->timeout_ns)
        reply->flags |= ANALYSIS_RR_LATE;
}

int64_t analysis_rr_time_ns(const analysis_rr_message *reply)
{
    return since(reply->peer->time_ns, reply->time_ns);
}

bool analysis_rr_is_unanswered(const analysis_rr_message *request, const analysis_rr_rules *rules,
                               int64_t known_until_ns)
{
    if (rules->timeout_ns == 0)
        return false;
    if (request->peer != NULL)
        return (request->peer->flags & ANALYSIS_RR_LATE) != 0;
    return since(request->time_ns, known_until_ns) >= rules->timeout_ns;
}
