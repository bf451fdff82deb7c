/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames whose first byte comes in an earlier packet than their last. */
#include "plato/pdu/pdu_fragment.h"

#include "plato/pdu/proto.h"
#include "support/flow.h"

#define KEY_BEGINS 0x20000000u /* of proto data with file scope; the frame's ordinal is added */

/* One direction of a connection that has had such a frame. */
struct pdu_fragment {
    struct pdu_fragment *next;
    const plato_conversation *conversation;
    frame_begin begin; /* of the frame under way; packet 0: there is none */
    uint32_t tcp_stream;
    uint16_t port;
    plato_framing framing;
};

/* of the file, in the order in which they came */
static pdu_fragment *first_fragment;
static pdu_fragment **end_of_fragments = &first_fragment;

static void (*unfinished_over_tcp)(plato_unfinished_fn each, void *user);

static void reset(void)
{
    first_fragment = NULL; /* they go with the file */
    end_of_fragments = &first_fragment;
}

static pdu_fragment *fragment_of(packet_info *pinfo, plato_conversation *conversation)
{
    plato_flow *flow = &conversation->flows[flow_direction(pinfo)];
    if (flow->fragment == NULL) {
        pdu_fragment *fragment = wmem_new0(wmem_file_scope(), pdu_fragment);
        fragment->conversation = conversation;
        fragment->tcp_stream = flow_tcp_stream(pinfo);
        fragment->port = (uint16_t)pinfo->srcport;
        *end_of_fragments = fragment;
        end_of_fragments = &fragment->next;
        flow->fragment = fragment;
    }
    return flow->fragment;
}

frame_begin plato_take_fragment(packet_info *pinfo, plato_conversation *conversation,
                                uint64_t position)
{
    static const frame_begin none = {0};
    const uint32_t key = KEY_BEGINS + (uint32_t)position;
    pdu_fragment *fragment = conversation->flows[flow_direction(pinfo)].fragment;
    if (fragment == NULL)
        return none;
    if (PINFO_FD_VISITED(pinfo)) {
        const frame_begin *kept = p_get_proto_data(wmem_file_scope(), pinfo, proto_plato, key);
        return kept != NULL ? *kept : none;
    }
    const frame_begin begin = fragment->begin;
    fragment->begin = none;
    if (begin.packet == 0 || begin.packet == pinfo->num)
        return none;
    p_add_proto_data(wmem_file_scope(), pinfo, proto_plato, key,
                     wmem_memdup(wmem_file_scope(), &begin, sizeof begin));
    return begin;
}

void plato_set_fragment(packet_info *pinfo, plato_conversation *conversation, plato_framing framing,
                        bool under_way, bool same)
{
    if (!under_way && conversation->flows[flow_direction(pinfo)].fragment == NULL)
        return;
    pdu_fragment *fragment = fragment_of(pinfo, conversation);
    if (!under_way) {
        fragment->begin = (frame_begin){0};
    } else if (!same || fragment->begin.packet == 0) {
        fragment->begin = (frame_begin){pinfo->num, flow_time_ns(pinfo)};
        fragment->framing = framing;
    }
}

void plato_add_unfinished_pdus(void (*list)(plato_unfinished_fn each, void *user))
{
    unfinished_over_tcp = list;
}

void plato_unfinished_pdus(plato_unfinished_fn each, void *user)
{
    if (unfinished_over_tcp != NULL)
        unfinished_over_tcp(each, user);
    for (const pdu_fragment *fragment = first_fragment; fragment != NULL;
         fragment = fragment->next) {
        const plato_conversation *conversation = fragment->conversation;
        const plato_unfinished frame = {
            .begin = fragment->begin,
            .tcp_stream = fragment->tcp_stream,
            .port = fragment->port,
            .stream = conversation->has_stream ? conversation->stream : UINT32_MAX,
            .framing = fragment->framing,
        };
        if (fragment->begin.packet != 0)
            each(&frame, user);
    }
}

void plato_register_fragments(void)
{
    register_init_routine(reset);
}
