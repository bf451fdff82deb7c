/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/tcp_loss.h"

#include "plato/pdu/analysis_feed.h"

/* Missing bytes before a frame, as the analysis knows them, that may still come. */
typedef struct waiting_loss {
    uint32_t loss;
    unsigned direction;
    uint64_t offset; /* of the frame */
} waiting_loss;

static GHashTable *silent; /* of the file: positions of frames after which their sender is silent */

static void note_silence(const tcp_losses *losses, unsigned direction)
{
    if (!losses->any_frame[direction])
        return;
    if (silent == NULL)
        silent = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_hash_table_add(silent, g_memdup2(&losses->last_frame[direction], sizeof(uint64_t)));
}

bool tcp_loss_is_silent(uint64_t position)
{
    return silent != NULL && g_hash_table_contains(silent, &position);
}

static uint32_t report(const flow_packet *packet, unsigned direction,
                       plato_conversation *conversation)
{
    flow_packet from = *packet;
    from.direction = direction;
    return plato_report_unseen_segment(&from, conversation);
}

/* The same ports may carry another connection by now; what was noted is of the old one. */
static void enter(tcp_losses *losses, const plato_conversation *conversation)
{
    if (losses->conversation == conversation)
        return;
    tcp_losses_clear(losses);
    losses->conversation = conversation;
}

void tcp_losses_report(tcp_losses *losses, unsigned direction, const flow_packet *packet,
                       plato_conversation *conversation)
{
    enter(losses, conversation);
    losses->reported[direction] = true;
    (void)report(packet, direction, conversation);
}

void tcp_losses_event(tcp_losses *losses, const stream_event *event, const flow_packet *packet,
                      plato_conversation *conversation)
{
    enter(losses, conversation);
    switch (event->kind) {
    case STREAM_SILENT:
        note_silence(losses, event->direction);
        break;
    case STREAM_HOLE_FILLED:
        losses->filled = true;
        break;
    case STREAM_HOLE_GIVEN_UP:
        if (!event->tail || event->maybe_fin)
            break;
        tcp_losses_report(losses, event->direction, packet, conversation);
        break;
    default:
        break;
    }
}

static void report_gap(tcp_losses *losses, const stored_item *item, const flow_packet *packet)
{
    const waiting_loss waiting = {report(packet, item->direction, item->conversation),
                                  item->direction, item->offset};
    if (item->gap != STREAM_GAP_WAITING || waiting.loss == 0)
        return;
    if (losses->waiting == NULL)
        losses->waiting = g_array_new(FALSE, FALSE, sizeof waiting);
    g_array_append_val(losses->waiting, waiting);
}

void tcp_losses_frame(tcp_losses *losses, const stored_item *item, bool gap,
                      const flow_packet *packet)
{
    enter(losses, item->conversation);
    losses->any_frame[item->direction] = true;
    losses->last_frame[item->direction] = item->position;
    if (gap && !losses->reported[item->direction])
        report_gap(losses, item, packet);
    losses->reported[item->direction] = false;
}

void tcp_losses_settle(tcp_losses *losses, const stream_reader *reader)
{
    unsigned kept = 0;
    if (losses->waiting == NULL || !losses->filled)
        return;
    for (unsigned i = 0; i < losses->waiting->len; i++) {
        const waiting_loss waiting = g_array_index(losses->waiting, waiting_loss, i);
        const stream_gap gap = stream_reader_gap(reader, waiting.direction, waiting.offset);
        if (gap == STREAM_GAP_NONE)
            plato_report_late_segment(waiting.loss);
        else if (gap == STREAM_GAP_WAITING)
            g_array_index(losses->waiting, waiting_loss, kept++) = waiting;
    }
    g_array_set_size(losses->waiting, kept);
    losses->filled = false;
}

void tcp_losses_keep(tcp_losses *losses, stored_item *item)
{
    if (item->gap_reader == NULL)
        return;
    if (losses->items == NULL)
        losses->items = g_ptr_array_new();
    g_ptr_array_add(losses->items, item);
}

void tcp_loss_fix_gap(stored_item *item)
{
    if (item->gap_reader != NULL)
        item->gap = stream_reader_gap(item->gap_reader, item->direction, item->offset);
    item->gap_reader = NULL;
}

void tcp_losses_restart(tcp_losses *losses)
{
    for (unsigned i = 0; losses->items != NULL && i < losses->items->len; i++)
        tcp_loss_fix_gap(g_ptr_array_index(losses->items, i));
    if (losses->items != NULL)
        g_ptr_array_set_size(losses->items, 0);
    if (losses->waiting != NULL)
        g_array_set_size(losses->waiting, 0);
}

void tcp_losses_clear(tcp_losses *losses)
{
    if (losses->items != NULL)
        g_ptr_array_free(losses->items, TRUE);
    if (losses->waiting != NULL)
        g_array_free(losses->waiting, TRUE);
    *losses = (tcp_losses){0};
}

static void reset(void)
{
    if (silent != NULL)
        g_hash_table_destroy(silent);
    silent = NULL;
}

void tcp_loss_register(void)
{
    register_cleanup_routine(reset);
}
