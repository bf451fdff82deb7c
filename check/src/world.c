/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules know of connections, devices and sessions, and who tells them of what comes. */
#include "talk.h"

#include <string.h>

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

void world_free_request(gpointer p)
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
        g_queue_clear_full(&conn->requests[i], world_free_request);
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

void world_note_given(const check_world *world, const check_frame *frame, uint64_t conn_id)
{
    const uint64_t key[4] = {conn_id, frame->conn->server, 0, 0};
    bool is_new;
    given_conn *given = value_of(world->given_conns, key, sizeof *given, &is_new);
    if (is_new)
        *given = (given_conn){frame->packet, frame->conn->stream, frame->owner};
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
    if (record->facts->capture_gap || (record->judgement.flags & ANALYSIS_CAPTURE_GAP) != 0)
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
        world_note_head(world, &frame);
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
