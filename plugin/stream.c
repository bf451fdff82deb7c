/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP segments -> frames. */
#include "stream.h"

#include "frame.h"
#include "packet-plato.h"

#include <epan/dissectors/packet-tcp.h>

/*
 * tcp_dissect_pdus() believes whatever length it is told: one of nearly 2^31 makes the rest of the
 * direction vanish, a sum that wraps ends the segment. So an impossible header claims no more than
 * the bytes that are here, and the frame dissector says what is wrong with it. We also ask for the
 * header ourselves (fixed length 1, 0 = "not yet known"), because for fewer bytes than a fixed
 * length it would show nothing but an error.
 */
static unsigned frame_length(packet_info *pinfo, tvbuff_t *tvb, int offset, void *data _U_)
{
    const unsigned here = (unsigned)tvb_reported_length_remaining(tvb, offset);
    const unsigned captured = (unsigned)tvb_captured_length_remaining(tvb, offset);
    const plato_limits limits = plato_pref_limits();
    uint8_t header[PLATO_HEADER_LEN];
    uint64_t total;

    if (here < PLATO_HEADER_LEN && plato_pref.desegment && pinfo->can_desegment)
        return 0;
    if (captured < PLATO_HEADER_LEN)
        return here;
    tvb_memcpy(tvb, header, offset, sizeof header);
    if (plato_frame_length(PLATO_FRAMING_HEADER, header, sizeof header, &limits, &total) !=
            PLATO_OK ||
        total > PLATO_LONGEST_FRAME)
        return here;
    return (unsigned)total;
}

int plato_dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    tcp_dissect_pdus(tvb, pinfo, tree, plato_pref.desegment, 1, frame_length, plato_dissect_frame,
                     data);
    return (int)tvb_captured_length(tvb);
}
