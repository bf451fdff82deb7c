/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about what one side has to do: noted when it becomes due, dropped when it is done. */
#include "rules.h"

#include <string.h>

#define OBLIGATIONS_MAX 65536u /* that are watched at once */

/* Something that is to come on a connection. */
typedef struct obligation {
    uint64_t key[4]; /* plato.stream, session_id, id, 0; first, for check_key_hash() */
    uint32_t packet; /* where it became due */
    uint32_t stream;
    int64_t time_ns;
    unsigned lost;  /* losses in the direction that has to fulfil it, before it */
    uint64_t first; /* of what is missing, as the rule likes it */
    uint64_t last;
    bool doubtful; /* the capture lacks bytes that may say that it is not due */
} obligation;

/* NULL where it is known already, or there are too many. */
static obligation *add_obligation(check_instance *rule, const check_frame *frame,
                                  uint64_t session_id, uint64_t id, int by_direction)
{
    if (rule->table == NULL)
        rule->table = g_hash_table_new_full(check_key_hash, check_key_equal, g_free, NULL);
    obligation wanted = {.key = {frame->conn->stream, session_id, id, 0}};
    rule->judged++;
    if (g_hash_table_contains(rule->table, &wanted))
        return NULL;
    if (g_hash_table_size(rule->table) >= OBLIGATIONS_MAX) {
        if (rule->unsure.count == 0)
            check_unsure(rule, frame, "there are too many to be watched");
        return NULL;
    }
    wanted.packet = frame->packet;
    wanted.stream = frame->conn->stream;
    wanted.time_ns = frame->time_ns;
    wanted.lost = frame->conn->lost[by_direction];
    obligation *due = g_memdup2(&wanted, sizeof wanted);
    g_hash_table_add(rule->table, due);
    return due;
}

static obligation *find_obligation(const check_instance *rule, const check_frame *frame,
                                   uint64_t session_id, uint64_t id)
{
    const obligation wanted = {.key = {frame->conn->stream, session_id, id, 0}};
    return rule->table != NULL ? g_hash_table_lookup(rule->table, &wanted) : NULL;
}

/* Until when the connection could have carried it; NEVER for the end of the capture. */
static int64_t open_until(const check_capture *capture, const check_conn *conn)
{
    const int64_t client = check_closed_by(capture, conn, true);
    const int64_t server = check_closed_by(capture, conn, false);
    if (client == NEVER || server == NEVER)
        return client == NEVER ? server : client;
    return MIN(client, server);
}

/* Whether there were more than `patience` ns for it. */
static bool had_time(const check_capture *capture, const check_conn *conn, int64_t since_ns,
                     int64_t patience)
{
    const int64_t closed = open_until(capture, conn);
    const int64_t end = closed != NEVER ? closed : capture->last_ns;
    return end - since_ns > patience;
}

/* Whether the capture lacks bytes that may fulfil it, or the end of the connection. */
static bool may_be_missing(const check_capture *capture, const check_conn *conn, int by_direction)
{
    return check_has_hole(capture, conn, by_direction == DIR_UP) ||
           check_may_have_closed(capture, conn);
}

static gint by_packet(gconstpointer a, gconstpointer b)
{
    const obligation *x = (const obligation *)a;
    const obligation *y = (const obligation *)b;
    if (x->packet != y->packet)
        return x->packet < y->packet ? -1 : 1;
    return x->key[2] < y->key[2] ? -1 : x->key[2] > y->key[2];
}

typedef char *(*obligation_text)(const obligation *due);

