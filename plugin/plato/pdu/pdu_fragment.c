/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames whose first byte comes in an earlier packet than their last. */
#include "plato/pdu/pdu_fragment.h"

#include "plato/pdu/proto.h"
#include "support/flow.h"

#define KEY_BEGINS 0x20000000u /* of proto data with file scope; the frame's ordinal is added */

/* One direction of a connection that has had such a frame. */
struct begun_side {
    struct begun_side *next;
    const plato_conversation *conversation;
    frame_begin begin; /* of the frame under way; packet 0: there is none */
    uint32_t tcp_stream;
    uint16_t port;
    plato_framing framing;
};

/* of the file, in the order in which they came */
static begun_side *first_side;
static begun_side **end_of_sides = &first_side;

static void forget_file(void)
{
    first_side = NULL; /* they go with the file */
    end_of_sides = &first_side;
}

static begun_side *begun_of(packet_info *pinfo, plato_conversation *conversation)
{
    stream_side *side = &conversation->sides[flow_direction(pinfo)];
    if (side->begun == NULL) {
        begun_side *begun = wmem_new0(wmem_file_scope(), begun_side);
        begun->conversation = conversation;
        begun->tcp_stream = flow_tcp_stream(pinfo);
        begun->port = (uint16_t)pinfo->srcport;
        *end_of_sides = begun;
        end_of_sides = &begun->next;
        side->begun = begun;
    }
    return side->begun;
}

frame_begin plato_begun_take(packet_info *pinfo, plato_conversation *conversation,
                             uint64_t position)
{
    static const frame_begin none = {0};
    const uint32_t key = KEY_BEGINS + (uint32_t)position;
    begun_side *begun = conversation->sides[flow_direction(pinfo)].begun;
    if (begun == NULL)
        return none;
    if (PINFO_FD_VISITED(pinfo)) {
        const frame_begin *kept = p_get_proto_data(wmem_file_scope(), pinfo, proto_plato, key);
        return kept != NULL ? *kept : none;
    }
    const frame_begin begin = begun->begin;
    begun->begin = none;
    if (begin.packet == 0 || begin.packet == pinfo->num)
        return none;
    p_add_proto_data(wmem_file_scope(), pinfo, proto_plato, key,
                     wmem_memdup(wmem_file_scope(), &begin, sizeof begin));
    return begin;
}

void plato_begun_leave(packet_info *pinfo, plato_conversation *conversation, plato_framing framing,
                       bool under_way, bool same)
{
    if (!under_way && conversation->sides[flow_direction(pinfo)].begun == NULL)
        return;
    begun_side *begun = begun_of(pinfo, conversation);
    if (!under_way) {
        begun->begin = (frame_begin){0};
    } else if (!same || begun->begin.packet == 0) {
        begun->begin = (frame_begin){pinfo->num, flow_time_ns(pinfo)};
        begun->framing = framing;
    }
}

void plato_begun_unfinished(plato_unfinished_fn each, void *user)
{
    for (const begun_side *begun = first_side; begun != NULL; begun = begun->next) {
        const plato_conversation *conversation = begun->conversation;
        const plato_unfinished frame = {
            .begin = begun->begin,
            .tcp_stream = begun->tcp_stream,
            .port = begun->port,
            .stream = conversation->has_stream ? conversation->stream : UINT32_MAX,
            .framing = begun->framing,
        };
        if (begun->begin.packet != 0)
            each(&frame, user);
    }
}

void plato_register_begun(void)
{
    register_init_routine(forget_file);
}
