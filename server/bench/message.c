/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/message.h"

#include <glib.h>
#include <string.h>

/* The filler's word `i`: all messages differ, and so do the words of one. */
static uint64_t filler(const stamp *s, size_t i)
{
    return GUINT64_TO_BE((s->number + i) * 0x9e3779b97f4a7c15u ^ s->due_ns ^ s->sender);
}

void message_write(uint8_t *p, size_t n, const stamp *s)
{
    const uint64_t number = GUINT64_TO_BE(s->number), due = GUINT64_TO_BE(s->due_ns);
    const uint32_t sender = GUINT32_TO_BE(s->sender);
    memcpy(p, &number, 8);
    memcpy(p + 8, &due, 8);
    memcpy(p + 16, &sender, 4);
    for (size_t at = MESSAGE_LEAST; at < n; at += 8) {
        const uint64_t word = filler(s, at);
        memcpy(p + at, &word, MIN(8, n - at));
    }
}

bool message_read(const uint8_t *p, size_t n, stamp *s)
{
    uint64_t number, due;
    uint32_t sender;
    if (n < MESSAGE_LEAST)
        return false;
    memcpy(&number, p, 8);
    memcpy(&due, p + 8, 8);
    memcpy(&sender, p + 16, 4);
    *s = (stamp){GUINT64_FROM_BE(number), GUINT64_FROM_BE(due), GUINT32_FROM_BE(sender)};
    for (size_t at = MESSAGE_LEAST; at < n; at += 8) {
        const uint64_t word = filler(s, at);
        if (memcmp(p + at, &word, MIN(8, n - at)) != 0)
            return false;
    }
    return true;
}
