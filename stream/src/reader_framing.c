/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which framing a connection uses, where the user leaves it open. */
#include "reader_internal.h"

plato_framing stream_find_framing(stream_reader *reader, const uint8_t *p, size_t n, bool in_sync)
{
    static const plato_resync_budget budget = PLATO_RESYNC_BUDGET_DEFAULT;
    if (reader->framing == 0)
        reader->framing = in_sync ? plato_framing_by_start(p, n)
                                  : plato_framing_by_search(p, n, &reader->config->limits, &budget);
    return reader->framing != 0 ? reader->framing : PLATO_FRAMING_HEADER;
}
