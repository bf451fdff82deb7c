/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules know of connections, devices and sessions. */
#include "talk.h"

#include <string.h>

#define REQUESTS_MAX 1024u /* open requests of one kind on a connection */
#define SWEEP_FIRST 4096u

/* ---- hash tables by key ---- */

/* Finds the value of a key, or makes one of `size` zero bytes. */
static void *value_of(GHashTable *table, const uint64_t key[4], size_t size, bool *is_new)
{
    void *value = g_hash_table_lookup(table, key);
    if (is_new != NULL)
        *is_new = value == NULL;
    if (value == NULL) {
        value = g_malloc0(size);
        g_hash_table_insert(table, g_memdup2(key, 4 * sizeof *key), value);
    }
    return value;
}

static void counter_key(const check_owner *owner, uint64_t session_id, uint64_t key[4])
{
    key[0] = owner->key[0];
    key[1] = owner->key[1];
    key[2] = session_id;
    key[3] = 0;
}

up_counter *world_up(const check_world *world, const check_owner *owner, uint64_t session_id)
{
    uint64_t key[4];
    bool is_new;
    counter_key(owner, session_id, key);
    up_counter *counter = value_of(world->ups, key, sizeof *counter, &is_new);
    if (is_new) {
        counter->session_id = session_id;
        g_ptr_array_add(owner->ups, counter);
    }
    return counter;
}

down_counter *world_down(const check_world *world, const check_owner *owner, uint64_t session_id)
{
    uint64_t key[4];
    bool is_new;
    counter_key(owner, session_id, key);
    down_counter *counter = value_of(world->downs, key, sizeof *counter, &is_new);
    if (is_new) {
        counter->session_id = session_id;
        g_ptr_array_add(owner->downs, counter);
    }
    return counter;
}

chat_state *world_chat(const check_world *world, uint64_t session_id)
{
    const uint64_t key[4] = {session_id, 0, 0, 0};
    return value_of(world->chats, key, sizeof(chat_state), NULL);
}

static check_owner *owner_of(const check_world *world, const check_conn *conn, uint64_t device_id)
{
    const uint64_t key[4] = {device_id != 0 ? 1 : 0, device_id != 0 ? device_id : conn->stream, 0,
                             0};
    bool is_new;
    check_owner *owner = value_of(world->owners, key, sizeof *owner, &is_new);
    if (is_new) {
        memcpy(owner->key, key, sizeof owner->key);
        owner->device_id = device_id;
        owner->whole = conn->start_captured;
        owner->stream = conn->stream;
        owner->ups = g_ptr_array_new();
        owner->downs = g_ptr_array_new();
        owner->lost[DIR_UP] = conn->lost[DIR_UP];
        owner->lost[DIR_DOWN] = conn->lost[DIR_DOWN];
    }
    return owner;
}

/* ---- making and freeing ---- */

static void free_owner(gpointer p)
{
    check_owner *owner = (check_owner *)p;
    g_ptr_array_unref(owner->ups);
    g_ptr_array_unref(owner->downs);
    g_free(owner);
}

static void free_up(gpointer p)
{
    up_counter *counter = (up_counter *)p;
    if (counter->open != NULL)
        g_hash_table_destroy(counter->open);
    g_free(counter);
}

static void free_down(gpointer p)
{
    down_counter *counter = (down_counter *)p;
    intervals_clear(&counter->seen);
    intervals_clear(&counter->own);
    intervals_clear(&counter->pushed);
    intervals_clear(&counter->waiting);
    g_free(counter);
}

static void free_chat(gpointer p)
{
    intervals_clear(&((chat_state *)p)->pushed);
    g_free(p);
}

static void free_request(gpointer p)
{
    intervals_clear(&((open_request *)p)->pushed);
    g_free(p);
}

static void free_conn(gpointer p)
{
    check_conn *conn = (check_conn *)p;
    if (conn == NULL)
        return;
    for (size_t i = 0; i < array_length(conn->requests); i++)
        g_queue_clear_full(&conn->requests[i], free_request);
    g_free(conn);
}

