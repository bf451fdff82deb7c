/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids that the sender left out, and whether they came later. */
#include "rules.h"

#define GAPS_MAX 65536u /* holes that are watched; those of more are broken at once */

/* Of the frames of one packet that report holes. */
typedef struct hole {
    uint32_t packet;
    uint32_t stream;
    uint64_t missing;
    uint64_t first;
    uint64_t last;
} hole;

/* A frame that nobody could read, or that was not captured, may have had the ids. */
static bool may_be_lost(const check_capture *capture, const check_frame *frame)
{
    const uint64_t session_id = check_session_of(frame->head);
    if (frame->head->msg_type == PLATO_UP)
        return check_up_sequence(capture, frame->client, session_id)->lost !=
               frame->client->lost[DIR_UP];
    return check_down_sequence(capture, frame->client, session_id)->lost !=
           frame->client->lost[DIR_DOWN];
}

static bool has_ids(const check_frame *frame)
{
    if (frame->head == NULL)
        return false;
    const uint32_t type = frame->head->msg_type;
    return type == PLATO_UP || type == PLATO_PUSH ||
           (type == PLATO_ACK && frame->head->ack.type == PLATO_UP);
}

/* False: it was reported as broken at once. */
static bool open_hole(const check_capture *capture, check_instance *rule, const check_frame *frame)
{
    const analysis_verdict *verdict = frame->record->verdict;
    if (may_be_lost(capture, frame)) {
        check_unsure(rule, frame,
                     "%" PRIu64 "..%" PRIu64 " are skipped, but a frame in front cannot be read",
                     verdict->gap_first, verdict->gap_last);
        return true;
    }
    if (rule->param[0] == 0 || g_hash_table_size(rule->table) >= GAPS_MAX) {
        check_broken(rule, frame, "the sender skipped %" PRIu64 "..%" PRIu64, verdict->gap_first,
                     verdict->gap_last);
        return false;
    }
    hole *known = g_hash_table_lookup(rule->table, GUINT_TO_POINTER(frame->packet));
    if (known == NULL) {
        known = g_new0(hole, 1);
        *known = (hole){frame->packet, frame->conn->stream, 0, verdict->gap_first, 0};
        g_hash_table_insert(rule->table, GUINT_TO_POINTER(frame->packet), known);
    }
    known->missing += verdict->gap_last - verdict->gap_first + 1;
    known->last = verdict->gap_last;
    return true;
}

static void fill_hole(check_instance *rule, const check_frame *frame)
{
    const gpointer key = GUINT_TO_POINTER(frame->record->verdict->gap_in);
    hole *known = g_hash_table_lookup(rule->table, key);
    if (known != NULL && --known->missing == 0)
        g_hash_table_remove(rule->table, key);
}

RULE_FRAME(check_rule_gaps)
{
    if (!has_ids(frame))
        return;
    rule->judged++;
    if (rule->table == NULL)
        rule->table = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    if ((frame->flags & ANALYSIS_GAP) != 0 && !open_hole(capture, rule, frame))
        return;
    if ((frame->flags & ANALYSIS_GAP_FILLED) != 0)
        fill_hole(rule, frame);
    /* a hole after lost bytes is the capture's */
    if (frame->record->capture_gap)
        check_unsure(rule, frame, "bytes in front of this frame are missing from the capture");
}

static gint by_packet(gconstpointer a, gconstpointer b)
{
    const hole *x = (const hole *)a;
    const hole *y = (const hole *)b;
    return x->packet < y->packet ? -1 : x->packet > y->packet;
}

RULE_END(check_rule_gaps_end)
{
    (void)capture;
    if (rule->table == NULL)
        return;
    GList *holes = g_list_sort(g_hash_table_get_values(rule->table), by_packet);
    for (const GList *l = holes; l != NULL; l = l->next) {
        const hole *h = (const hole *)l->data;
        check_broken_at(rule, h->packet, h->stream,
                        "the sender skipped %" PRIu64 "..%" PRIu64 ", and %" PRIu64
                        " of these ids never came",
                        h->first, h->last, h->missing);
    }
    g_list_free(holes);
}
