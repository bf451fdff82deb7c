/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core_driver.h"

#include "plato/wire.h"

#include <check.h>
#include <string.h>

static void start(driver *d, const core_config *config)
{
    core_config own;
    core_config_init(&own);
    if (config != NULL)
        own = *config;
    if (d->store != NULL)
        own.reader = &d->reader;
    d->core = core_new(&own);
    d->now_ms = 1000000;
    d->drain = true;
    d->warnings = g_string_new(NULL);
    for (size_t i = 0; i < MOST_PEERS; i++)
        d->output[i] = g_byte_array_new();
}

void driver_start(driver *d, const core_config *config)
{
    memset(d, 0, sizeof *d);
    start(d, config);
}

void driver_start_stored(driver *d, const core_config *config, const store_options *options)
{
    char *error = NULL;
    memset(d, 0, sizeof *d);
    d->store = store_open(options, &error);
    ck_assert_msg(d->store != NULL, "%s", error);
    d->reader = store_reader(d->store);
    start(d, config);
    records *kept = store_load(d->store, &error);
    ck_assert_msg(kept != NULL, "%s", error);
    ck_assert_ptr_null(core_restore(d->core, d->now_ms, kept));
    records_free(kept);
}

static void commit(driver *d, records *batch)
{
    char *error = NULL;
    ck_assert_msg(store_write(d->store, batch, &error), "%s", error);
    ck_assert_msg(store_tidy(d->store, &error), "%s", error);
    core_committed(d->core, d->now_ms, batch->batch_no);
    records_free(batch);
}

void driver_commit(driver *d)
{
    ck_assert_ptr_nonnull(d->batch);
    commit(d, g_steal_pointer(&d->batch));
    driver_pump(d);
}

void driver_stop(driver *d)
{
    core_free(d->core);
    store_close(d->store, false);
    records_free(d->batch);
    g_string_free(d->warnings, TRUE);
    for (size_t i = 0; i < MOST_PEERS; i++)
        g_byte_array_unref(d->output[i]);
}

void driver_restart(driver *d, const core_config *config)
{
    driver_stop(d);
    ck_assert_ptr_null(core_config_check(config));
    driver_start(d, config);
}

static void carry_out(driver *d, core_action *action)
{
    gsize n;
    ck_assert_msg(action->kind != CORE_FAIL, "%s", action->text);
    if (action->kind == CORE_COMMIT) {
        ck_assert_ptr_null(d->batch);
        if (d->hold_commits)
            d->batch = g_steal_pointer(&action->batch);
        else
            commit(d, g_steal_pointer(&action->batch));
        return;
    }
    if (action->kind == CORE_LOG) {
        if (action->level == CORE_LOG_WARNING)
            g_string_append_printf(d->warnings, "%s\n", action->text);
        return;
    }
    ck_assert_uint_lt(action->conn, MOST_PEERS);
    if (action->kind == CORE_PAUSE || action->kind == CORE_RESUME) {
        d->paused[action->conn] = action->kind == CORE_PAUSE;
    } else if (action->kind == CORE_SEND) {
        const void *p = g_bytes_get_data(action->bytes, &n);
        ck_assert_msg(d->state[action->conn] == PEER_OPEN, "sent after a close");
        g_byte_array_append(d->output[action->conn], p, (guint)n);
        if (d->drain)
            core_drained(d->core, d->now_ms, action->conn, n);
    } else {
        d->state[action->conn] =
            action->kind == CORE_CLOSE_FLUSH ? PEER_CLOSED_FLUSH : PEER_CLOSED_NOW;
    }
}

void driver_pump(driver *d)
{
    core_action action;
    while (core_take_action(d->core, &action)) {
        carry_out(d, &action);
        core_action_clear(&action);
    }
}

conn_key driver_connect(driver *d)
{
    conn_key key = core_connected(d->core, d->now_ms);
    ck_assert_uint_lt(key, MOST_PEERS);
    driver_pump(d);
    return key;
}

void driver_feed(driver *d, conn_key key, const void *p, size_t n)
{
    core_received(d->core, d->now_ms, key, p, n);
    driver_pump(d);
}

void driver_send(driver *d, conn_key key, GBytes *frame)
{
    gsize n;
    const void *p = g_bytes_get_data(frame, &n);
    driver_feed(d, key, p, n);
    g_bytes_unref(frame);
}