check_world *check_world_new(const check_settings *settings)
{
    check_world *world = g_new0(check_world, 1);
    world->settings = settings;
    world->conns = g_ptr_array_new_with_free_func(free_conn);
    world->by_tcp = g_hash_table_new(g_direct_hash, g_direct_equal);
    world->lives = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, world_free_life);
    world->owners = g_hash_table_new_full(recent_key_hash, recent_key_equal, g_free, free_owner);
    world->given_conns = g_hash_table_new_full(recent_key_hash, recent_key_equal, g_free, g_free);
    world->ups = g_hash_table_new_full(recent_key_hash, recent_key_equal, g_free, free_up);
    world->downs = g_hash_table_new_full(recent_key_hash, recent_key_equal, g_free, free_down);
    world->chats = g_hash_table_new_full(recent_key_hash, recent_key_equal, g_free, free_chat);
    world->requests = g_array_new(FALSE, FALSE, sizeof(pending));
    world->deliveries = g_array_new(FALSE, FALSE, sizeof(pending));
    world->talks = g_ptr_array_new_with_free_func(check_talk_free);
    world->talk_by_tcp = g_hash_table_new(g_direct_hash, g_direct_equal);
    world->first_ns = world->last_ns = NEVER;
    return world;
}

void check_world_free(check_world *world)
{
    if (world == NULL)
        return;
    g_ptr_array_unref(world->conns);
    g_hash_table_destroy(world->by_tcp);
    g_hash_table_destroy(world->lives);
    g_hash_table_destroy(world->owners);
    g_hash_table_destroy(world->given_conns);
    g_hash_table_destroy(world->ups);
    g_hash_table_destroy(world->downs);
    g_hash_table_destroy(world->chats);
    g_hash_table_destroy(world->talk_by_tcp);
    g_ptr_array_unref(world->talks);
    g_array_unref(world->requests);
    g_array_unref(world->deliveries);
    recent_clear(&world->sent);
    recent_clear(&world->stored);
    recent_clear(&world->given);
    g_free(world);
}

/* ---- small answers ---- */

uint64_t world_session_of(const plato_head *head)
{
    switch (head->msg_type) {
    case PLATO_ACK:
        return head->ack.session_id;
    case PLATO_UP:
        return head->up.session_id;
    case PLATO_PUSH:
        return head->push.session_id;
    case PLATO_SYNC:
        return head->sync.session_id;
    default:
        return 0;
    }
}

const char *world_type_name(uint32_t msg_type)
{
    const char *name = plato_msg_type_name(msg_type);
    return name != NULL ? name : "an unknown type";
}

const given_conn *world_given(const check_world *world, const check_conn *conn, uint64_t conn_id)
{
    const uint64_t key[4] = {conn_id, conn->server, 0, 0};
    return g_hash_table_lookup(world->given_conns, key);
}

open_request *world_sync_of(const check_conn *conn, uint64_t session_id, uint64_t msg_id)
{
    for (GList *l = conn->requests[PLATO_SYNC].head; l != NULL; l = l->next) {
        open_request *sync = (open_request *)l->data;
        if (sync->session_id == session_id && msg_id >= sync->from && msg_id <= sync->to)
            return sync;
    }
    return NULL;
}

/* ---- packets and TCP ---- */

int64_t world_time_of(const packet_info *pinfo)
{
    return (int64_t)pinfo->abs_ts.secs * CHECK_NS_PER_SECOND + pinfo->abs_ts.nsecs;
}

void check_world_packet(check_world *world, const packet_info *pinfo)
{
    const int64_t now = world_time_of(pinfo);
    world->packets++;
    if (world->first_ns == NEVER)
        world->first_ns = now;
    if (now > world->last_ns)
        world->last_ns = now;
}

/* ---- frames ---- */

