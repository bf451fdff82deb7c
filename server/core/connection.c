/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections: from bytes to frames, and what is wrong with bytes that are none. */
#include "core/commit.h"
#include "core/device.h"

static plato_decoder *new_decoder(const core_config *limits)
{
    plato_decoder *decoder;
    plato_decoder_config config;
    plato_decoder_config_init(&config);
    config.limits = limits->limits;
    config.events = PLATO_EVENT_HEADER | PLATO_EVENT_FRAME;
    config.keep_buffer = 4096; /* thousands of connections are idle at a time */
    if (plato_decoder_new(&config, NULL, &decoder) != PLATO_OK)
        g_error("a decoder cannot be made");
    return decoder;
}

connection *connection_new(struct core *core, uint64_t now_ms)
{
    connection *conn = g_new0(connection, 1);
    conn->key = ++core->last_key;
    conn->decoder = new_decoder(&core->config);
    conn->connected_ms = now_ms;
    conn->last_byte_ms = now_ms;
    g_hash_table_insert(core->connections, &conn->key, conn);
    core->stats.connections++;
    return conn;
}

void connection_free(connection *conn)
{
    plato_decoder_free(conn->decoder);
    g_free(conn);
}

connection *connection_find(struct core *core, conn_key key)
{
    return g_hash_table_lookup(core->connections, &key);
}

static void set_input(struct core *core, connection *conn, size_t bytes)
{
    core->stats.input_bytes += bytes - conn->input;
    conn->input = bytes;
}

/* Nothing that comes will be looked at: what has come of a frame need not wait for the end. */
static void drop_input(struct core *core, connection *conn)
{
    set_input(core, conn, 0);
    plato_decoder_free(conn->decoder);
    conn->decoder = NULL;
}

const char *core_close_reason_name(core_close_reason reason)
{
    static const char *const names[] = {
        [CORE_CLOSED_BY_PEER] = "peer",      [CORE_CLOSED_LOST] = "lost",
        [CORE_CLOSED_REFUSED] = "refused",   [CORE_CLOSED_TURNED_AWAY] = "turned_away",
        [CORE_CLOSED_RATE] = "rate",         [CORE_CLOSED_SLOW_READER] = "slow_reader",
        [CORE_CLOSED_NO_LOGIN] = "no_login", [CORE_CLOSED_FRAME_TIME] = "frame_timeout",
        [CORE_CLOSED_IDLE] = "idle",         [CORE_CLOSED_REPLACED] = "replaced",
        [CORE_CLOSED_SHUTDOWN] = "shutdown",
    };
    return names[reason];
}

void connection_because(connection *conn, core_close_reason why)
{
    if (!conn->closing)
        conn->why = why;
}

static void begin_closing(struct core *core, connection *conn, uint64_t now_ms)
{
    core->stats.closed[conn->why]++;
    conn->closing = true;
    conn->closing_ms = now_ms;
    core->stats.connections--;
    core->stats.closing++;
    if (!conn->decoding)
        drop_input(core, conn);
    core_due(core, now_ms + core->config.linger_ms);
}

void connection_close(struct core *core, connection *conn, bool flush, uint64_t now_ms)
{
    if (!conn->closing)
        begin_closing(core, conn, now_ms);
    /* A peer that stays until the end may take a place for linger_ms, but not any number of them */
    if (core->stats.closing > core->config.max_closing && !core->stopping)
        flush = false;
    commit_forget_connection(core, conn);
    device_detach(core, conn, now_ms);
    core_add_action(
        core, (core_action){.kind = flush ? CORE_CLOSE_FLUSH : CORE_CLOSE_NOW, .conn = conn->key});
}

conn_key core_turned_away(struct core *core, uint64_t now_ms, const char *why)
{
    const plato_head_ack full = {.code = PLATO_ACK_OVERLOADED};
    connection *conn = connection_new(core, now_ms);
    connection_because(conn, CORE_CLOSED_TURNED_AWAY);
    core_refuse(core, conn, &full, why, now_ms);
    connection_close(core, conn, true, now_ms);
    return conn->key;
}

conn_key core_connected(struct core *core, uint64_t now_ms)
{
    if (core->stopping || core->stats.connections >= core->config.max_connections)
        return core_turned_away(core, now_ms, "the server takes no more connections");
    core_due(core, now_ms + core->config.login_timeout_ms);
    return connection_new(core, now_ms)->key;
}

/* What each error of the decoder is called in an ACK; all others are MALFORMED. */
static uint32_t code_for(plato_err err)
{
    static const struct {
        plato_err err;
        uint32_t code;
    } rows[] = {
        {PLATO_ERR_VAR_HEAD_TOO_LONG, PLATO_ACK_TOO_LARGE},
        {PLATO_ERR_BODY_TOO_LONG, PLATO_ACK_TOO_LARGE},
        {PLATO_ERR_CRC, PLATO_ACK_BAD_CRC},
        {PLATO_ERR_NO_MEMORY, PLATO_ACK_INTERNAL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].err == err)
            return rows[i].code;
    }
    return PLATO_ACK_MALFORMED;
}

