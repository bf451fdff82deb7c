/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a frame, and passes it on by its type. */
#include "connections.h"
#include "delivery.h"
#include "early_ack.h"
#include "msgcmd.h"
#include "transactions.h"

analysis_state *analysis_new_with_limits(const analysis_config *config,
                                         const plato_allocator *allocator,
                                         const analysis_limits *limits)
{
    static const analysis_config default_config = ANALYSIS_CONFIG_DEFAULT;
    static const analysis_limits default_limits = ANALYSIS_LIMITS_DEFAULT;
    analysis_state *a = g_new0(analysis_state, 1);
    a->config = config != NULL ? *config : default_config;
    a->limits = limits != NULL ? *limits : default_limits;
    analysis_record_store_init(&a->records, allocator);
    analysis_window_set_init(&a->windows, a->limits.window, a->limits.max_open);
    a->losses.max = a->limits.losses;
    analysis_connections_init(a);
    analysis_transactions_init(a);
    analysis_delivery_init(a);
    analysis_early_acks_init(a);
    a->id_sequences = analysis_key_set_new(analysis_id_sequence_free);
    a->session_names =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    return a;
}

analysis_state *analysis_new(const analysis_config *config, const plato_allocator *allocator)
{
    return analysis_new_with_limits(config, allocator, NULL);
}

void analysis_free(analysis_state *a)
{
    if (a == NULL)
        return;
    g_hash_table_destroy(a->session_names);
    g_hash_table_destroy(a->id_sequences);
    analysis_early_acks_clear(a);
    analysis_delivery_clear(a);
    analysis_transactions_clear(a);
    analysis_connections_clear(a);
    analysis_window_set_clear(&a->windows);
    analysis_loss_table_clear(&a->losses);
    analysis_record_store_clear(&a->records);
    g_free(a);
}

uint32_t analysis_loss(analysis_state *a, uint32_t index, analysis_direction direction,
                       uint32_t number)
{
    (void)number;
    return analysis_connection_loss(a, analysis_connection_get(a, index), direction);
}

void analysis_loss_filled(analysis_state *a, uint32_t id)
{
    analysis_loss_table_fill(&a->losses, id);
}

/* ---- one function for each type ---- */

typedef void frame_handler(analysis_state *a, const frame *f);

/* The conn_id in an ACK that came before was learnt without its request. */
static void request_opens_connection(analysis_state *a, const frame *f)
{
    const uint64_t conn_id = analysis_transactions_request(a, f);
    if (conn_id != 0)
        analysis_connections_opened_by(a, f, conn_id);
}

static void handle_login(analysis_state *a, const frame *f)
{
    analysis_connections_login(a, f);
    request_opens_connection(a, f);
}

/* Late: more than one and a half intervals since the client's last frame, with none missing. */
static void handle_heartbeat(analysis_state *a, const frame *f)
{
    const int64_t interval = a->config.heartbeat_interval_ns;
    (void)analysis_transactions_request(a, f);
    if (interval <= 0 || !f->conn->client_spoke || (f->record->flags & ANALYSIS_CAPTURE_GAP) != 0)
        return;
    const int64_t silence = analysis_elapsed_ns(f->conn->client_time_ns, f->record->time_ns);
    if (silence > interval && silence - interval > interval / 2)
        record_flag(f->record, ANALYSIS_HEARTBEAT_LATE);
}

static void handle_reconn(analysis_state *a, const frame *f)
{
    analysis_connections_reconn(a, f);
    request_opens_connection(a, f);
}

/* An UP or PUSH waits for its ACK, which may come on any connection of its scope. */
static void expect_answer(const frame *f, id_scope *scope, analysis_direction answer)
{
    f->record->losses = &scope->losses[answer];
    f->record->losses_before = scope->losses[answer].count;
}

/* The first transmission of an UP or PUSH whose ACK may have been captured before it. */
static bool answer_early(analysis_state *a, id_sequence *c, const id_sequence *acked, uint64_t id,
                         const frame *f)
{
    early_ack found;
    if (acked == NULL || !analysis_early_ack_take(a, acked, id, f, INT64_MAX, &found))
        return false;
    window_entry *entry = analysis_window_find(&a->windows, &c->window, id);
    if (found.ok && f->record->kind == RECORD_UP)
        analysis_delivery_acknowledged(a, found.session_id, found.msg_id, &entry->first);
    if (!f->record->open)
        analysis_window_answered(&a->windows, &c->window, entry);
    return true;
}

