/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fixed header or length prefix? */
#include "plato/pdu/framing.h"

#include "plato/pdu/prefs.h"

#include <plato/resync.h>

/* Anywhere in a stream. */
static plato_framing by_search(const uint8_t *p, size_t n)
{
    const plato_limits limits = plato_pref_limits();
    return plato_framing_by_search(p, n, &limits, NULL);
}

plato_framing plato_find_framing(packet_info *pinfo, plato_conversation *conversation,
                                 const uint8_t *p, size_t n, bool in_sync)
{
    if (plato_pref.framing != PREF_AUTO)
        return (plato_framing)plato_pref.framing;
    if (conversation->framing == 0 && !PINFO_FD_VISITED(pinfo))
        conversation->framing = in_sync ? plato_framing_by_start(p, n) : by_search(p, n);
    return conversation->framing != 0 ? conversation->framing : PLATO_FRAMING_HEADER;
}
