/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/backoff.h"

#include <glib.h>

#define LONGEST 30u /* times the first wait */

unsigned backoff_next(backoff *b)
{
    const unsigned longest = b->first_ms * LONGEST;
    const unsigned wait = b->wait_ms != 0 ? b->wait_ms : b->first_ms;
    b->wait_ms = wait > longest / 2 ? longest : 2 * wait;
    return wait;
}

void backoff_reset(backoff *b)
{
    b->wait_ms = 0;
}

unsigned backoff_jitter(unsigned ms)
{
    return ms < 2 ? ms : (unsigned)g_random_int_range((gint32)(ms / 2), (gint32)ms + 1);
}
