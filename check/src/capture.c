/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of connections, devices and sessions. */
#include "capture.h"

#include <assert.h>

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

static void sequence_key(const check_client *client, uint64_t session_id, uint64_t key[4])
{
    key[0] = client->key[0];
    key[1] = client->key[1];
    key[2] = session_id;
    key[3] = 0;
}

up_sequence *check_up_sequence(const check_capture *capture, const check_client *client,
                               uint64_t session_id)
{
    uint64_t key[4];
    bool is_new;
    sequence_key(client, session_id, key);
    up_sequence *sequence = value_of(capture->ups, key, sizeof *sequence, &is_new);
    if (is_new) {
        sequence->session_id = session_id;
        g_ptr_array_add(client->ups, sequence);
    }
    return sequence;
}

down_sequence *check_down_sequence(const check_capture *capture, const check_client *client,
                                   uint64_t session_id)
{
    uint64_t key[4];
    bool is_new;
    sequence_key(client, session_id, key);
    down_sequence *sequence = value_of(capture->downs, key, sizeof *sequence, &is_new);
    if (is_new) {
        sequence->session_id = session_id;
        g_ptr_array_add(client->downs, sequence);
    }
    return sequence;
}

session_state *check_session(const check_capture *capture, uint64_t session_id)
{
    const uint64_t key[4] = {session_id, 0, 0, 0};
    return value_of(capture->sessions, key, sizeof(session_state), NULL);
}

static check_client *client_of(const check_capture *capture, const check_conn *conn,
                               uint64_t device_id)
{
    const uint64_t key[4] = {device_id != 0 ? 1 : 0, device_id != 0 ? device_id : conn->stream, 0,
                             0};
    bool is_new;
    check_client *client = value_of(capture->clients, key, sizeof *client, &is_new);
    if (is_new) {
        memcpy(client->key, key, sizeof client->key);
        client->device_id = device_id;
        client->whole = conn->start_captured;
        client->stream = conn->stream;
        client->ups = g_ptr_array_new();
        client->downs = g_ptr_array_new();
        client->lost[DIR_UP] = conn->lost[DIR_UP];
        client->lost[DIR_DOWN] = conn->lost[DIR_DOWN];
    }
    return client;
}

/* ---- making and freeing ---- */

static void free_client(gpointer p)
{
    check_client *client = (check_client *)p;
    g_ptr_array_unref(client->ups);
    g_ptr_array_unref(client->downs);
    g_free(client);
}

static void free_up(gpointer p)
{
    up_sequence *sequence = (up_sequence *)p;
    if (sequence->open != NULL)
        g_hash_table_destroy(sequence->open);
    g_free(sequence);
}

static void free_down(gpointer p)
{
    down_sequence *sequence = (down_sequence *)p;
    check_idset_clear(&sequence->seen);
    check_idset_clear(&sequence->own);
    check_idset_clear(&sequence->pushed);
    check_idset_clear(&sequence->waiting);
    g_free(sequence);
}

static void free_session(gpointer p)
{
    check_idset_clear(&((session_state *)p)->pushed);
    g_free(p);
}

void check_open_request_free(gpointer p)
{
    check_idset_clear(&((open_request *)p)->pushed);
    g_free(p);
}

static void free_conn(gpointer p)
{
    check_conn *conn = (check_conn *)p;
    if (conn == NULL)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(conn->requests); i++)
        g_queue_clear_full(&conn->requests[i], check_open_request_free);
    g_free(conn);
}

check_capture *check_capture_new(const check_lookups *lookups, void *user)
{
    check_capture *capture = g_new0(check_capture, 1);
    capture->lookups = *lookups;
    capture->user = user;
    capture->budget = stream_budget_new(0, NULL);
    if (capture->budget == NULL)
        g_error("out of memory");
    capture->conns = g_ptr_array_new_with_free_func(free_conn);
    capture->by_tcp = g_hash_table_new(g_direct_hash, g_direct_equal);
    capture->tcp_states =
        g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, check_tcp_state_free);
    capture->clients = g_hash_table_new_full(check_key_hash, check_key_equal, g_free, free_client);
    capture->issued_conn_ids =
        g_hash_table_new_full(check_key_hash, check_key_equal, g_free, g_free);
    capture->ups = g_hash_table_new_full(check_key_hash, check_key_equal, g_free, free_up);
    capture->downs = g_hash_table_new_full(check_key_hash, check_key_equal, g_free, free_down);
    capture->sessions =
        g_hash_table_new_full(check_key_hash, check_key_equal, g_free, free_session);
    capture->requests = g_array_new(FALSE, FALSE, sizeof(pending));
    capture->deliveries = g_array_new(FALSE, FALSE, sizeof(pending));
    capture->first_ns = capture->last_ns = NEVER;
    return capture;
}

