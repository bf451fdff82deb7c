/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the world learns from the head of a frame. */
#include "world.h"

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
        world_free_request(g_queue_pop_head(queue));
}

/* SYNCs are answered by session, the others first in, first out. */
static void answer_a_request(const check_frame *frame, uint32_t type)
{
    GQueue *queue = &frame->conn->requests[type];
    for (GList *l = queue->head; l != NULL; l = l->next) {
        open_request *request = (open_request *)l->data;
        if (type != PLATO_SYNC || request->session_id == frame->head->ack.session_id) {
            g_queue_delete_link(queue, l);
            world_free_request(request);
            return;
        }
    }
}

/* `progress_ns`: when something of this counter was acknowledged last. */
static void note_sending(check_world *world, const check_frame *frame, uint64_t session_id,
                         uint64_t id, int64_t progress_ns)
{
    const uint64_t key[4] = {frame->owner->key[0] << 1 | (frame->upstream ? 1 : 0),
                             frame->owner->key[1], session_id, id};
    recent_entry *entry = recent_make(&world->sent, key);
    if (entry->value[3] != 0 &&
        (entry->value[1] != frame->conn->stream || entry->value[2] != frame->conn->epoch))
        entry->value[3] = 0; /* a new connection begins anew */
    else if (entry->value[3] != 0 && progress_ns > (int64_t)entry->value[0])
        entry->value[3] = 1; /* and so does progress */
    entry->value[0] = (uint64_t)frame->time_ns;
    entry->value[1] = frame->conn->stream;
    entry->value[2] = frame->conn->epoch;
    entry->value[3]++;
}

static void note_up(check_world *world, const check_frame *frame)
{
    const plato_head_up *up = &frame->head->up;
    up_counter *counter = world_up(world, frame->owner, up->session_id);
    if (!counter->known || up->client_id > counter->highest)
        counter->highest = up->client_id;
    counter->known = true;
    counter->stream = frame->conn->stream;
    counter->lost = frame->owner->lost[DIR_UP];
    if (counter->open == NULL)
        counter->open = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (g_hash_table_size(counter->open) == 0)
        counter->window_lost = frame->owner->lost[DIR_DOWN];
    const bool is_new = !counter->accepted_known || up->client_id > counter->accepted;
    if (is_new && g_hash_table_size(counter->open) < OPEN_MAX)
        g_hash_table_add(counter->open, g_memdup2(&up->client_id, sizeof up->client_id));
    note_sending(world, frame, up->session_id, up->client_id, counter->accepted_ns);
}

static void note_msg_id(const check_frame *frame, down_counter *counter, uint64_t msg_id)
{
    if (!counter->known) {
        counter->base = msg_id;
        counter->highest = msg_id;
    }
    counter->known = true;
    if (msg_id > counter->highest)
        counter->highest = msg_id;
    counter->lost = frame->owner->lost[DIR_DOWN];
    intervals_add(&counter->seen, msg_id);
}

/* That the session has come as far as this. */
static void note_highest(const check_frame *frame, chat_state *chat, uint64_t msg_id)
{
    if (msg_id <= chat->highest)
        return;
    chat->highest = msg_id;
    chat->highest_ns = frame->time_ns;
    chat->highest_packet = frame->packet;
}

static void note_push(check_world *world, const check_frame *frame)
{
    const plato_head_push *push = &frame->head->push;
    down_counter *counter = world_down(world, frame->owner, push->session_id);
    chat_state *chat = world_chat(world, push->session_id);
    open_request *sync = world_sync_of(frame->conn, push->session_id, push->msg_id);
    note_msg_id(frame, counter, push->msg_id);
    intervals_add(&counter->pushed, push->msg_id);
    intervals_add(&chat->pushed, push->msg_id);
    note_highest(frame, chat, push->msg_id);
    if (sync != NULL) {
        intervals_add(&sync->pushed, push->msg_id);
    } else {
        intervals_add(&counter->waiting, push->msg_id);
        counter->push_stream = frame->conn->stream;
        counter->push_epoch = frame->conn->epoch;
    }
    note_sending(world, frame, push->session_id, push->msg_id, counter->acked_ns);
}

static void note_ack_of_up(check_world *world, const check_frame *frame)
{
    const plato_head_ack *ack = &frame->head->ack;
    up_counter *up = world_up(world, frame->owner, ack->session_id);
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
    up->accepted_lost = frame->owner->lost[DIR_DOWN];
    down_counter *down = world_down(world, frame->owner, ack->session_id);
    note_msg_id(frame, down, ack->msg_id);
    intervals_add(&down->own, ack->msg_id);
    note_highest(frame, world_chat(world, ack->session_id), ack->msg_id);

    const uint64_t stored[4] = {frame->owner->key[0], frame->owner->key[1], ack->session_id,
                                ack->client_id};
    recent_entry *entry = recent_make(&world->stored, stored);
    if (entry->value[1] == 0) {
        entry->value[0] = ack->msg_id;
        entry->value[1] = frame->packet;
    }
    const uint64_t given[4] = {ack->session_id, ack->msg_id, 0, 0};
    entry = recent_make(&world->given, given);
    if (entry->value[3] == 0) {
        entry->value[0] = frame->owner->key[0];
        entry->value[1] = frame->owner->key[1];
        entry->value[2] = ack->client_id;
        entry->value[3] = frame->packet;
    }
}