/* The ACK may have come before the LOGIN that gave the connection its device. */
static void answer_up_early(analysis_state *a, id_sequence *c, const frame *f)
{
    const plato_head_up *up = &f->head->up;
    const plato_span no_name = {NULL, 0};
    if (!answer_early(a, c, c, up->client_id, f) && f->conn->id_scope != &f->conn->own &&
        g_hash_table_size(a->early_acks) != 0)
        (void)answer_early(a, c,
                           analysis_id_sequence_of(a, &f->conn->own, ANALYSIS_UPSTREAM,
                                                   up->session_id, no_name, false),
                           up->client_id, f);
}

static void handle_up(analysis_state *a, const frame *f)
{
    const plato_head_up *up = &f->head->up;
    id_scope *scope = analysis_id_scope_of(f);
    analysis_connections_learn_from_up(a, f);
    id_sequence *c = analysis_id_sequence_of(a, scope, ANALYSIS_UPSTREAM, up->session_id,
                                             up->session_name, true);
    expect_answer(f, scope, ANALYSIS_DOWNSTREAM);
    const analysis_record *first = analysis_id_sequence_check(a, c, up->client_id, f);
    if (first != f->record)
        return;
    if (f->msgcmd)
        analysis_msgcmd_open_up(a, f);
    else
        answer_up_early(a, c, f);
}

static void handle_push(analysis_state *a, const frame *f)
{
    const plato_head_push *push = &f->head->push;
    const plato_span no_name = {NULL, 0};
    id_scope *scope = analysis_id_scope_of(f);
    expect_answer(f, scope, ANALYSIS_UPSTREAM);
    if (f->msgcmd && push->msg_id == 0) {
        analysis_msgcmd_push(f);
        return;
    }
    id_sequence *c =
        analysis_id_sequence_of(a, scope, ANALYSIS_DOWNSTREAM, push->session_id, no_name, true);
    f->record->covered = c->any_covered && push->msg_id <= c->covered_to;
    analysis_record *first = analysis_id_sequence_check(a, c, push->msg_id, f);
    if (first == f->record)
        (void)answer_early(a, c, c, push->msg_id, f);
    if (f->msgcmd)
        analysis_msgcmd_note_push(f, first);
    else
        analysis_delivery_push(a, f);
}

static void handle_sync(analysis_state *a, const frame *f)
{
    (void)analysis_transactions_request(a, f);
}

/* code 10 names the id that is expected, not the one that was refused: it belongs to no request. */
static void handle_ack_up(analysis_state *a, const frame *f)
{
    const plato_head_ack *ack = &f->head->ack;
    const plato_span no_name = {NULL, 0};
    id_sequence *c = NULL;
    if (ack->code == PLATO_ACK_OUT_OF_ORDER)
        return;
    if (f->msgcmd) {
        analysis_msgcmd_ack_up(a, f);
        return;
    }
    window_entry *entry = analysis_transactions_ack_up(a, f, &c);
    if (entry != NULL && ack->code == PLATO_ACK_OK)
        analysis_delivery_acknowledged(a, ack->session_id, ack->msg_id, &entry->first);
    if (entry != NULL) {
        analysis_window_answered(&a->windows, &c->window, entry);
    } else {
        c = analysis_id_sequence_of(a, f->conn->id_scope, ANALYSIS_UPSTREAM, ack->session_id,
                                    no_name, true);
        analysis_early_ack_add(a, c, ack->client_id, f);
    }
    if (ack->code == PLATO_ACK_OK) {
        c = analysis_id_sequence_of(a, analysis_id_scope_of(f), ANALYSIS_DOWNSTREAM,
                                    ack->session_id, no_name, true);
        analysis_id_sequence_check_ack(a, c, ack->msg_id, f);
    }
}

static void handle_ack_push(analysis_state *a, const frame *f)
{
    if (f->msgcmd && analysis_msgcmd_acks_latest(f))
        analysis_msgcmd_ack_push(a, f);
    else
        analysis_transactions_ack_push(a, f);
}

