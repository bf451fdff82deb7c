/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the capture learns from the head of a frame. */
#include "capture.h"

#define REQUESTS_MAX 1024u /* open requests of one kind on a connection */
#define SWEEP_FIRST 4096u

/* The client's frame that is acknowledged by a count, not by an id. */
static bool is_counted(uint32_t type)
{
    return type == PLATO_LOGIN || type == PLATO_HEARTBEAT || type == PLATO_RECONN ||
           type == PLATO_SYNC;
}

static void open_a_request(const check_frame *frame)
{
    check_conn *conn = frame->conn;
    const plato_head *head = frame->head;
    GQueue *queue = &conn->requests[head->msg_type];
    open_request *request = g_new0(open_request, 1);
    request->packet = frame->packet;
    request->time_ns = frame->time_ns;
    request->lost = conn->lost[DIR_DOWN];
    if (head->msg_type == PLATO_RECONN)
        request->conn_id = head->reconn.conn_id;
    if (head->msg_type == PLATO_SYNC) {
        request->session_id = head->sync.session_id;
        request->from = MAX(head->sync.from_msg_id, 1);
        request->to = head->sync.to_msg_id;
    }
    g_queue_push_tail(queue, request);
    if (g_queue_get_length(queue) > REQUESTS_MAX)
        check_open_request_free(g_queue_pop_head(queue));
}

/* SYNCs are answered by session, the others first in, first out. */
static void answer_a_request(const check_frame *frame, uint32_t type)
{
    GQueue *queue = &frame->conn->requests[type];
    for (GList *l = queue->head; l != NULL; l = l->next) {
        open_request *request = (open_request *)l->data;
        if (type != PLATO_SYNC || request->session_id == frame->head->ack.session_id) {
            g_queue_delete_link(queue, l);
            check_open_request_free(request);
            return;
        }
    }
}

/* `progress_ns`: when something of this sequence was acknowledged last. */
static void note_transmission(check_capture *capture, const check_frame *frame, uint64_t session_id,
                              uint64_t id, int64_t progress_ns)
{
    const uint64_t key[4] = {frame->client->key[0] << 1 | (frame->upstream ? 1 : 0),
                             frame->client->key[1], session_id, id};
    cache_entry *entry = check_cache_insert(&capture->transmissions, key);
    if (entry->value[3] != 0 &&
        (entry->value[1] != frame->conn->stream || entry->value[2] != frame->conn->epoch))
        entry->value[3] = 0; /* a new connection starts again */
    else if (entry->value[3] != 0 && progress_ns > (int64_t)entry->value[0])
        entry->value[3] = 1; /* and so does progress */
    entry->value[0] = (uint64_t)frame->time_ns;
    entry->value[1] = frame->conn->stream;
    entry->value[2] = frame->conn->epoch;
    entry->value[3]++;
    entry->value[4] = frame->late;
}

static void note_up(check_capture *capture, const check_frame *frame)
{
    const plato_head_up *up = &frame->head->up;
    up_sequence *sequence = check_up_sequence(capture, frame->client, up->session_id);
    if (!sequence->known || up->client_id > sequence->highest)
        sequence->highest = up->client_id;
    if (!sequence->known || !frame->late) /* bytes after a late one may be missing already */
        sequence->lost = frame->client->lost[DIR_UP];
    sequence->known = true;
    sequence->stream = frame->conn->stream;
    if (sequence->open == NULL)
        sequence->open = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (g_hash_table_size(sequence->open) == 0)
        sequence->window_lost = frame->client->lost[DIR_DOWN];
    const bool is_new = !sequence->accepted_known || up->client_id > sequence->accepted;
    if (is_new && g_hash_table_size(sequence->open) < OPEN_MAX)
        g_hash_table_add(sequence->open, g_memdup2(&up->client_id, sizeof up->client_id));
    note_transmission(capture, frame, up->session_id, up->client_id, sequence->accepted_ns);
}

static void note_msg_id(const check_frame *frame, down_sequence *sequence, uint64_t msg_id)
{
    if (!sequence->known) {
        sequence->base = msg_id;
        sequence->highest = msg_id;
    }
    if (msg_id > sequence->highest)
        sequence->highest = msg_id;
    if (!sequence->known || !frame->late) /* as for an UP */
        sequence->lost = frame->client->lost[DIR_DOWN];
    sequence->known = true;
    check_idset_add(&sequence->seen, msg_id);
}

