/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z plato,sessions: for each session and direction what came, what is missing, what came twice. */
#include "plato/pdu/pdu_fields.h"
#include "stats/registrar.h"
#include "stats/stat_table.h"
#include "taps/tap.h"

#include <stdio.h>
#include <string.h>

#define OPEN_MESSAGES 1024 /* that wait for an ACK; each ACK looks through them */

enum {
    COLUMN_SESSION,
    COLUMN_DIRECTION,
    COLUMN_FIRST,
    COLUMN_LAST,
    COLUMN_FRAMES,
    COLUMN_GAPS,
    COLUMN_MISSING,
    COLUMN_DUPLICATES,
    COLUMN_CONFLICTS,
    COLUMN_REORDERS,
    COLUMN_UNACKED,
    COLUMN_BYTES,
};

/* Columns as wide as their titles, so that tshark's table is aligned. */
static stat_tap_table_item fields[] = {
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "             Session", "%20s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Direction", "%-9s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "First id", "%8s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Last id", "%7s"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Frames", "%6u"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Gaps", "%4u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Missing ids", "%11s"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Duplicates", "%10u"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Conflicts", "%9u"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Reorders", "%8u"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Unacked", "%7u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "     Bytes", "%10s"},
};

typedef struct session_row {
    stat_row row; /* key: the session as text, and "up" or "down" at the end */
    bool has_ids;
    uint64_t first;
    uint64_t last;
    uint64_t missing;
    unsigned frames;
    unsigned gaps;
    unsigned duplicates;
    unsigned conflicts;
    unsigned reorders;
    unsigned unacked; /* for certain, or no longer waited for */
    GPtrArray *open;  /* analysis_record of those that may still be acknowledged; first pass only */
    uint64_t bytes;
    stat_number_text first_text;
    stat_number_text last_text;
    stat_number_text missing_text;
    stat_number_text bytes_text;
} session_row;

#define DIRECTION_AT (STAT_KEY_BYTES - 8) /* in the key, where the label ends */

static void release(stat_row *row)
{
    g_ptr_array_free(((session_row *)row)->open, TRUE);
}

static void sessions_init(stat_tap_table_ui *ui);
static tap_packet_status sessions_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                                         const void *data, tap_flags_t flags);

static stat_tap_table_ui ui_sessions = {
    .group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
    .title = "Plato Sessions",
    .tap_name = "plato",
    .cli_string = "plato,sessions",
    .stat_tap_init_cb = sessions_init,
    .packet_func = sessions_packet,
    .stat_tap_reset_table_cb = stat_table_reset,
    .nfields = array_length(fields),
    .fields = fields,
};

static const stat_kind kind = {
    .ui = &ui_sessions,
    .row_size = sizeof(session_row),
    .release = release,
};

static void sessions_init(stat_tap_table_ui *ui _U_)
{
    stat_table_init(&kind);
}

/* The session of a frame as text; a name in quotes, so that it is never taken for an id. */
static bool label(packet_info *pinfo, const pdu_info *facts, char *text, size_t cap)
{
    const plato_span name = plato_pdu_session_name(facts);
    uint64_t id;
    if (name.n > 0) {
        const size_t n = name.n < cap ? name.n : cap;
        snprintf(text, cap, "\"%s\"", ws_format_text(pinfo->pool, name.p, n));
        return true;
    }
    if (!plato_pdu_id(facts, PDU_SESSION, &id))
        return false;
    if (id == 0 && facts->frame.framing == PLATO_FRAMING_MSGCMD)
        return false; /* most messages of the MsgCmd framing have none */
    snprintf(text, cap, "%*" PRIu64, STAT_ID_WIDTH, id);
    return true;
}

static void set_direction(stat_key *key, bool upstream)
{
    char *direction = key->bytes + DIRECTION_AT;
    const size_t n = STAT_KEY_BYTES - DIRECTION_AT;
    memset(direction, 0, n); /* all bytes of a key are compared */
    g_strlcpy(direction, plato_direction_text(upstream), n);
}

static session_row *row_of(stat_table *table, stat_key *key, bool upstream)
{
    bool is_new;
    set_direction(key, upstream);
    session_row *s = (session_row *)stat_table_row(table, key, &is_new);
    if (!is_new)
        return s;
    s->open = g_ptr_array_new();
    stat_table_text(table, &s->row, COLUMN_SESSION, s->row.key.bytes);
    stat_table_text(table, &s->row, COLUMN_DIRECTION, s->row.key.bytes + DIRECTION_AT);
    stat_table_text(table, &s->row, COLUMN_FIRST, s->first_text);
    stat_table_text(table, &s->row, COLUMN_LAST, s->last_text);
    stat_table_text(table, &s->row, COLUMN_MISSING, s->missing_text);
    stat_table_text(table, &s->row, COLUMN_BYTES, s->bytes_text);
    return s;
}

/* The id by which the frame takes part in its direction's counter; 0 = none. */
static uint64_t counted_id(const pdu_info *facts)
{
    const plato_head *head = &facts->head;
    if (head->msg_type == PLATO_UP)
        return head->up.client_id;
    if (head->msg_type == PLATO_PUSH)
        return head->push.msg_id;
    if (head->msg_type == PLATO_ACK && head->ack.type == PLATO_UP && head->ack.code == PLATO_ACK_OK)
        return head->ack.msg_id;
    return 0;
}