/* Ends the connection, whatever the code. */
static void refuse_and_close(struct core *core, connection *conn, uint32_t code, const char *why,
                             uint64_t now_ms)
{
    const plato_head_ack ack = {.code = code, .type = conn->msg_type};
    connection_because(conn, CORE_CLOSED_REFUSED);
    core_refuse(core, conn, &ack, why, now_ms);
    if (!conn->closing)
        connection_close(core, conn, true, now_ms);
}

/* The stream has no next frame. */
static void refuse_bytes(struct core *core, connection *conn, uint64_t now_ms)
{
    char why[160];
    const plato_error *error = plato_decoder_error(conn->decoder);
    refuse_and_close(core, conn, code_for(error->code), plato_error_format(error, why, sizeof why),
                     now_ms);
}

/* What the fixed header shows to be wrong is refused before the rest has come. */
static void handle_header(struct core *core, connection *conn, const plato_frame *frame,
                          uint64_t now_ms)
{
    plato_head_ack ack = {.type = frame->msg_type};
    conn->msg_type = frame->msg_type;
    if (frame->version != PLATO_VERSION_ON_WIRE) {
        ack.code = PLATO_ACK_UNSUPPORTED_VERSION;
        core_refuse(core, conn, &ack, "this server speaks version 1", now_ms);
    } else if (conn->device == NULL && plato_frame_total(frame) > core->config.max_login_len) {
        ack.code = PLATO_ACK_TOO_LARGE;
        core_refuse(core, conn, &ack, "too large for a connection that has not logged in", now_ms);
    }
}

static connection *most_input(struct core *core)
{
    GHashTableIter iter;
    gpointer value;
    connection *most = NULL;
    g_hash_table_iter_init(&iter, core->connections);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (most == NULL || ((connection *)value)->input > most->input)
            most = value;
    }
    return most;
}

/* The peer with the most bytes of an unfinished frame makes room, not the one that sends next. */
static void limit_input(struct core *core, uint64_t now_ms)
{
    while (core->stats.input_bytes > core->config.max_input)
        refuse_and_close(core, most_input(core), PLATO_ACK_OVERLOADED,
                         "the server holds as much of unfinished frames as it may", now_ms);
}

/* Starts the clock of a frame whose end is still to come, and counts its bytes. */
static void note_frame_in_progress(struct core *core, connection *conn, uint64_t now_ms)
{
    const uint64_t offset = plato_decoder_offset(conn->decoder);
    set_input(core, conn, (size_t)(conn->received - offset));
    if (offset == conn->received) {
        conn->in_frame = false;
    } else if (!conn->in_frame || conn->frame_offset != offset) {
        conn->in_frame = true;
        conn->frame_offset = offset;
        conn->frame_since_ms = now_ms;
        core_due(core, now_ms + core->config.frame_timeout_ms);
    }
    limit_input(core, now_ms);
}

static void decode(struct core *core, connection *conn, uint64_t now_ms)
{
    plato_event event;
    int rc = 0;
    while (!conn->closing && (rc = plato_decoder_next(conn->decoder, &event)) > 0) {
        if (event.kind == PLATO_EVENT_HEADER) {
            handle_header(core, conn, event.frame, now_ms);
        } else {
            handle_frame(core, conn, event.frame, now_ms);
            commit_check(core, now_ms);
            conn->msg_type = 0; /* of the next frame: unknown until its header is there */
        }
    }
    if (rc < 0)
        refuse_bytes(core, conn, now_ms);
}

void core_received(struct core *core, uint64_t now_ms, conn_key key, const uint8_t *p, size_t n)
{
    connection *conn = connection_find(core, key);
    if (conn == NULL || conn->closing)
        return;
    conn->received += n;
    conn->last_byte_ms = now_ms;
    plato_decoder_input(conn->decoder, p, n);
    conn->decoding = true; /* whoever closes it meanwhile leaves the decoder alone */
    decode(core, conn, now_ms);
    conn->decoding = false;
    if (conn->closing)
        drop_input(core, conn);
    else
        note_frame_in_progress(core, conn, now_ms);
}

void core_drained(struct core *core, uint64_t now_ms, conn_key key, size_t n)
{
    connection *conn = connection_find(core, key);
    if (conn == NULL)
        return;
    n = MIN(n, conn->output);
    conn->output -= n;
    core->stats.output_bytes -= n;
    if (conn->device != NULL && conn->output <= core->config.max_output / 4)
        device_catch_up(core, conn->device, now_ms);
}

void core_ended(struct core *core, uint64_t now_ms, conn_key key)
{
    char why[160];
    connection *conn = connection_find(core, key);
    if (conn == NULL || conn->closing)
        return;
    if (plato_decoder_finish(conn->decoder) != PLATO_OK)
        core_log(core, CORE_LOG_INFO, conn, "ended by the peer: %s",
                 plato_error_format(plato_decoder_error(conn->decoder), why, sizeof why));
    connection_close(core, conn, true, now_ms);
}

void core_disconnected(struct core *core, uint64_t now_ms, conn_key key)
{
    connection *conn = connection_find(core, key);
    if (conn == NULL)
        return;
    commit_forget_connection(core, conn);
    device_detach(core, conn, now_ms);
    set_input(core, conn, 0);
    core->stats.output_bytes -= conn->output;
    if (conn->closing) {
        core->stats.closing--;
    } else {
        core->stats.connections--;
        core->stats.closed[CORE_CLOSED_LOST]++;
    }
    g_hash_table_remove(core->connections, &key);
}