/* That the session has come as far as this. */
static void note_highest(const check_frame *frame, session_state *session, uint64_t msg_id)
{
    if (msg_id <= session->highest)
        return;
    session->highest = msg_id;
    session->highest_ns = frame->time_ns;
    session->highest_packet = frame->packet;
}

static void note_push(check_capture *capture, const check_frame *frame)
{
    const plato_head_push *push = &frame->head->push;
    down_sequence *sequence = check_down_sequence(capture, frame->client, push->session_id);
    session_state *session = check_session(capture, push->session_id);
    open_request *sync = check_sync_of(frame->conn, push->session_id, push->msg_id);
    note_msg_id(frame, sequence, push->msg_id);
    check_idset_add(&sequence->pushed, push->msg_id);
    check_idset_add(&session->pushed, push->msg_id);
    note_highest(frame, session, push->msg_id);
    if (sync != NULL) {
        check_idset_add(&sync->pushed, push->msg_id);
    } else {
        check_idset_add(&sequence->waiting, push->msg_id);
        sequence->push_stream = frame->conn->stream;
        sequence->push_epoch = frame->conn->epoch;
    }
    note_transmission(capture, frame, push->session_id, push->msg_id, sequence->acked_ns);
}

static void note_ack_of_up(check_capture *capture, const check_frame *frame)
{
    const plato_head_ack *ack = &frame->head->ack;
    up_sequence *up = check_up_sequence(capture, frame->client, ack->session_id);
    if (up->open != NULL && ack->code != PLATO_ACK_OUT_OF_ORDER)
        g_hash_table_remove(up->open, &ack->client_id);
    if (ack->code != PLATO_ACK_OK) {
        up->refused = true;
        up->refused_ns = frame->time_ns;
        return;
    }
    if (!up->accepted_known || ack->client_id > up->accepted)
        up->accepted_ns = frame->time_ns;
    if (!up->accepted_known || ack->client_id >= up->accepted) {
        up->accepted_known = true;
        up->accepted = ack->client_id;
        up->accepted_msg = ack->msg_id;
    }
    up->accepted_lost = frame->client->lost[DIR_DOWN];
    down_sequence *down = check_down_sequence(capture, frame->client, ack->session_id);
    note_msg_id(frame, down, ack->msg_id);
    check_idset_add(&down->own, ack->msg_id);
    note_highest(frame, check_session(capture, ack->session_id), ack->msg_id);

    const uint64_t stored[4] = {frame->client->key[0], frame->client->key[1], ack->session_id,
                                ack->client_id};
    cache_entry *entry = check_cache_insert(&capture->accepted_ups, stored);
    if (entry->value[1] == 0) {
        entry->value[0] = ack->msg_id;
        entry->value[1] = frame->packet;
    }
    const uint64_t assigned[4] = {ack->session_id, ack->msg_id, 0, 0};
    entry = check_cache_insert(&capture->assigned, assigned);
    if (entry->value[3] == 0) {
        entry->value[0] = frame->client->key[0];
        entry->value[1] = frame->client->key[1];
        entry->value[2] = ack->client_id;
        entry->value[3] = frame->packet;
    }
}

static void note_ack_of_push(check_capture *capture, const check_frame *frame)
{
    const plato_head_ack *ack = &frame->head->ack;
    down_sequence *sequence = check_down_sequence(capture, frame->client, ack->session_id);
    if (ack->code != PLATO_ACK_OK)
        return;
    if (!sequence->has_acked || ack->msg_id > sequence->acked) {
        sequence->has_acked = true;
        sequence->acked = ack->msg_id;
        sequence->acked_ns = frame->time_ns;
    }
    const bool heard = frame->conn->stream == frame->client->stream &&
                       check_closed_by(capture, frame->conn, false) == NEVER;
    if (heard && ack->msg_id > sequence->arrived) {
        sequence->arrived = ack->msg_id;
        sequence->arrived_ns = frame->time_ns;
        sequence->arrived_packet = frame->packet;
    }
}

static bool closes(uint32_t code)
{
    return code == PLATO_ACK_MALFORMED || code == PLATO_ACK_UNSUPPORTED_VERSION ||
           code == PLATO_ACK_BAD_CRC || code == PLATO_ACK_TOO_LARGE ||
           code == PLATO_ACK_AUTH_FAILED;
}

static void note_conn_id(const check_capture *capture, const check_frame *frame)
{
    const uint64_t conn_id = frame->head->ack.conn_id;
    frame->client->conn_id = conn_id;
    if (conn_id != 0)
        check_note_conn_id(capture, frame, conn_id);
}