void check_capture_free(check_capture *capture)
{
    if (capture == NULL)
        return;
    g_ptr_array_unref(capture->conns);
    g_hash_table_destroy(capture->by_tcp);
    g_hash_table_destroy(capture->tcp_states);
    stream_budget_free(capture->budget);
    g_hash_table_destroy(capture->clients);
    g_hash_table_destroy(capture->issued_conn_ids);
    g_hash_table_destroy(capture->ups);
    g_hash_table_destroy(capture->downs);
    g_hash_table_destroy(capture->sessions);
    g_clear_pointer(&capture->command_conn_by_tcp, g_hash_table_destroy);
    g_clear_pointer(&capture->command_conns, g_ptr_array_unref);
    g_array_unref(capture->requests);
    g_array_unref(capture->deliveries);
    check_cache_clear(&capture->transmissions);
    check_cache_clear(&capture->accepted_ups);
    check_cache_clear(&capture->assigned);
    g_free(capture);
}

/* ---- small answers ---- */

uint64_t check_session_of(const plato_head *head)
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

const char *check_type_name(uint32_t msg_type)
{
    const char *name = plato_msg_type_name(msg_type);
    return name != NULL ? name : "an unknown type";
}

const issued_conn_id *check_find_conn_id(const check_capture *capture, const check_conn *conn,
                                         uint64_t conn_id)
{
    const uint64_t key[4] = {conn_id, conn->server, 0, 0};
    return g_hash_table_lookup(capture->issued_conn_ids, key);
}

void check_note_conn_id(const check_capture *capture, const check_frame *frame, uint64_t conn_id)
{
    const uint64_t key[4] = {conn_id, frame->conn->server, 0, 0};
    bool is_new;
    issued_conn_id *issued = value_of(capture->issued_conn_ids, key, sizeof *issued, &is_new);
    if (is_new)
        *issued = (issued_conn_id){frame->packet, frame->conn->stream, frame->client};
}

open_request *check_sync_of(const check_conn *conn, uint64_t session_id, uint64_t msg_id)
{
    for (GList *l = conn->requests[PLATO_SYNC].head; l != NULL; l = l->next) {
        open_request *sync = (open_request *)l->data;
        if (sync->session_id == session_id && msg_id >= sync->from && msg_id <= sync->to)
            return sync;
    }
    return NULL;
}

/* ---- packets and TCP ---- */

void check_capture_packet(check_capture *capture, int64_t time_ns)
{
    capture->packets++;
    if (capture->first_ns == NEVER)
        capture->first_ns = time_ns;
    if (time_ns > capture->last_ns)
        capture->last_ns = time_ns;
}

static const tcp_state *find_tcp(const check_capture *capture, uint32_t tcp_stream)
{
    if (tcp_stream == CHECK_NO_STREAM)
        return NULL;
    return g_hash_table_lookup(capture->tcp_states, GUINT_TO_POINTER(tcp_stream));
}

const tcp_state *check_tcp_state_of(const check_capture *capture, const check_conn *conn)
{
    return find_tcp(capture, conn->tcp_stream);
}

int64_t check_closed_by(const check_capture *capture, const check_conn *conn, bool client)
{
    const tcp_state *tcp = check_tcp_state_of(capture, conn);
    const int flow = check_tcp_flow(tcp, conn->client_port, client);
    return flow >= 0 ? tcp->flows[flow].end_ns : NEVER;
}

bool check_is_closed(const check_capture *capture, const check_conn *conn)
{
    return check_closed_by(capture, conn, true) != NEVER ||
           check_closed_by(capture, conn, false) != NEVER;
}

bool check_may_have_closed(const check_capture *capture, const check_conn *conn)
{
    const tcp_state *tcp = check_tcp_state_of(capture, conn);
    return tcp != NULL && (check_tcp_may_have_closed(tcp, 0) || check_tcp_may_have_closed(tcp, 1));
}