/* What is not done at the end, and had param 0 of time for it. */
static void judge_obligations(const check_capture *capture, check_instance *rule, int by_direction,
                              obligation_text words)
{
    if (rule->table == NULL)
        return;
    GList *all = g_list_sort(g_hash_table_get_keys(rule->table), by_packet);
    for (const GList *l = all; l != NULL; l = l->next) {
        const obligation *due = (const obligation *)l->data;
        const check_conn *conn = g_ptr_array_index(capture->conns, due->stream);
        if (!had_time(capture, conn, due->time_ns, (int64_t)rule->param[0]))
            continue;
        char *text = words(due);
        if (due->doubtful || conn->lost[by_direction] != due->lost ||
            may_be_missing(capture, conn, by_direction))
            check_unsure_at(rule, due->packet, due->stream, "%s, but the capture lacks bytes",
                            text);
        else
            check_broken_at(rule, due->packet, due->stream, "%s", text);
        g_free(text);
    }
    g_list_free(all);
}

/* ---- a repeated UP is acknowledged again ---- */

RULE_FRAME(check_rule_repeat_answered)
{
    if (frame->head == NULL)
        return;
    const plato_head *head = frame->head;
    if (frame->upstream && head->msg_type == PLATO_UP) {
        const up_sequence *up = check_up_sequence(capture, frame->client, head->up.session_id);
        if (up->accepted_known && head->up.client_id <= up->accepted &&
            frame->client->stream == frame->conn->stream)
            add_obligation(rule, frame, head->up.session_id, head->up.client_id, DIR_DOWN);
    } else if (!frame->upstream && head->msg_type == PLATO_ACK && head->ack.type == PLATO_UP) {
        obligation *due = find_obligation(rule, frame, head->ack.session_id, head->ack.client_id);
        if (due != NULL)
            g_hash_table_remove(rule->table, due);
    }
}

static char *no_answer(const obligation *due)
{
    return g_strdup_printf("the repeat of client_id %" PRIu64 " was not acknowledged", due->key[2]);
}

RULE_END(check_rule_repeat_answered_end)
{
    judge_obligations(capture, rule, DIR_DOWN, no_answer);
}

/* ---- after a RECONN the client goes on with what was not acknowledged ---- */

static bool lowest_open(const up_sequence *up, uint64_t *id)
{
    GHashTableIter iter;
    gpointer key;
    bool found = false;
    if (up->open == NULL)
        return false;
    g_hash_table_iter_init(&iter, up->open);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const uint64_t open = *(const uint64_t *)key;
        if (!found || open < *id)
            *id = open;
        found = true;
    }
    return found;
}

static void add_open_ups(check_instance *rule, const check_frame *frame)
{
    for (guint i = 0; i < frame->client->ups->len; i++) {
        const up_sequence *up = g_ptr_array_index(frame->client->ups, i);
        uint64_t id = 0;
        /* sent on this connection already, it needs no hurry */
        if (!lowest_open(up, &id) || up->stream == frame->conn->stream)
            continue;
        obligation *due = add_obligation(rule, frame, up->session_id, 0, DIR_UP);
        if (due == NULL)
            continue;
        due->first = id;
        due->doubtful = frame->client->lost[DIR_DOWN] != up->window_lost;
    }
}

static char *not_again(const obligation *due)
{
    return g_strdup_printf("client_id %" PRIu64 " of session %" PRIu64
                           " was not acknowledged, and is not sent again in time",
                           due->first, due->key[1]);
}

RULE_FRAME(check_rule_reconn_resend)
{
    (void)capture;
    if (frame->head == NULL)
        return;
    const plato_head *head = frame->head;
    if (!frame->upstream && head->msg_type == PLATO_ACK && head->ack.type == PLATO_RECONN &&
        head->ack.code == PLATO_ACK_OK) {
        add_open_ups(rule, frame);
    } else if (frame->upstream && head->msg_type == PLATO_UP) {
        obligation *due = find_obligation(rule, frame, head->up.session_id, 0);
        if (due == NULL || head->up.client_id > due->first)
            return;
        if (frame->time_ns - due->time_ns > (int64_t)rule->param[0]) {
            char *text = not_again(due);
            if (due->doubtful || frame->conn->lost[DIR_UP] != due->lost)
                check_unsure_at(rule, due->packet, due->stream, "%s, but the capture lacks bytes",
                                text);
            else
                check_broken_at(rule, due->packet, due->stream, "%s", text);
            g_free(text);
        }
        g_hash_table_remove(rule->table, due);
    }
}

