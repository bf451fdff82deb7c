/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One row per message type, and what the server does with it. */
#include "core/chat.h"
#include "core/commit.h"
#include "core/device.h"
#include "core/login_body.h"
#include "core/resend.h"

/* A frame on its way through the table. */
typedef struct request {
    struct core *core;
    connection *conn;
    const plato_frame *frame;
    plato_head head;
    uint64_t now_ms;
} request;

static void ack(const request *r, plato_head_ack ack)
{
    ack.type = r->frame->msg_type;
    core_ack(r->core, r->conn, &ack, r->now_ms);
}

static void refuse(const request *r, plato_head_ack ack, const char *why)
{
    ack.type = r->frame->msg_type;
    core_refuse(r->core, r->conn, &ack, why, r->now_ms);
}

/* How many of the sessions would have their first member. */
static unsigned count_new(struct core *core, const GArray *session_ids)
{
    unsigned n = 0;
    for (guint i = 0; i < session_ids->len; i++) {
        const struct chat *chat = chat_find(core, g_array_index(session_ids, uint64_t, i));
        n += chat == NULL || chat->members->len == 0;
    }
    return n;
}

/* True if there is room for what this login wants; the device is NULL if it is new. */
static bool has_room(struct core *core, const struct device *device, const GArray *session_ids)
{
    const core_config *config = &core->config;
    const core_stats *stats = &core->stats;
    const unsigned has = device != NULL ? g_hash_table_size(device->members) : 0;
    return (device != NULL || stats->devices < config->max_devices) &&
           stats->sessions + count_new(core, session_ids) <= config->max_sessions &&
           stats->memberships - has + session_ids->len <= config->max_memberships;
}

/* Puts a device on this connection, sends it the new conn_id, then what it has missed. */
static void welcome(const request *r, struct device *device, uint64_t lost_conn_id)
{
    GString *lost = g_string_new(NULL);
    device_attach(r->core, device, r->conn, lost_conn_id, r->now_ms);
    core_log(r->core, CORE_LOG_INFO, r->conn,
             "device %" G_GUINT64_FORMAT " is connection %" G_GUINT64_FORMAT, device->device_id,
             r->conn->conn_id);
    if (r->core->config.hooks.logged_in != NULL)
        r->core->config.hooks.logged_in(r->core->config.hooks.user, r->conn->key);
    device_resume(r->core, device, lost);
    commit_must(r->core, r->now_ms);
    ack(r, (plato_head_ack){.conn_id = r->conn->conn_id,
                            .msg = {(const uint8_t *)lost->str, lost->len}});
    g_string_free(lost, TRUE);
    device_catch_up(r->core, device, r->now_ms);
}

static void log_in(const request *r, const GArray *session_ids)
{
    struct core *core = r->core;
    struct device *device = device_find(core, r->head.login.device_id);
    if (!has_room(core, device, session_ids)) {
        refuse(r, (plato_head_ack){.code = PLATO_ACK_OVERLOADED},
               "the server has as many devices, sessions or memberships as it may");
        return;
    }
    if (device == NULL)
        device = device_add(core, r->head.login.device_id);
    device_join(core, device, session_ids, r->now_ms);
    welcome(r, device, 0);
}

static bool may_log_in(const request *r, plato_span token)
{
    const core_hooks *hooks = &r->core->config.hooks;
    return hooks->may_log_in == NULL ||
           hooks->may_log_in(hooks->user, r->head.login.device_id, token.p, token.n);
}