bool check_is_unseen(const check_capture *capture, const check_conn *conn, bool client)
{
    const tcp_state *tcp = check_tcp_state_of(capture, conn);
    return check_tcp_is_unseen(tcp, check_tcp_flow(tcp, conn->client_port, client));
}

bool check_has_hole(const check_capture *capture, const check_conn *conn, bool client)
{
    const tcp_state *tcp = check_tcp_state_of(capture, conn);
    return check_tcp_has_hole(tcp, check_tcp_flow(tcp, conn->client_port, client));
}

static unsigned times_lost(const check_capture *capture, const check_conn *conn, bool client)
{
    const tcp_state *tcp = check_tcp_state_of(capture, conn);
    const int flow = check_tcp_flow(tcp, conn->client_port, client);
    return flow >= 0 ? tcp->flows[flow].lost : 0;
}

bool check_stream_has_hole(const check_capture *capture, uint32_t tcp_stream, uint16_t port)
{
    const tcp_state *tcp = find_tcp(capture, tcp_stream);
    return check_tcp_has_hole(tcp, check_tcp_flow(tcp, port, true));
}

bool check_stream_lacks_any(const check_capture *capture, uint32_t tcp_stream)
{
    const tcp_state *tcp = find_tcp(capture, tcp_stream);
    return tcp != NULL && (check_tcp_has_hole(tcp, 0) || check_tcp_has_hole(tcp, 1));
}

int64_t check_stream_closed(const check_capture *capture, uint32_t tcp_stream)
{
    const tcp_state *tcp = find_tcp(capture, tcp_stream);
    if (tcp == NULL)
        return NEVER;
    const int64_t one = tcp->flows[0].end_ns;
    const int64_t other = tcp->flows[1].end_ns;
    return one == NEVER || (other != NEVER && other < one) ? other : one;
}

/* One more loss in a direction, or (-1) one less: a hole was filled. */
static void count_loss(check_conn *conn, int direction, int change)
{
    conn->lost[direction] += (unsigned)change;
    if (conn->client != NULL)
        conn->client->lost[direction] += (unsigned)change;
}

/* Holes are losses, as long as they are there. */
static void note_holes(const check_capture *capture, uint32_t stream, const tcp_state *tcp,
                       const int lost[2])
{
    check_conn *conn = g_hash_table_lookup(capture->by_tcp, GUINT_TO_POINTER(stream));
    for (int i = 0; conn != NULL && i < 2; i++)
        count_loss(conn, tcp->flows[i].port == conn->client_port ? DIR_UP : DIR_DOWN, lost[i]);
}

tcp_segment check_capture_tcp(check_capture *capture, const check_tcp_record *record)
{
    tcp_state *tcp = g_hash_table_lookup(capture->tcp_states, GUINT_TO_POINTER(record->tcp_stream));
    if (tcp == NULL) {
        tcp = check_tcp_state_new(capture->budget);
        g_hash_table_insert(capture->tcp_states, GUINT_TO_POINTER(record->tcp_stream), tcp);
    }
    const tcp_segment segment = check_tcp_follow(tcp, record);
    note_holes(capture, record->tcp_stream, tcp, segment.lost);
    return segment;
}

void check_capture_end(check_capture *capture)
{
    GHashTableIter iter;
    gpointer tcp;
    g_hash_table_iter_init(&iter, capture->tcp_states);
    while (g_hash_table_iter_next(&iter, NULL, &tcp))
        check_tcp_end((tcp_state *)tcp);
}

/* ---- the caller's answers ---- */

analysis_verdict check_verdict_now(const check_capture *capture, const analysis_record *judged)
{
    if (capture->lookups.verdict == NULL)
        return (analysis_verdict){.flags = 0};
    return capture->lookups.verdict(judged, capture->user);
}

bool check_is_unacked(const check_capture *capture, const analysis_record *judged)
{
    return capture->lookups.unacked != NULL && capture->lookups.unacked(judged, capture->user);
}

/* ---- frames ---- */