static void note_ack(check_capture *capture, const check_frame *frame)
{
    const plato_head_ack *ack = &frame->head->ack;
    check_conn *conn = frame->conn;
    if (frame->upstream) {
        if (ack->type == PLATO_PUSH)
            note_ack_of_push(capture, frame);
        return;
    }
    if (closes(ack->code) && conn->fatal_packet == 0) {
        conn->fatal_packet = frame->packet;
        conn->fatal_code = ack->code;
        conn->fatal_ns = frame->time_ns;
    }
    if (is_counted(ack->type))
        answer_a_request(frame, ack->type);
    if ((ack->type == PLATO_LOGIN || ack->type == PLATO_RECONN) && ack->code == PLATO_ACK_OK) {
        conn->logged_in = true;
        note_conn_id(capture, frame);
    }
    if (ack->type == PLATO_UP)
        note_ack_of_up(capture, frame);
}

static void note_pending(GArray *list, const check_frame *frame)
{
    const pending p = {
        .judged = frame->record->judged,
        .packet = frame->packet,
        .stream = frame->conn->stream,
        .type = frame->head->msg_type,
        .time_ns = frame->time_ns,
        .client = frame->client,
        .lost = frame->client->lost[frame->upstream ? DIR_DOWN : DIR_UP],
        .session_id = check_session_of(frame->head),
        .id = frame->head->msg_type == PLATO_UP ? frame->head->up.client_id
                                                : frame->head->push.msg_id,
    };
    g_array_append_val(list, p);
}

/* Drops the requests that were answered in the meantime. */
static void sweep(check_capture *capture)
{
    GArray *list = capture->requests;
    if (list->len < MAX(capture->sweep_at, SWEEP_FIRST))
        return;
    guint kept = 0;
    for (guint i = 0; i < list->len; i++) {
        const pending *p = &g_array_index(list, pending, i);
        if (check_verdict_now(capture, p->judged).response_in == 0)
            g_array_index(list, pending, kept++) = *p;
    }
    if (kept == list->len && kept >= PENDING_MAX) {
        capture->given_up += kept / 2;
        g_array_remove_range(list, 0, kept / 2);
    } else {
        g_array_set_size(list, kept);
    }
    capture->sweep_at = 2 * list->len; /* so that a frame costs the same however many wait */
}

static void note_requests(check_capture *capture, const check_frame *frame)
{
    const uint32_t type = frame->head->msg_type;
    const uint32_t repeats = ANALYSIS_DUPLICATE | ANALYSIS_CONFLICT;
    if (frame->record->judged == NULL || (type != PLATO_UP && type != PLATO_PUSH))
        return;
    if ((frame->flags & repeats) == 0) {
        note_pending(capture->requests, frame);
        sweep(capture);
    }
    if (type == PLATO_PUSH && (frame->flags & ANALYSIS_HAS_DELIVERY_TIME) == 0) {
        note_pending(capture->deliveries, frame);
        if (capture->deliveries->len > PENDING_MAX) {
            capture->given_up += PENDING_MAX / 2;
            g_array_remove_range(capture->deliveries, 0, PENDING_MAX / 2);
        }
    }
}

/* Whether a RECONN goes on from a connection of this client that the capture shows. */
static bool goes_on(const check_capture *capture, const check_frame *frame)
{
    const issued_conn_id *issued =
        check_find_conn_id(capture, frame->conn, frame->head->reconn.conn_id);
    return issued != NULL && issued->client == frame->client;
}

void check_capture_add_head(check_capture *capture, const check_frame *frame)
{
    check_conn *conn = frame->conn;
    const uint32_t type = frame->head->msg_type;
    if (frame->upstream && is_counted(type))
        open_a_request(frame);
    switch (type) {
    case PLATO_LOGIN:
    case PLATO_RECONN:
        conn->epoch++;
        conn->opened_ns = frame->time_ns;
        conn->resumed = type == PLATO_RECONN;
        if (conn->resumed && !goes_on(capture, frame))
            frame->client->whole = false;
        frame->client->stream = conn->stream;
        break;
    case PLATO_HEARTBEAT:
        conn->heartbeat_ns = frame->time_ns;
        break;
    case PLATO_UP:
        note_up(capture, frame);
        break;
    case PLATO_PUSH:
        note_push(capture, frame);
        break;
    case PLATO_ACK:
        note_ack(capture, frame);
        break;
    default:
        break;
    }
    note_requests(capture, frame);
}