/* FNV-1a */
static uint64_t server_of(const address *server, uint32_t port)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ port;
    for (int i = 0; i < server->len; i++)
        hash = (hash ^ ((const uint8_t *)server->data)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static check_conn *conn_of(check_world *world, const packet_info *pinfo,
                           const plato_tap_record *record)
{
    const uint32_t stream = record->judgement.stream;
    if (stream >= world->conns->len)
        g_ptr_array_set_size(world->conns, (gint)stream + 1);
    check_conn *conn = g_ptr_array_index(world->conns, stream);
    if (conn != NULL)
        return conn;
    conn = g_new0(check_conn, 1);
    conn->stream = stream;
    conn->tcp_stream = record->tcp_stream;
    conn->start_captured = record->start_captured;
    conn->framing = record->facts->frame.framing;
    conn->client_port = (uint16_t)(record->judgement.upstream ? pinfo->srcport : pinfo->destport);
    conn->server = record->judgement.upstream ? server_of(&pinfo->dst, pinfo->destport)
                                              : server_of(&pinfo->src, pinfo->srcport);
    conn->first_ns = world_time_of(pinfo);
    conn->last_ns[DIR_UP] = conn->last_ns[DIR_DOWN] = NEVER;
    conn->heartbeat_ns = conn->opened_ns = NEVER;
    g_ptr_array_index(world->conns, stream) = conn;
    conn->lost[DIR_UP] = world_has_hole(world, conn, true);
    conn->lost[DIR_DOWN] = world_has_hole(world, conn, false);
    if (conn->tcp_stream != UINT32_MAX)
        g_hash_table_insert(world->by_tcp, GUINT_TO_POINTER(conn->tcp_stream), conn);
    return conn;
}

static void note_loss(check_conn *conn, int direction)
{
    conn->lost[direction]++;
    if (conn->owner != NULL)
        conn->owner->lost[direction]++;
}

/* What the analysis took as evidence, and whose head is all there. */
static bool is_usable(const plato_tap_record *record)
{
    const frame_facts *facts = record->facts;
    return facts->decoded && facts->length_error == PLATO_OK && !facts->shortened &&
           facts->head_error == PLATO_OK && facts->crc.status != PROTO_CHECKSUM_E_BAD &&
           (facts->complete || facts->frame.var_head.n == facts->frame.var_head_len);
}

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
        free_request(g_queue_pop_head(queue));
}