RULE_END(check_rule_reconn_resend_end)
{
    judge_obligations(capture, rule, DIR_UP, not_again);
}

/* ---- a client asks for what it misses ---- */

RULE_FRAME(check_rule_hole_asked)
{
    if (frame->head == NULL)
        return;
    const plato_head *head = frame->head;
    const analysis_verdict *verdict = frame->record->verdict;
    if (!frame->upstream && (frame->flags & ANALYSIS_GAP) != 0) {
        if (check_down_sequence(capture, frame->client, check_session_of(head))->lost !=
            frame->client->lost[DIR_DOWN])
            return; /* they may be in what nobody could read */
        obligation *due =
            add_obligation(rule, frame, check_session_of(head), verdict->gap_first, DIR_UP);
        if (due == NULL)
            return;
        due->first = verdict->gap_first;
        due->last = verdict->gap_last;
    } else if (frame->upstream && head->msg_type == PLATO_SYNC && rule->table != NULL) {
        GHashTableIter iter;
        gpointer key;
        g_hash_table_iter_init(&iter, rule->table);
        while (g_hash_table_iter_next(&iter, &key, NULL)) {
            const obligation *due = (const obligation *)key;
            if (due->stream == frame->conn->stream && due->key[1] == head->sync.session_id &&
                due->first <= head->sync.to_msg_id && due->last >= head->sync.from_msg_id)
                g_hash_table_iter_remove(&iter);
        }
    }
}

static char *not_asked(const obligation *due)
{
    return g_strdup_printf("%" PRIu64 "..%" PRIu64 " of session %" PRIu64
                           " did not come, and there is no SYNC for them",
                           due->first, due->last, due->key[1]);
}

static gboolean is_filled(gpointer key, gpointer value, gpointer user)
{
    const obligation *due = (const obligation *)key;
    const check_capture *capture = (const check_capture *)user;
    const check_conn *conn = g_ptr_array_index(capture->conns, due->stream);
    const down_sequence *down = check_down_sequence(capture, conn->client, due->key[1]);
    idrange hole;
    (void)value;
    return !check_idset_hole(&down->seen, due->first, due->last, &hole);
}

RULE_END(check_rule_hole_asked_end)
{
    if (rule->table != NULL)
        g_hash_table_foreach_remove(rule->table, is_filled, capture);
    judge_obligations(capture, rule, DIR_UP, not_asked);
}

/* ---- what is not acknowledged is sent again, sooner or later ---- */

/* What was sent under this key, if it was sent on this connection, as it is opened now. */
static const cache_entry *last_transmission(const check_capture *capture,
                                            const check_client *client, const check_conn *conn,
                                            bool upstream, uint64_t session_id, uint64_t id)
{
    const uint64_t key[4] = {client->key[0] << 1 | (upstream ? 1 : 0), client->key[1], session_id,
                             id};
    const cache_entry *sent = check_cache_find(&capture->transmissions, key);
    return sent != NULL && sent->value[1] == conn->stream && sent->value[2] == conn->epoch ? sent
                                                                                           : NULL;
}

RULE_FRAME(check_rule_resend_due)
{
    if (frame->head == NULL || (frame->flags & ANALYSIS_DUPLICATE) == 0)
        return;
    const bool is_up = frame->head->msg_type == PLATO_UP;
    const uint64_t session_id = check_session_of(frame->head);
    const uint64_t id = is_up ? frame->head->up.client_id : frame->head->push.msg_id;
    const cache_entry *sent =
        last_transmission(capture, frame->client, frame->conn, frame->upstream, session_id, id);
    if (sent == NULL)
        return;
    rule->judged++;
    const int64_t waited = frame->time_ns - (int64_t)sent->value[0];
    if (waited <= (int64_t)rule->param[0])
        return;
    char *time = check_time_text(waited);
    if (frame->conn->lost[frame->upstream ? DIR_UP : DIR_DOWN] > 0)
        check_unsure(rule, frame, "sent again after %s, but the capture lacks bytes", time);
    else
        check_broken(rule, frame, "sent again only after %s", time);
    g_free(time);
}

