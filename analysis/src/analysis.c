/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a frame, and passes it on by its type. */
#include "connections.h"
#include "delivery.h"
#include "pairs.h"
#include "variant.h"

plato_analysis *analysis_new_with_limits(const plato_analysis_config *config,
                                         const plato_allocator *allocator,
                                         const analysis_limits *limits)
{
    static const plato_analysis_config default_config = PLATO_ANALYSIS_CONFIG_DEFAULT;
    static const analysis_limits default_limits = ANALYSIS_LIMITS_DEFAULT;
    plato_analysis *a = g_new0(plato_analysis, 1);
    a->config = config != NULL ? *config : default_config;
    a->limits = limits != NULL ? *limits : default_limits;
    record_store_init(&a->records, allocator);
    window_set_init(&a->windows, a->limits.window, a->limits.max_open);
    connections_init(a);
    pairs_init(a);
    delivery_init(a);
    a->counters = key_set_new(counter_free);
    a->session_names =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    return a;
}

plato_analysis *plato_analysis_new(const plato_analysis_config *config,
                                   const plato_allocator *allocator)
{
    return analysis_new_with_limits(config, allocator, NULL);
}

void plato_analysis_free(plato_analysis *a)
{
    if (a == NULL)
        return;
    g_hash_table_destroy(a->session_names);
    g_hash_table_destroy(a->counters);
    delivery_clear(a);
    pairs_clear(a);
    connections_clear(a);
    window_set_clear(&a->windows);
    record_store_clear(&a->records);
    g_free(a);
}

void plato_analysis_loss(plato_analysis *a, uint32_t index, plato_direction direction,
                         uint32_t number)
{
    (void)number;
    connection_lose(connection_get(a, index), direction);
}

/* ---- one function for each type ---- */

typedef void frame_handler(plato_analysis *a, const frame *f);

static void handle_login(plato_analysis *a, const frame *f)
{
    connections_login(a, f);
    pairs_request(a, f);
}

/* Late: more than one and a half intervals since the client's last frame, with none missing. */
static void handle_heartbeat(plato_analysis *a, const frame *f)
{
    const int64_t interval = a->config.heartbeat_interval_ns;
    pairs_request(a, f);
    if (interval <= 0 || !f->conn->client_spoke ||
        (f->record->flags & PLATO_VERDICT_CAPTURE_GAP) != 0)
        return;
    const int64_t silence = elapsed_ns(f->conn->client_time_ns, f->record->time_ns);
    if (silence > interval && silence - interval > interval / 2)
        record_flag(f->record, PLATO_VERDICT_HEARTBEAT_LATE);
}

static void handle_reconn(plato_analysis *a, const frame *f)
{
    connections_reconn(a, f);
    pairs_request(a, f);
}

/* An UP or PUSH waits for its ACK, which may come on any connection of its scope. */
static void expect_answer(const frame *f, owner *whose, plato_direction answer)
{
    f->record->losses = &whose->losses[answer];
    f->record->losses_before = whose->losses[answer];
}

static void handle_up(plato_analysis *a, const frame *f)
{
    const plato_head_up *up = &f->head->up;
    owner *whose = frame_owner(f);
    connections_learn_from_up(a, f);
    counter *c = counter_of(a, whose, PLATO_UPSTREAM, up->session_id, up->session_name, true);
    expect_answer(f, whose, PLATO_DOWNSTREAM);
    const record *first = counter_judge(a, c, up->client_id, f);
    if (f->variant && first == f->record)
        variant_open_up(a, f);
}

static void handle_push(plato_analysis *a, const frame *f)
{
    const plato_head_push *push = &f->head->push;
    const plato_span no_name = {NULL, 0};
    owner *whose = frame_owner(f);
    expect_answer(f, whose, PLATO_UPSTREAM);
    if (f->variant && push->msg_id == 0) {
        variant_push(f);
        return;
    }
    counter *c = counter_of(a, whose, PLATO_DOWNSTREAM, push->session_id, no_name, true);
    f->record->covered = c->any_covered && push->msg_id <= c->covered_to;
    record *first = counter_judge(a, c, push->msg_id, f);
    if (f->variant)
        variant_note_push(f, first);
    else
        delivery_push(a, f);
}

static void handle_sync(plato_analysis *a, const frame *f)
{
    pairs_request(a, f);
}

