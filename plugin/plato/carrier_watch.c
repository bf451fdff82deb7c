/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/carrier_watch.h"

#include "plato/pdu/analysis_feed.h"
#include "plato/pdu/position.h"
#include "plato/tree/tree_frame.h"

/* What is missing before a packet; kept with the packet that shows that it is missing for good. */
typedef struct lost_bytes {
    struct lost_bytes *next;
    uint64_t length;
    bool from_sender; /* of the packet; else from the other end */
} lost_bytes;

struct carrier_watch {
    stream_conn *conn;
    plato_conversation *conversation;
    bool unreadable[2]; /* bytes of the direction are missing, and no frame of it was found since */
    flow_packet latest;
};

/* of the file */
static GPtrArray *watches;
static stream_budget *budget;
static stream_config config;
static wmem_map_t *lost_in; /* packet -> lost_bytes */

static void free_watch(gpointer p)
{
    carrier_watch *watch = p;
    stream_conn_free(watch->conn);
    g_free(watch);
}

static void reset(void)
{
    if (watches != NULL)
        g_ptr_array_free(watches, TRUE);
    watches = NULL;
    stream_budget_free(budget);
    budget = NULL;
}

static void on_event(void *user, const stream_event *event)
{
    carrier_watch *watch = user;
    flow_packet packet = watch->latest;
    gpointer key = GUINT_TO_POINTER(packet.number);
    if (event->kind != STREAM_HOLE_GIVEN_UP || event->maybe_fin)
        return;
    lost_bytes *lost = wmem_new(wmem_file_scope(), lost_bytes);
    lost->from_sender = packet.direction == event->direction;
    lost->length = event->len;
    lost->next = wmem_map_lookup(lost_in, key);
    wmem_map_insert(lost_in, key, lost);
    packet.direction = event->direction;
    watch->unreadable[event->direction] = true;
    (void)plato_report_unseen_segment(&packet, watch->conversation);
}

void carrier_watch_claim(packet_info *pinfo)
{
    plato_conversation *conversation = plato_conversation_of(pinfo);
    if (PINFO_FD_VISITED(pinfo) || conversation->carrier != NULL || pinfo->ptype != PT_TCP)
        return;
    if (watches == NULL) {
        watches = g_ptr_array_new_with_free_func(free_watch);
        budget = stream_budget_new(0, NULL);
        stream_config_init(&config);
        config.on_event = on_event;
    }
    carrier_watch *watch = g_new0(carrier_watch, 1);
    watch->conversation = conversation;
    watch->conn = stream_conn_new(&config, budget, watch);
    g_ptr_array_add(watches, watch);
    conversation->carrier = watch;
}

/* TLS does not find its way again: what would have been said is not known. */
static void report_unreadable(carrier_watch *watch, const stream_segment *segment,
                              packet_info *pinfo)
{
    if (!watch->unreadable[segment->direction] || segment->len == 0)
        return;
    if ((uint32_t)plato_next_position(pinfo) > 0)
        watch->unreadable[segment->direction] = false;
    else
        (void)plato_report_unseen_segment(&watch->latest, watch->conversation);
}

bool carrier_watch_segment(const stream_segment *segment, tvbuff_t *frame, packet_info *pinfo,
                           proto_tree *tree)
{
    plato_conversation *conversation = plato_find_conversation(pinfo);
    carrier_watch *watch = conversation != NULL ? conversation->carrier : NULL;
    stream_segment numbers = *segment;
    stream_info info;
    if (watch == NULL || watch->conn == NULL)
        return false;
    numbers.bytes = NULL; /* its numbers are enough */
    numbers.captured = 0;
    watch->latest = flow_packet_of(pinfo);
    while (stream_conn_segment(watch->conn, &numbers) == STREAM_RESTART)
        stream_conn_restart(watch->conn);
    stream_conn_info(watch->conn, numbers.direction, &info);
    stream_consume(watch->conn, numbers.direction, info.first, info.end - info.first);
    report_unreadable(watch, segment, pinfo);
    return carrier_watch_show(frame, pinfo, tree);
}

bool carrier_watch_show(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree)
{
    const lost_bytes *lost = wmem_map_lookup(lost_in, GUINT_TO_POINTER(pinfo->num));
    const bool any = lost != NULL;
    for (; lost != NULL; lost = lost->next)
        plato_dissect_carrier_lost(frame, pinfo, tree, lost->length, lost->from_sender);
    return any;
}

void carrier_watch_forget(uint32_t packet)
{
    wmem_map_remove(lost_in, GUINT_TO_POINTER(packet));
}

void carrier_watch_end(void)
{
    for (unsigned i = 0; watches != NULL && i < watches->len; i++) {
        const carrier_watch *watch = g_ptr_array_index(watches, i);
        if (watch->conn != NULL)
            stream_conn_end(watch->conn);
    }
}

void carrier_watch_register(void)
{
    lost_in =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
    register_cleanup_routine(reset);
}