/* SYNCs are answered by session, the others first in, first out. */
static void answer_a_request(const check_frame *frame, uint32_t type)
{
    GQueue *queue = &frame->conn->requests[type];
    for (GList *l = queue->head; l != NULL; l = l->next) {
        open_request *request = (open_request *)l->data;
        if (type != PLATO_SYNC || request->session_id == frame->head->ack.session_id) {
            g_queue_delete_link(queue, l);
            free_request(request);
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
    const uint64_t key[4] = {frame->head->ack.conn_id, frame->conn->server, 0, 0};
    bool is_new;
    frame->owner->conn_id = key[0];
    if (key[0] == 0)
        return;
    given_conn *given = value_of(world->given_conns, key, sizeof *given, &is_new);
    if (is_new)
        *given = (given_conn){frame->packet, frame->conn->stream, frame->owner};
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
    const uint32_t repeats = PLATO_VERDICT_DUPLICATE | PLATO_VERDICT_CONFLICT;
    if (frame->record->judgement.judged == NULL || (type != PLATO_UP && type != PLATO_PUSH))
        return;
    if ((frame->flags & repeats) == 0) {
        note_pending(world->requests, frame);
        sweep(world);
    }
    if (type == PLATO_PUSH && (frame->flags & PLATO_VERDICT_HAS_DELIVERY_TIME) == 0) {
        note_pending(world->deliveries, frame);
        if (world->deliveries->len > PENDING_MAX) {
            world->given_up += PENDING_MAX / 2;
            g_array_remove_range(world->deliveries, 0, PENDING_MAX / 2);
        }
    }
}

static void note_head(check_world *world, const check_frame *frame)
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

static void tell_rules(check_world *world, const check_frame *frame)
{
    const GPtrArray *rules = world->settings->rules;
    for (guint i = 0; i < rules->len; i++) {
        check_instance *instance = g_ptr_array_index(rules, i);
        if (instance->off || instance->rule->frame == NULL)
            continue;
        if (instance->rule->header_only && frame->facts->frame.framing != PLATO_FRAMING_HEADER)
            continue;
        instance->rule->frame(world, instance, frame);
    }
}

bool world_same_layout(check_world *world, const plato_tap_layout *layout)
{
    const plato_tap_layout mine = PLATO_TAP_LAYOUT;
    if (layout->version != mine.version || layout->size != mine.size)
        world->other_layout = true;
    return !world->other_layout;
}

void check_world_frame(check_world *world, const packet_info *pinfo, const plato_tap_record *record)
{
    if (!world_same_layout(world, &record->layout))
        return;
    world->ask = record->ask;
    check_conn *conn = conn_of(world, pinfo, record);
    const int direction = record->judgement.upstream ? DIR_UP : DIR_DOWN;
    const bool usable = is_usable(record);
    if (usable && record->judgement.judged == NULL)
        world->not_judged = true;
    /* the device may have lost bytes on a connection that nobody knew to be its own */
    conn->owner = owner_of(world, conn, record->judgement.device_id);
    if (record->facts->capture_gap || (record->judgement.flags & PLATO_VERDICT_CAPTURE_GAP) != 0)
        note_loss(conn, direction);

    const check_frame frame = {
        .record = record,
        .facts = record->facts,
        .head = usable ? &record->facts->head : NULL,
        .packet = pinfo->num,
        .index = record->index,
        .time_ns = world_time_of(pinfo),
        .flags = record->judgement.flags,
        .upstream = record->judgement.upstream,
        .conn = conn,
        .owner = conn->owner,
    };
    world->frames++;
    world->usable += usable;
    tell_rules(world, &frame);
    if (usable)
        note_head(world, &frame);
    else
        note_loss(conn, direction);
    conn->frames[direction]++;
    conn->last_ns[direction] = frame.time_ns;
    conn->last_packet[direction] = frame.packet;
    conn->lost_then[direction] = conn->lost[direction];
}

/* Bytes between frames may have been frames. */
void check_world_skipped(check_world *world, const packet_info *pinfo,
                         const plato_tap_skipped *record)
{
    if (!world_same_layout(world, &record->layout))
        return;
    check_conn *conn =
        record->tcp_stream == UINT32_MAX
            ? NULL
            : g_hash_table_lookup(world->by_tcp, GUINT_TO_POINTER(record->tcp_stream));
    if (conn != NULL)
        note_loss(conn, pinfo->srcport == conn->client_port ? DIR_UP : DIR_DOWN);
    const check_bytes bytes = {
        .packet = pinfo->num,
        .stream = conn != NULL ? conn->stream : UINT32_MAX,
        .count = record->bytes,
        .excused = record->behind_gap || !record->start_captured,
    };
    for (guint i = 0; i < world->settings->rules->len; i++) {
        check_instance *instance = g_ptr_array_index(world->settings->rules, i);
        if (!instance->off && instance->rule->skipped != NULL)
            instance->rule->skipped(instance, &bytes);
    }
}

void check_world_end(check_world *world)
{
    if (world->over)
        return;
    world->over = true;
    check_talk_end(world);
    for (guint i = 0; i < world->settings->rules->len; i++) {
        check_instance *instance = g_ptr_array_index(world->settings->rules, i);
        const bool is_there =
            instance->rule->message != NULL ? world->talks->len > 0 : world->ask != NULL;
        if (!instance->off && instance->rule->end != NULL && is_there)
            instance->rule->end(world, instance);
    }
}