/* code 10 names the id that is expected, not the one that was refused: it belongs to no request. */
static void handle_ack_up(plato_analysis *a, const frame *f)
{
    const plato_head_ack *ack = &f->head->ack;
    const plato_span no_name = {NULL, 0};
    counter *c = NULL;
    if (ack->code == PLATO_ACK_OUT_OF_ORDER)
        return;
    if (f->variant) {
        variant_ack_up(a, f);
        return;
    }
    window_entry *entry = pairs_ack_up(a, f, &c);
    if (entry != NULL && ack->code == PLATO_ACK_OK)
        delivery_acknowledged(a, f, entry);
    if (entry != NULL)
        window_answered(&a->windows, &c->window, entry);
    if (ack->code == PLATO_ACK_OK) {
        c = counter_of(a, frame_owner(f), PLATO_DOWNSTREAM, ack->session_id, no_name, true);
        counter_judge_ack(a, c, ack->msg_id, f);
    }
}

static void handle_ack_push(plato_analysis *a, const frame *f)
{
    if (f->variant && variant_acks_latest(f))
        variant_ack_push(a, f);
    else
        pairs_ack_push(a, f);
}

/* In MsgCmd framing the client acknowledges a Push with Type=UP. */
static bool acknowledges_push(const frame *f)
{
    return f->head->ack.type == PLATO_PUSH ||
           (f->variant && f->direction == PLATO_UPSTREAM && f->head->ack.type == PLATO_UP);
}

static void handle_ack(plato_analysis *a, const frame *f)
{
    if (acknowledges_push(f)) {
        handle_ack_push(a, f);
    } else if (f->head->ack.type == PLATO_UP) {
        handle_ack_up(a, f);
    } else {
        record *request = pairs_ack(a, f);
        if (f->head->ack.type == PLATO_LOGIN || f->head->ack.type == PLATO_RECONN)
            connections_learn_from_ack(a, f, request);
    }
}

typedef struct type_row {
    frame_handler *handle;
    plato_direction direction; /* ACK: see direction_of() */
} type_row;

static const type_row types[] = {
    [PLATO_LOGIN] = {handle_login, PLATO_UPSTREAM},
    [PLATO_HEARTBEAT] = {handle_heartbeat, PLATO_UPSTREAM},
    [PLATO_RECONN] = {handle_reconn, PLATO_UPSTREAM},
    [PLATO_ACK] = {handle_ack, PLATO_DOWNSTREAM},
    [PLATO_UP] = {handle_up, PLATO_UPSTREAM},
    [PLATO_PUSH] = {handle_push, PLATO_DOWNSTREAM},
    [PLATO_SYNC] = {handle_sync, PLATO_UPSTREAM},
};

static const type_row *row_of(uint32_t msg_type)
{
    return msg_type < sizeof types / sizeof types[0] ? &types[msg_type] : NULL;
}

/* The type decides who sent a frame, except for ACKs in MsgCmd framing and unknown types. */
static plato_direction direction_of(const plato_observation *o)
{
    const type_row *row = row_of(o->head->msg_type);
    if (row == NULL)
        return o->direction;
    if (o->head->msg_type != PLATO_ACK)
        return row->direction;
    const type_row *acked = row_of(o->head->ack.type);
    if (o->framing == PLATO_FRAMING_MSGCMD || acked == NULL || acked->handle == handle_ack)
        return o->direction;
    return acked->direction == PLATO_UPSTREAM ? PLATO_DOWNSTREAM : PLATO_UPSTREAM;
}

const plato_judged *plato_analysis_frame(plato_analysis *a, const plato_observation *o)
{
    record *r = record_new(&a->records, o->head->msg_type);
    if (r == NULL)
        return NULL;
    r->number = o->number;
    r->time_ns = o->time_ns;
    const frame f = {
        .head = o->head,
        .conn = connection_get(a, o->connection),
        .record = r,
        .content = {o->content_digest, o->content_len},
        .direction = direction_of(o),
        .variant = o->framing == PLATO_FRAMING_MSGCMD,
    };
    connection_enter(f.conn, &f);
    const type_row *row = row_of(o->head->msg_type);
    if (row != NULL)
        row->handle(a, &f);
    if (f.direction == PLATO_UPSTREAM) {
        f.conn->client_spoke = true;
        f.conn->client_time_ns = o->time_ns;
    }
    return r;
}

/* ---- results ---- */

plato_verdict plato_analysis_verdict(const plato_analysis *a, const plato_judged *judged)
{
    return record_verdict(&a->records, judged);
}

uint32_t plato_judged_number(const plato_judged *judged)
{
    return judged->number;
}

const plato_judged *plato_judged_next_delivery(const plato_judged *push)
{
    return push->next_delivery;
}

bool plato_analysis_unacked(const plato_analysis *a, const plato_judged *judged)
{
    (void)a;
    return judged->open && !judged->covered && *judged->losses == judged->losses_before;
}

plato_identity plato_analysis_identity(const plato_analysis *a, uint32_t index)
{
    const connection *conn = connection_find(a, index);
    return conn != NULL ? conn->identity : (plato_identity){0, 0};
}