static void count_id(session_row *s, uint64_t id)
{
    if (id == 0)
        return;
    if (!s->has_ids || id < s->first)
        s->first = id;
    if (!s->has_ids || id > s->last)
        s->last = id;
    s->has_ids = true;
}

static void count_flags(session_row *s, const pdu_analysis *analysis)
{
    const uint32_t flags = analysis->flags;
    if (flags & ANALYSIS_GAP) {
        s->gaps++;
        s->missing += analysis->verdict->gap_last - analysis->verdict->gap_first + 1;
    }
    if ((flags & ANALYSIS_GAP_FILLED) != 0 && s->missing > 0)
        s->missing--;
    s->duplicates += (flags & ANALYSIS_DUPLICATE) != 0;
    s->conflicts += (flags & ANALYSIS_CONFLICT) != 0;
    s->reorders += (flags & ANALYSIS_OUT_OF_ORDER) != 0;
}

/* Forgets the open messages that have been answered since. */
static void recheck(session_row *s)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < s->open->len; i++) {
        void *handle = g_ptr_array_index(s->open, i);
        if (plato_is_unacked((const analysis_record *)handle))
            g_ptr_array_index(s->open, kept++) = handle;
    }
    g_ptr_array_set_size(s->open, (int)kept);
}

/* Of a window that is full the older half will hardly be answered any more. */
static void make_room(session_row *s)
{
    if (s->open->len < OPEN_MESSAGES)
        return;
    recheck(s);
    if (s->open->len < OPEN_MESSAGES)
        return;
    s->unacked += OPEN_MESSAGES / 2;
    g_ptr_array_remove_range(s->open, 0, OPEN_MESSAGES / 2);
}

/* A later pass knows the end; the first one waits for it. */
static void count_unacked(session_row *s, const plato_tap_record *record)
{
    const pdu_analysis *analysis = &record->analysis;
    if (analysis->handle == NULL)
        return;
    if (!record->first_pass) {
        s->unacked += analysis->unacked;
    } else if (plato_is_unacked(analysis->handle)) {
        make_room(s);
        g_ptr_array_add(s->open, (void *)(uintptr_t)analysis->handle);
    }
}

static void set_unacked(stat_table *table, const session_row *s)
{
    stat_table_count(table, &s->row, COLUMN_UNACKED, s->unacked + s->open->len);
}

static void set_cells(stat_table *table, session_row *s)
{
    if (s->has_ids) {
        stat_number(s->first_text, 8, s->first);
        stat_number(s->last_text, 7, s->last);
    }
    stat_number(s->missing_text, 11, s->missing);
    stat_number(s->bytes_text, 10, s->bytes);
    stat_table_count(table, &s->row, COLUMN_FRAMES, s->frames);
    stat_table_count(table, &s->row, COLUMN_GAPS, s->gaps);
    stat_table_count(table, &s->row, COLUMN_DUPLICATES, s->duplicates);
    stat_table_count(table, &s->row, COLUMN_CONFLICTS, s->conflicts);
    stat_table_count(table, &s->row, COLUMN_REORDERS, s->reorders);
    set_unacked(table, s);
}

/* An ACK closes messages that went the other way; those of the MsgCmd framing may not name their
 * session. */
static void note_ack(stat_table *table, stat_key *key, bool has_session, bool upstream)
{
    GHashTableIter all;
    void *row;
    if (has_session) {
        set_direction(key, !upstream);
        session_row *s = (session_row *)stat_table_find(table, key);
        if (s != NULL) {
            recheck(s);
            set_unacked(table, s);
        }
        return;
    }
    g_hash_table_iter_init(&all, table->rows);
    while (g_hash_table_iter_next(&all, NULL, &row)) {
        recheck((session_row *)row);
        set_unacked(table, (session_row *)row);
    }
}

static tap_packet_status sessions_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                         const void *data, tap_flags_t flags _U_)
{
    const plato_tap_record *record = (const plato_tap_record *)data;
    const pdu_info *facts = record->facts;
    const bool upstream = record->analysis.upstream;
    stat_key key;
    memset(&key, 0, sizeof key);
    if (!plato_pdu_is_sound(facts))
        return TAP_PACKET_DONT_REDRAW;
    stat_table *table = stat_table_of(&kind, tapdata);
    const bool has_session = label(pinfo, facts, key.bytes, DIRECTION_AT);
    if (record->first_pass && (record->analysis.flags & ANALYSIS_HAS_RESPONSE_TIME) != 0)
        note_ack(table, &key, has_session, upstream);
    if (!has_session)
        return TAP_PACKET_DONT_REDRAW;
    session_row *s = row_of(table, &key, upstream);
    s->frames++;
    s->bytes += facts->total;
    count_id(s, counted_id(facts));
    count_flags(s, &record->analysis);
    count_unacked(s, record);
    set_cells(table, s);
    return TAP_PACKET_REDRAW;
}

void plato_register_sessions(void)
{
    register_stat_tap_table_ui(&ui_sessions);
}