/* In MsgCmd framing the client acknowledges a Push with Type=UP. */
static bool acknowledges_push(const frame *f)
{
    return f->head->ack.type == PLATO_PUSH ||
           (f->msgcmd && f->direction == ANALYSIS_UPSTREAM && f->head->ack.type == PLATO_UP);
}

static void handle_ack(analysis_state *a, const frame *f)
{
    if (acknowledges_push(f)) {
        handle_ack_push(a, f);
    } else if (f->head->ack.type == PLATO_UP) {
        handle_ack_up(a, f);
    } else {
        analysis_record *request = analysis_transactions_ack(a, f);
        if (f->head->ack.type == PLATO_LOGIN || f->head->ack.type == PLATO_RECONN)
            analysis_connections_learn_from_ack(a, f, request);
    }
}

typedef struct type_row {
    frame_handler *handle;
    analysis_direction direction; /* ACK: see direction_of() */
} type_row;

static const type_row types[] = {
    [PLATO_LOGIN] = {handle_login, ANALYSIS_UPSTREAM},
    [PLATO_HEARTBEAT] = {handle_heartbeat, ANALYSIS_UPSTREAM},
    [PLATO_RECONN] = {handle_reconn, ANALYSIS_UPSTREAM},
    [PLATO_ACK] = {handle_ack, ANALYSIS_DOWNSTREAM},
    [PLATO_UP] = {handle_up, ANALYSIS_UPSTREAM},
    [PLATO_PUSH] = {handle_push, ANALYSIS_DOWNSTREAM},
    [PLATO_SYNC] = {handle_sync, ANALYSIS_UPSTREAM},
};

static const type_row *row_of(uint32_t msg_type)
{
    return msg_type < sizeof types / sizeof types[0] ? &types[msg_type] : NULL;
}

/* The type decides who sent a frame, except for ACKs in MsgCmd framing and unknown types. */
static analysis_direction direction_of(const analysis_observation *o)
{
    const type_row *row = row_of(o->head->msg_type);
    if (row == NULL)
        return o->direction;
    if (o->head->msg_type != PLATO_ACK)
        return row->direction;
    const type_row *acked = row_of(o->head->ack.type);
    if (o->framing == PLATO_FRAMING_MSGCMD || acked == NULL || acked->handle == handle_ack)
        return o->direction;
    return acked->direction == ANALYSIS_UPSTREAM ? ANALYSIS_DOWNSTREAM : ANALYSIS_UPSTREAM;
}

const analysis_record *analysis_frame(analysis_state *a, const analysis_observation *o)
{
    analysis_record *r = analysis_record_new(&a->records, o->head->msg_type);
    if (r == NULL)
        return NULL;
    r->number = o->number;
    r->time_ns = o->time_ns;
    frame f = {
        .head = o->head,
        .conn = analysis_connection_get(a, o->connection),
        .record = r,
        .content = {o->content_digest, o->content_len},
        .direction = direction_of(o),
        .msgcmd = o->framing == PLATO_FRAMING_MSGCMD,
    };
    analysis_connection_add_frame(a, &f);
    const type_row *row = row_of(o->head->msg_type);
    if (row != NULL)
        row->handle(a, &f);
    if (f.direction == ANALYSIS_UPSTREAM) {
        f.conn->client_spoke = true;
        f.conn->client_time_ns = o->time_ns;
    }
    return r;
}

/* ---- results ---- */

analysis_verdict analysis_get_verdict(const analysis_state *a, const analysis_record *record)
{
    return analysis_record_verdict(&a->records, record);
}

uint32_t analysis_record_number(const analysis_record *record)
{
    return record->number;
}

const analysis_record *analysis_record_next_delivery(const analysis_record *push)
{
    return push->next_delivery;
}

bool analysis_is_unacked(const analysis_state *a, const analysis_record *record)
{
    return record->open && !record->covered && record->losses->lasting <= record->losses_before &&
           !analysis_connections_resumed_unknown(a, record->number);
}

analysis_identity analysis_get_identity(const analysis_state *a, uint32_t index)
{
    const connection *conn = analysis_connection_find(a, index);
    return conn != NULL ? conn->identity : (analysis_identity){0, 0};
}