void driver_pass(driver *d, uint64_t ms)
{
    const uint64_t end = d->now_ms + ms;
    while (core_deadline(d->core) <= end) {
        d->now_ms = MAX(d->now_ms, core_deadline(d->core));
        core_tick(d->core, d->now_ms);
        driver_pump(d);
    }
    d->now_ms = end;
}

bool driver_next(driver *d, conn_key key, plato_head *head, plato_span *body)
{
    plato_frame frame;
    const uint8_t *p = d->output[key]->data + d->read[key];
    const size_t n = d->output[key]->len - d->read[key];
    if (n == 0)
        return false;
    ck_assert_int_eq(plato_frame_parse(PLATO_FRAMING_HEADER, p, n, NULL, &frame), PLATO_OK);
    ck_assert(plato_frame_check_crc(&frame, (plato_crc_kind){0}));
    ck_assert_int_eq(plato_head_read_frame(&frame, head, body), PLATO_OK);
    d->read[key] += plato_frame_total(&frame);
    return true;
}

plato_head_ack driver_ack(driver *d, conn_key key)
{
    plato_head head;
    plato_span body;
    ck_assert_msg(driver_next(d, key, &head, &body), "no frame where an ACK was expected");
    ck_assert_uint_eq(head.msg_type, PLATO_ACK);
    return head.ack;
}

uint64_t driver_push(driver *d, conn_key key, const char *body)
{
    plato_head head;
    plato_span got;
    ck_assert_msg(driver_next(d, key, &head, &got), "no frame where a PUSH was expected");
    ck_assert_uint_eq(head.msg_type, PLATO_PUSH);
    ck_assert_uint_eq(got.n, strlen(body));
    ck_assert_mem_eq(got.p, body, got.n);
    return head.push.msg_id;
}

bool driver_silent(driver *d, conn_key key)
{
    return d->output[key]->len == d->read[key];
}

conn_key driver_log_in(driver *d, uint64_t device_id, const uint64_t *session_ids, size_t n,
                       uint64_t *conn_id)
{
    conn_key key = driver_connect(d);
    driver_send(d, key, make_login(device_id, session_ids, n));
    const plato_head_ack ack = driver_ack(d, key);
    ck_assert_uint_eq(ack.code, PLATO_ACK_OK);
    ck_assert_uint_eq(ack.type, PLATO_LOGIN);
    if (conn_id != NULL)
        *conn_id = ack.conn_id;
    return key;
}

GBytes *make_login(uint64_t device_id, const uint64_t *session_ids, size_t n)
{
    const plato_head head = {.msg_type = PLATO_LOGIN, .login = {device_id}};
    GByteArray *body = g_byte_array_new();
    for (size_t i = 0; i < n; i++) {
        uint8_t field[11] = {3 << 3};
        const size_t size = plato_varint_write(session_ids[i], field + 1);
        g_byte_array_append(body, field, (guint)size + 1);
    }
    GBytes *frame = encode_frame(&head, (plato_span){body->data, body->len});
    g_byte_array_unref(body);
    return frame;
}

GBytes *make_up(uint64_t client_id, uint64_t session_id, const char *body)
{
    const plato_head head = {.msg_type = PLATO_UP,
                             .up = {.client_id = client_id, .session_id = session_id}};
    return encode_frame(&head, (plato_span){(const uint8_t *)body, strlen(body)});
}

GBytes *make_reconn(uint64_t conn_id)
{
    const plato_head head = {.msg_type = PLATO_RECONN, .reconn = {conn_id}};
    return encode_frame(&head, (plato_span){NULL, 0});
}

GBytes *make_push_ack(uint64_t session_id, uint64_t msg_id)
{
    const plato_head head = {
        .msg_type = PLATO_ACK,
        .ack = {.type = PLATO_PUSH, .session_id = session_id, .msg_id = msg_id}};
    return encode_frame(&head, (plato_span){NULL, 0});
}

GBytes *make_sync(uint64_t session_id, uint64_t from, uint64_t to)
{
    const plato_head head = {.msg_type = PLATO_SYNC, .sync = {session_id, from, to}};
    return encode_frame(&head, (plato_span){NULL, 0});
}

GBytes *make_heartbeat(void)
{
    const plato_head head = {.msg_type = PLATO_HEARTBEAT};
    return encode_frame(&head, (plato_span){NULL, 0});
}