static void judge_unsent(const check_capture *capture, check_instance *rule, const pending *p)
{
    const check_conn *conn = g_ptr_array_index(capture->conns, p->client->stream);
    const bool is_up = p->type == PLATO_UP;
    if (conn == NULL || conn->framing != PLATO_FRAMING_HEADER ||
        check_verdict_now(capture, p->judged).response_in != 0 ||
        !check_is_unacked(capture, p->judged))
        return;
    const cache_entry *sent =
        last_transmission(capture, p->client, conn, is_up, p->session_id, p->id);
    if (sent == NULL)
        return;
    const up_sequence *up = check_up_sequence(capture, p->client, p->session_id);
    if (is_up && up->refused && up->refused_ns >= (int64_t)sent->value[0])
        return; /* it was answered: the client may give it up */
    rule->judged++;
    if (!had_time(capture, conn, (int64_t)sent->value[0], (int64_t)rule->param[0]))
        return;
    if (p->client->lost[DIR_UP] > 0 || p->client->lost[DIR_DOWN] > 0 ||
        may_be_missing(capture, conn, DIR_UP) || may_be_missing(capture, conn, DIR_DOWN))
        check_unsure_at(rule, p->packet, p->stream,
                        "neither acknowledged nor sent again, but the capture lacks bytes");
    else
        check_broken_at(rule, p->packet, p->stream, "neither acknowledged nor sent again");
}

RULE_END(check_rule_resend_due_end)
{
    for (guint i = 0; i < capture->requests->len; i++)
        judge_unsent(capture, rule, &g_array_index(capture->requests, pending, i));
}

/* ---- every member gets what the session has ---- */

#define LIKELY_WINDOW 64 /* with this many unacknowledged the server keeps the next ones back */

/* Whether the device is surely a member on this connection: it was pushed to here, or the
 * connection goes on for one on which it was. */
static bool is_member(const check_conn *conn, const down_sequence *down)
{
    uint64_t lowest;
    return check_idset_lowest(&down->pushed, &lowest) &&
           (conn->resumed ||
            (down->push_stream == conn->stream && down->push_epoch == conn->epoch));
}

static void judge_member(check_capture *capture, check_instance *rule, const check_conn *conn,
                         const down_sequence *down)
{
    const session_state *session = check_session(capture, down->session_id);
    if (!is_member(conn, down))
        return;
    rule->judged++;
    if (down->highest >= session->highest ||
        check_idset_above(&down->waiting, down->acked) >= LIKELY_WINDOW ||
        !had_time(capture, conn, MAX(session->highest_ns, conn->opened_ns),
                  (int64_t)rule->param[0]))
        return;
    if (conn->client->lost[DIR_UP] > 0 || conn->client->lost[DIR_DOWN] > 0 ||
        may_be_missing(capture, conn, DIR_UP) || may_be_missing(capture, conn, DIR_DOWN))
        check_unsure_at(rule, session->highest_packet, conn->stream,
                        "msg_id %" PRIu64 " of session %" PRIu64
                        " is not pushed here, but the capture lacks bytes",
                        session->highest, down->session_id);
    else
        check_broken_at(rule, session->highest_packet, conn->stream,
                        "msg_id %" PRIu64 " of session %" PRIu64
                        " is not pushed on this connection",
                        session->highest, down->session_id);
}

RULE_END(check_rule_delivered_end)
{
    for (guint i = 0; i < capture->conns->len; i++) {
        const check_conn *conn = g_ptr_array_index(capture->conns, i);
        if (conn == NULL || conn->framing != PLATO_FRAMING_HEADER || !conn->logged_in ||
            conn->client->stream != conn->stream)
            continue;
        for (guint k = 0; k < conn->client->downs->len; k++)
            judge_member(capture, rule, conn, g_ptr_array_index(conn->client->downs, k));
    }
}