static check_conn *conn_of(check_capture *capture, const check_frame_record *record)
{
    const uint32_t stream = record->connection;
    assert(stream < CHECK_NO_STREAM / 2);
    if (stream >= capture->conns->len)
        g_ptr_array_set_size(capture->conns, (gint)stream + 1);
    check_conn *conn = g_ptr_array_index(capture->conns, stream);
    if (conn != NULL)
        return conn;
    conn = g_new0(check_conn, 1);
    conn->stream = stream;
    conn->tcp_stream = record->tcp_stream;
    conn->start_captured = record->start_captured;
    conn->framing = record->frame.framing;
    conn->client_port = record->client_port;
    conn->server = record->server;
    conn->first_ns = record->time_ns;
    conn->last_ns[DIR_UP] = conn->last_ns[DIR_DOWN] = NEVER;
    conn->heartbeat_ns = conn->opened_ns = NEVER;
    g_ptr_array_index(capture->conns, stream) = conn;
    conn->lost[DIR_UP] = times_lost(capture, conn, true);
    conn->lost[DIR_DOWN] = times_lost(capture, conn, false);
    if (conn->tcp_stream != CHECK_NO_STREAM)
        g_hash_table_insert(capture->by_tcp, GUINT_TO_POINTER(conn->tcp_stream), conn);
    return conn;
}

/* What the analysis took as evidence, and whose head is all there. */
static bool is_usable(const check_frame_record *record)
{
    return record->decoded && record->length_error == PLATO_OK && !record->shortened &&
           record->head_error == PLATO_OK && record->checksum != CHECK_CHECKSUM_BAD &&
           (record->complete || record->frame.var_head.n == record->frame.var_head_len);
}

/* Its packet brought bytes that were sent before others that were captured earlier. */
static bool came_late(const check_capture *capture, const check_conn *conn,
                      const check_frame_record *record)
{
    const tcp_state *tcp = check_tcp_state_of(capture, conn);
    const int flow = check_tcp_flow(tcp, conn->client_port, record->upstream);
    return flow >= 0 && tcp->flows[flow].late_packet == record->packet;
}

check_frame check_capture_enter_frame(check_capture *capture, const check_frame_record *record)
{
    check_conn *conn = conn_of(capture, record);
    const bool usable = is_usable(record);
    if (usable && record->judged == NULL)
        capture->not_judged = true;
    /* the device may have lost bytes on a connection that nobody knew to be its own */
    conn->client = client_of(capture, conn, record->device_id);
    if (record->capture_gap || (record->flags & ANALYSIS_CAPTURE_GAP) != 0)
        count_loss(conn, record->upstream ? DIR_UP : DIR_DOWN, 1);
    capture->frames++;
    capture->usable += usable;
    return (check_frame){
        .record = record,
        .head = usable ? &record->head : NULL,
        .packet = record->packet,
        .time_ns = record->time_ns,
        .flags = record->flags,
        .upstream = record->upstream,
        .late = came_late(capture, conn, record),
        .conn = conn,
        .client = conn->client,
    };
}

unsigned check_lost_before(const check_frame *frame, unsigned lost)
{
    return frame->late && lost > 0 ? lost - 1 : lost;
}

void check_capture_add_frame(check_capture *capture, const check_frame *frame)
{
    check_conn *conn = frame->conn;
    const int direction = frame->upstream ? DIR_UP : DIR_DOWN;
    if (frame->head != NULL)
        check_capture_add_head(capture, frame);
    else
        count_loss(conn, direction, 1);
    conn->frames[direction]++;
    conn->last_ns[direction] = frame->time_ns;
    conn->last_packet[direction] = frame->packet;
    conn->lost_then[direction] = check_lost_before(frame, conn->lost[direction]);
}

check_bytes check_capture_skipped(check_capture *capture, const check_skipped_record *record)
{
    check_conn *conn =
        record->tcp_stream == CHECK_NO_STREAM
            ? NULL
            : g_hash_table_lookup(capture->by_tcp, GUINT_TO_POINTER(record->tcp_stream));
    if (conn != NULL)
        count_loss(conn, record->sender_port == conn->client_port ? DIR_UP : DIR_DOWN, 1);
    return (check_bytes){
        .packet = record->packet,
        .stream = conn != NULL ? conn->stream : CHECK_NO_STREAM,
        .count = record->bytes,
        .excused = record->after_gap || !record->start_captured,
    };
}