static void on_login(const request *r)
{
    plato_span token = {NULL, 0};
    const plato_head_ack malformed = {.code = PLATO_ACK_MALFORMED};
    GArray *session_ids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    plato_err err = login_body_read(r->frame->body, r->core->config.max_sessions_per_login,
                                    session_ids, &token);
    if (r->conn->device != NULL)
        refuse(r, malformed, "this connection has logged in already");
    else if (err == PLATO_ERR_WIRE_FIELDS)
        refuse(r, (plato_head_ack){.code = PLATO_ACK_OVERLOADED}, "too many sessions in one login");
    else if (err != PLATO_OK)
        refuse(r, malformed, plato_strerror(err));
    else if (r->head.login.device_id == 0)
        refuse(r, malformed, "device_id is missing");
    else if (session_ids->len > 0 && g_array_index(session_ids, uint64_t, 0) == 0)
        refuse(r, malformed, "0 is no session_id");
    else if (!may_log_in(r, token))
        refuse(r, (plato_head_ack){.code = PLATO_ACK_AUTH_FAILED},
               "the device may not log in with this token");
    else
        log_in(r, session_ids);
    g_array_unref(session_ids);
}

static void on_heartbeat(const request *r)
{
    ack(r, (plato_head_ack){.code = PLATO_ACK_OK});
}

static void on_reconn(const request *r)
{
    struct device *device = device_by_conn_id(r->core, r->head.reconn.conn_id);
    if (r->conn->device != NULL)
        refuse(r, (plato_head_ack){.code = PLATO_ACK_MALFORMED},
               "this connection has logged in already");
    else if (device == NULL)
        refuse(r, (plato_head_ack){.code = PLATO_ACK_UNKNOWN_CONN},
               "nothing is known of this connection; log in");
    else
        welcome(r, device, r->head.reconn.conn_id);
}

/* What is sent from commit_must() on waits until the message is stored. */
static void accept_up(const request *r, struct member *sender, plato_head_ack answer)
{
    chat_begin(r->core, sender, r->now_ms);
    const log_entry *entry = chat_accept(r->core, sender, r->frame->body);
    member_remember(r->core, sender, answer.client_id, entry->msg_id);
    commit_message(r->core, entry, answer.client_id);
    commit_must(r->core, r->now_ms);
    answer.msg_id = entry->msg_id;
    ack(r, answer);
    chat_deliver(r->core, entry, r->now_ms);
    chat_log_trim(r->core, sender->chat);
    commit_throttle(r->core, r->conn);
}

static void on_up(const request *r)
{
    const plato_head_up *up = &r->head.up;
    plato_head_ack answer = {.client_id = up->client_id, .session_id = up->session_id};
    struct member *sender = device_member(r->core, r->conn->device, up->session_id);
    if (up->conn_id != 0 && up->conn_id != r->conn->conn_id) {
        answer.code = PLATO_ACK_UNKNOWN_CONN;
        refuse(r, answer, "conn_id is not that of this connection");
    } else if (sender == NULL) {
        answer.code = PLATO_ACK_UNKNOWN_SESSION;
        refuse(r, answer, "the device is not a member of this session");
    } else if (up->client_id == 0) {
        answer.code = PLATO_ACK_MALFORMED;
        refuse(r, answer, "client_id counts from 1");
    } else if (up->client_id == sender->last_client_id + 1) {
        accept_up(r, sender, answer);
    } else if (up->client_id <= sender->last_client_id) {
        r->core->stats.repeated++;
        answer.msg_id = member_recall(r->core, sender, up->client_id);
        ack(r, answer);
    } else {
        answer.code = PLATO_ACK_OUT_OF_ORDER;
        answer.client_id = sender->last_client_id + 1;
        refuse(r, answer, "client_id holds the id expected next");
    }
}

/* An ACK is never answered, whatever it says: two peers could go on for ever. */
static void on_ack(const request *r)
{
    const plato_head_ack *ack = &r->head.ack;
    if (r->conn->device == NULL || ack->type != PLATO_PUSH || ack->code != PLATO_ACK_OK)
        return;
    struct member *member = device_member(r->core, r->conn->device, ack->session_id);
    if (member == NULL)
        return;
    flight_acknowledge(r->core, member, ack->msg_id, r->now_ms);
    chat_catch_up(r->core, member, r->now_ms);
}

static void on_push(const request *r)
{
    refuse(r, (plato_head_ack){.code = PLATO_ACK_MALFORMED}, "PUSH is for servers to send");
}

