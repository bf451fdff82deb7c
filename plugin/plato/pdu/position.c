/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/pdu/position.h"

#include "plato/pdu/proto.h"

/*
 * Packet number and ordinal within the packet. (Offsets are not enough: several TLS records of one
 * packet all begin at 0.)
 */
static uint32_t *frames_so_far(packet_info *pinfo)
{
    uint32_t *count = p_get_proto_data(pinfo->pool, pinfo, proto_plato, 0);
    if (count == NULL) {
        count = wmem_new0(pinfo->pool, uint32_t);
        p_add_proto_data(pinfo->pool, pinfo, proto_plato, 0, count);
    }
    return count;
}

uint64_t plato_next_position(packet_info *pinfo)
{
    return (uint64_t)pinfo->num << 32 | *frames_so_far(pinfo);
}

uint64_t plato_take_position(packet_info *pinfo)
{
    return (uint64_t)pinfo->num << 32 | (*frames_so_far(pinfo))++;
}
