/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/exchange.h"

#include <assert.h>
#include <stddef.h>

/* Times of a capture may go backwards: then no time has passed. */
static int64_t since(int64_t then, int64_t now)
{
    return now > then ? (int64_t)((uint64_t)now - (uint64_t)then) : 0;
}

/* Removes the request after `before`, or the oldest for NULL, from those that wait. */
static plato_exchange *take(plato_exchanges *x, plato_exchange *before)
{
    plato_exchange *taken = before != NULL ? before->next : x->oldest;
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

static bool is_timed_out(const plato_exchange *request, const plato_exchange_rules *rules,
                         int64_t now)
{
    return rules->give_up_ns != 0 && since(request->time_ns, now) >= rules->give_up_ns;
}

void plato_exchanges_request(plato_exchanges *x, const plato_exchange_rules *rules,
                             plato_exchange *request)
{
    const int64_t now = request->time_ns;
    const uint32_t most =
        rules->by_content ? PLATO_EXCHANGES_SEARCHED_MAX : PLATO_EXCHANGES_OPEN_MAX;
    if (rules->one_at_a_time && x->newest != NULL && !is_timed_out(x->newest, rules, now))
        request->flags |= PLATO_EXCHANGE_IN_FLIGHT;
    if ((x->any_request && since(x->request_ns, now) < rules->pause_ns) ||
        (x->any_reply && since(x->reply_ns, now) < rules->pause_ns))
        request->flags |= PLATO_EXCHANGE_TOO_SOON;
    if (rules->silence_ns != 0 && request->on_connection && x->any_request && !x->request_missing &&
        since(x->request_ns, now) > rules->silence_ns)
        request->flags |= PLATO_EXCHANGE_SILENT;
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

static bool is_answer(const plato_exchange *request, const plato_exchange *reply)
{
    if (reply->is_error)
        return true;
    return reply->kind == request->kind &&
           (!request->is_echo || reply->content == request->content);
}

/* Of replies in order, some of which may be missing; NULL if nothing fits. */
static plato_exchange *next_that_fits(plato_exchanges *x, const plato_exchange *reply)
{
    uint32_t passed = 0;
    for (const plato_exchange *at = x->oldest; !is_answer(at, reply); at = at->next) {
        if (at->next == NULL || ++passed == PLATO_EXCHANGES_SEARCHED_MAX)
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
static plato_exchange *request_of(plato_exchanges *x, const plato_exchange_rules *rules,
                                  const plato_exchange *reply)
{
    plato_exchange *before = NULL, *before_wrong = NULL;
    bool found_wrong = false;
    if (x->oldest != NULL && !rules->by_content)
        return x->incomplete ? next_that_fits(x, reply) : take(x, NULL);
    for (plato_exchange *at = x->oldest; at != NULL; before = at, at = at->next) {
        if (is_answer(at, reply))
            return take(x, before);
        if (!found_wrong && !is_timed_out(at, rules, reply->time_ns)) {
            found_wrong = true;
            before_wrong = before;
        }
    }
    return found_wrong ? take(x, before_wrong) : NULL;
}

void plato_exchanges_reply(plato_exchanges *x, const plato_exchange_rules *rules,
                           plato_exchange *reply)
{
    plato_exchange *request = request_of(x, rules, reply);
    x->any_reply = true;
    x->reply_ns = reply->time_ns;
    if (request == NULL) {
        if (!x->incomplete || rules->by_content)
            reply->flags |= PLATO_EXCHANGE_UNASKED;
        return;
    }
    request->peer = reply;
    reply->peer = request;
    if (!is_answer(request, reply))
        reply->flags |= PLATO_EXCHANGE_DIFFERS;
    if (rules->give_up_ns != 0 && plato_exchange_time_ns(reply) > rules->give_up_ns)
        reply->flags |= PLATO_EXCHANGE_LATE;
}

int64_t plato_exchange_time_ns(const plato_exchange *reply)
{
    return since(reply->peer->time_ns, reply->time_ns);
}

bool plato_exchange_is_unanswered(const plato_exchange *request, const plato_exchange_rules *rules,
                                  int64_t known_until_ns)
{
    if (rules->give_up_ns == 0)
        return false;
    if (request->peer != NULL)
        return (request->peer->flags & PLATO_EXCHANGE_LATE) != 0;
    return since(request->time_ns, known_until_ns) >= rules->give_up_ns;
}