static void note_ack_of_push(check_world *world, const check_frame *frame)
{
    const plato_head_ack *ack = &frame->head->ack;
    down_counter *counter = world_down(world, frame->owner, ack->session_id);
    if (ack->code != PLATO_ACK_OK)
        return;
    if (!counter->has_acked || ack->msg_id > counter->acked) {
        counter->has_acked = true;
        counter->acked = ack->msg_id;
        counter->acked_ns = frame->time_ns;
    }
    const bool heard = frame->conn->stream == frame->owner->stream &&
                       world_closed_by(world, frame->conn, false) == NEVER;
    if (heard && ack->msg_id > counter->arrived) {
        counter->arrived = ack->msg_id;
        counter->arrived_ns = frame->time_ns;
        counter->arrived_packet = frame->packet;
    }
}

static bool closes(uint32_t code)
{
    return code == PLATO_ACK_MALFORMED || code == PLATO_ACK_UNSUPPORTED_VERSION ||
           code == PLATO_ACK_BAD_CRC || code == PLATO_ACK_TOO_LARGE ||
           code == PLATO_ACK_AUTH_FAILED;
}

static void note_conn_id(const check_world *world, const check_frame *frame)
{
    const uint64_t conn_id = frame->head->ack.conn_id;
    frame->owner->conn_id = conn_id;
    if (conn_id != 0)
        world_note_given(world, frame, conn_id);
}

static void note_ack(check_world *world, const check_frame *frame)
{
    const plato_head_ack *ack = &frame->head->ack;
    check_conn *conn = frame->conn;
    if (frame->upstream) {
        if (ack->type == PLATO_PUSH)
            note_ack_of_push(world, frame);
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
        note_conn_id(world, frame);
    }
    if (ack->type == PLATO_UP)
        note_ack_of_up(world, frame);
}

static void note_pending(GArray *list, const check_frame *frame)
{
    const pending p = {
        .judged = frame->record->judgement.judged,
        .packet = frame->packet,
        .stream = frame->conn->stream,
        .type = frame->head->msg_type,
        .time_ns = frame->time_ns,
        .owner = frame->owner,
        .lost = frame->owner->lost[frame->upstream ? DIR_DOWN : DIR_UP],
        .session_id = world_session_of(frame->head),
        .id = frame->head->msg_type == PLATO_UP ? frame->head->up.client_id
                                                : frame->head->push.msg_id,
    };
    g_array_append_val(list, p);
}

/* Drops the requests that were answered in the meantime. */
static void sweep(check_world *world)
{
    GArray *list = world->requests;
    if (list->len < MAX(world->sweep_at, SWEEP_FIRST))
        return;
    guint kept = 0;
    for (guint i = 0; i < list->len; i++) {
        const pending *p = &g_array_index(list, pending, i);
        if (world->ask->verdict(p->judged).response_in == 0)
            g_array_index(list, pending, kept++) = *p;
    }
    if (kept == list->len && kept >= PENDING_MAX) {
        world->given_up += kept / 2;
        g_array_remove_range(list, 0, kept / 2);
    } else {
        g_array_set_size(list, kept);
    }
    world->sweep_at = 2 * list->len; /* so that a frame costs the same however many wait */
}

static void note_requests(check_world *world, const check_frame *frame)
{
    const uint32_t type = frame->head->msg_type;
    const uint32_t repeats = ANALYSIS_DUPLICATE | ANALYSIS_CONFLICT;
    if (frame->record->judgement.judged == NULL || (type != PLATO_UP && type != PLATO_PUSH))
        return;
    if ((frame->flags & repeats) == 0) {
        note_pending(world->requests, frame);
        sweep(world);
    }
    if (type == PLATO_PUSH && (frame->flags & ANALYSIS_HAS_DELIVERY_TIME) == 0) {
        note_pending(world->deliveries, frame);
        if (world->deliveries->len > PENDING_MAX) {
            world->given_up += PENDING_MAX / 2;
            g_array_remove_range(world->deliveries, 0, PENDING_MAX / 2);
        }
    }
}

void world_note_head(check_world *world, const check_frame *frame)
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
        frame->owner->stream = conn->stream;
        break;
    case PLATO_HEARTBEAT:
        conn->heartbeat_ns = frame->time_ns;
        break;
    case PLATO_UP:
        note_up(world, frame);
        break;
    case PLATO_PUSH:
        note_push(world, frame);
        break;
    case PLATO_ACK:
        note_ack(world, frame);
        break;
    default:
        break;
    }
    note_requests(world, frame);
}
