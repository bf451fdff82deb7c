/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admission/bucket.h"

#define ONE 1000u /* an event, in units of the level */

static uint64_t level_at(const bucket *b, const bucket_rate *rate, uint64_t now_ms)
{
    const uint64_t full = (uint64_t)rate->burst * ONE;
    const uint64_t passed = now_ms > b->at_ms ? now_ms - b->at_ms : 0;
    /* no more milliseconds than fill it from empty: the product stays far below 2^64 */
    const uint64_t enough = rate->per_second > 0 ? full / rate->per_second + 1 : 0;
    const uint64_t level = b->level + (passed < enough ? passed : enough) * rate->per_second;
    return level < full ? level : full;
}

void bucket_init(bucket *b, const bucket_rate *rate, uint64_t now_ms)
{
    b->level = (uint64_t)rate->burst * ONE;
    b->at_ms = now_ms;
}

bool bucket_take(bucket *b, const bucket_rate *rate, uint64_t now_ms)
{
    if (rate->per_second == 0)
        return true;
    b->level = level_at(b, rate, now_ms);
    if (now_ms > b->at_ms)
        b->at_ms = now_ms;
    if (b->level < ONE)
        return false;
    b->level -= ONE;
    return true;
}

bool bucket_is_full(const bucket *b, const bucket_rate *rate, uint64_t now_ms)
{
    return rate->per_second == 0 || level_at(b, rate, now_ms) == (uint64_t)rate->burst * ONE;
}