static void on_sync(const request *r)
{
    const plato_head_sync *sync = &r->head.sync;
    plato_head_ack answer = {.session_id = sync->session_id};
    struct member *member = device_member(r->core, r->conn->device, sync->session_id);
    if (member == NULL) {
        answer.code = PLATO_ACK_UNKNOWN_SESSION;
        refuse(r, answer, "the device is not a member of this session");
        return;
    }
    const uint64_t from = MAX(sync->from_msg_id, 1); /* left out means from the first on */
    answer.msg_id = chat_send_range(r->core, member, from, sync->to_msg_id, r->now_ms);
    if (from <= MIN(sync->to_msg_id, member->chat->last_msg_id) &&
        !chat_is_kept(r->core, member->chat, from)) {
        answer.code = PLATO_ACK_INTERNAL;
        refuse(r, answer, "the oldest of these messages are no longer kept");
    } else {
        ack(r, answer);
    }
}

static const struct {
    void (*handle)(const request *r);
    bool before_login; /* allowed before it; what is not is refused with NOT_LOGGED_IN */
} rows[] = {
    [PLATO_LOGIN] = {on_login, true},   [PLATO_HEARTBEAT] = {on_heartbeat, false},
    [PLATO_RECONN] = {on_reconn, true}, [PLATO_ACK] = {on_ack, true},
    [PLATO_UP] = {on_up, false},        [PLATO_PUSH] = {on_push, true},
    [PLATO_SYNC] = {on_sync, false},
};

/* The answer to a frame that comes too soon; of an UP it names which. */
static void refuse_pace(request *r)
{
    plato_head_ack answer = {.code = PLATO_ACK_RATE_LIMITED};
    if (r->frame->msg_type == PLATO_ACK)
        return;
    if (r->frame->msg_type == PLATO_UP &&
        plato_head_read_frame(r->frame, &r->head, NULL) == PLATO_OK) {
        answer.client_id = r->head.up.client_id;
        answer.session_id = r->head.up.session_id;
    }
    refuse(r, answer, "too many frames in too short a time");
}

/*
 * True if the frame is not to be handled. A client that gets many PUSHes has to send many ACKs:
 * once it has logged in, these are free.
 */
static bool is_too_fast(request *r)
{
    const core_hooks *hooks = &r->core->config.hooks;
    if (hooks->pace == NULL || (r->frame->msg_type == PLATO_ACK && r->conn->device != NULL))
        return false;
    const core_pace pace = hooks->pace(hooks->user, r->conn->key, r->now_ms);
    if (pace == CORE_PACE_GO_ON)
        return false;
    refuse_pace(r);
    if (pace == CORE_PACE_ENOUGH && !r->conn->closing) {
        core_log(r->core, CORE_LOG_INFO, r->conn, "closed: goes on sending too fast");
        connection_because(r->conn, CORE_CLOSED_RATE);
        connection_close(r->core, r->conn, true, r->now_ms);
    }
    return true;
}

void handle_frame(struct core *core, connection *conn, const plato_frame *frame, uint64_t now_ms)
{
    request r = {.core = core, .conn = conn, .frame = frame, .now_ms = now_ms};
    count_frame(core->stats.frames_received, frame->msg_type);
    if (is_too_fast(&r))
        return;
    if (frame->msg_type >= G_N_ELEMENTS(rows)) {
        refuse(&r, (plato_head_ack){.code = PLATO_ACK_UNKNOWN_TYPE}, "unknown message type");
        return;
    }
    if (conn->device == NULL && !rows[frame->msg_type].before_login) {
        refuse(&r, (plato_head_ack){.code = PLATO_ACK_NOT_LOGGED_IN}, "log in first");
        return;
    }
    plato_err err = plato_head_read_frame(frame, &r.head, NULL);
    if (err != PLATO_OK)
        refuse(&r, (plato_head_ack){.code = PLATO_ACK_MALFORMED}, plato_strerror(err));
    else
        rows[frame->msg_type].handle(&r);
}
