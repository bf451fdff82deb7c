/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/metrics.h"

#include "daemon/listener.h"
#include "daemon/services_metrics.h"
#include "metrics/exposition.h"

#include <event2/buffer.h>
#include <event2/http.h>

/* Requests are short and come from this machine, so they are there at once. */
#define TIMEOUT_SECONDS 10
#define MOST_HEADERS 8192
#define MOST_BODY 1024

struct metrics {
    const struct pump *pump;
    server_counts *counts;
    const struct services *services; /* NULL: none */
    struct evhttp *http;
    char address[ADDRESS_TEXT];
};

typedef struct plain_row {
    const char *name, *type, *help;
    uint64_t value;
} plain_row;

static void append_rows(GString *page, const plain_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        exposition_plain(page, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
}

static const char *const type_names[CORE_COUNTED_TYPES] = {
    [PLATO_LOGIN] = "LOGIN",   [PLATO_HEARTBEAT] = "HEARTBEAT",
    [PLATO_RECONN] = "RECONN", [PLATO_ACK] = "ACK",
    [PLATO_UP] = "UP",         [PLATO_PUSH] = "PUSH",
    [PLATO_SYNC] = "SYNC",     [PLATO_SYNC + 1] = "other",
};

static void append_frames(GString *page, const char *name, const char *help,
                          const uint64_t counts[CORE_COUNTED_TYPES])
{
    exposition_head(page, name, "counter", help);
    for (unsigned i = 0; i < CORE_COUNTED_TYPES; i++)
        exposition_value(page, name, "type", type_names[i], counts[i]);
}

static void append_core_tables(GString *page, const core_stats *core)
{
    const char *name = "plato_refusals_total";
    append_frames(page, "plato_frames_received_total", "Whole and undamaged frames, by type.",
                  core->frames_received);
    append_frames(page, "plato_frames_sent_total", "Frames handed to a connection, by type.",
                  core->frames_sent);
    exposition_head(page, name, "counter", "ACKs with a code other than OK, by code.");
    for (unsigned i = PLATO_ACK_MALFORMED; i <= PLATO_ACK_INTERNAL; i++)
        exposition_value(page, name, "code", plato_ack_code_name(i), core->refused_with[i]);
    name = "plato_connections_closed_total";
    exposition_head(page, name, "counter", "Connections that were closed, by reason.");
    for (unsigned i = 0; i < CORE_CLOSE_REASONS; i++)
        exposition_value(page, name, "reason", core_close_reason_name((core_close_reason)i),
                         core->closed[i]);
}

static void append_core(GString *page, const core_stats *core)
{
    const plain_row rows[] = {
        {"plato_connections", "gauge", "Open connections, without those that are closing.",
         core->connections},
        {"plato_connections_closing", "gauge", "Connections that wait for their end.",
         core->closing},
        {"plato_devices", "gauge", "Devices with state, connected or not.", core->devices},
        {"plato_sessions", "gauge", "Sessions that have members.", core->sessions},
        {"plato_memberships", "gauge", "Memberships of devices in sessions.", core->memberships},
        {"plato_log_bytes", "gauge", "Messages kept in memory.", core->log_bytes},
        {"plato_input_bytes", "gauge", "Unfinished frames that are being received.",
         core->input_bytes},
        {"plato_uncommitted_bytes", "gauge", "Messages that wait to be stored.",
         core->uncommitted_bytes},
        {"plato_commits_total", "counter", "Batches handed to the store.", core->commits},
        {"plato_pushes_resent_total", "counter", "PUSHes sent again on the same connection.",
         core->resent},
        {"plato_output_bytes", "gauge", "Bytes that wait to be written to peers.",
         core->output_bytes},
        {"plato_messages_accepted_total", "counter", "UPs that got a new msg_id.", core->accepted},
        {"plato_messages_repeated_total", "counter", "UPs that were acknowledged again.",
         core->repeated},
        {"plato_crc_errors_total", "counter", "Frames with a wrong CRC.",
         core->refused_with[PLATO_ACK_BAD_CRC]},
    };
    append_rows(page, rows, G_N_ELEMENTS(rows));
    append_core_tables(page, core);
}

static void append_admission(GString *page, const admission_stats *admission)
{
    const char *name = "plato_turned_away_total";
    const plain_row rows[] = {
        {"plato_connections_unauthenticated", "gauge", "Connections that have not logged in.",
         admission->unproven},
        {"plato_addresses", "gauge", "Addresses in the table of limits.", admission->addresses},
        {"plato_rate_limited_total", "counter", "Frames that came too fast.", admission->too_fast},
    };
    append_rows(page, rows, G_N_ELEMENTS(rows));
    exposition_head(page, name, "counter", "Connections that were not let in, by limit.");
    for (unsigned i = ADMISSION_YES + 1; i < ADMISSION_ANSWERS; i++)
        exposition_value(page, name, "limit", admission_answer_name((admission_answer)i),
                         admission->refused[i]);
}

static void append_counts(GString *page, const server_counts *counts)
{
    const char *name = "plato_accepted_total";
    const plain_row rows[] = {
        {"plato_accept_errors_total", "counter", "Times that the system gave no socket.",
         counts->accept_errors},
        {"plato_received_bytes_total", "counter", "Bytes received, without TLS's own.",
         counts->bytes_received},
        {"plato_sent_bytes_total", "counter", "Bytes sent, without TLS's own.", counts->bytes_sent},
        {"plato_reading_paused_total", "counter", "Times that a connection was not read from.",
         counts->held},
        {"plato_logins_refused_total", "counter", "LOGINs without a good token.",
         counts->logins_refused},
        {"plato_tls_handshakes_total", "counter", "TLS handshakes that succeeded.",
         counts->tls_handshakes},
        {"plato_tls_failures_total", "counter", "TLS handshakes and records that failed.",
         counts->tls_failures},
        {"plato_tls_truncations_total", "counter", "TLS connections without close_notify.",
         counts->tls_truncations},
    };
    append_rows(page, rows, G_N_ELEMENTS(rows));
    exposition_head(page, name, "counter", "TCP connections that were accepted, by listener.");
    exposition_value(page, name, "listener", "plain", counts->accepted_plain);
    exposition_value(page, name, "listener", "tls", counts->accepted_tls);
    exposition_histogram(page, "plato_commit_seconds", "Time until a batch of messages is stored.",
                         &counts->commit_latency);
}

static void on_request(struct evhttp_request *request, void *user)
{
    const struct metrics *metrics = user;
    const core_stats core = pump_core_stats(metrics->pump);
    const admission_stats admission = pump_admission_stats(metrics->pump);
    GString *page = g_string_new(NULL);
    append_core(page, &core);
    append_admission(page, &admission);
    append_counts(page, metrics->counts);
    if (metrics->services != NULL)
        services_metrics_append(page, metrics->services);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
                      "text/plain; version=0.0.4; charset=utf-8");
    evbuffer_add(evhttp_request_get_output_buffer(request), page->str, page->len);
    evhttp_send_reply(request, HTTP_OK, "OK", NULL);
    g_string_free(page, TRUE);
}

/* As the listeners for Plato do; `user` is evhttp's. The metrics live as long as the loop runs. */
static void on_resume(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    evconnlistener_enable(user);
}

static void on_accept_error(struct evconnlistener *socket, void *user)
{
    const struct timeval pause = {0, ACCEPT_PAUSE_MS * 1000};
    (void)user;
    evconnlistener_disable(socket);
    event_base_once(evconnlistener_get_base(socket), -1, EV_TIMEOUT, on_resume, socket, &pause);
}

static struct evhttp *new_http(struct event_base *base, struct metrics *metrics)
{
    struct evhttp *http = evhttp_new(base);
    if (http == NULL)
        g_error("libevent has no memory");
    evhttp_set_timeout(http, TIMEOUT_SECONDS);
    evhttp_set_max_headers_size(http, MOST_HEADERS);
    evhttp_set_max_body_size(http, MOST_BODY);
    evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_cb(http, "/metrics", on_request, metrics);
    return http;
}

struct metrics *metrics_new(struct event_base *base, int port, const struct pump *pump,
                            server_counts *counts, const struct services *services, char **error)
{
    const listener_config config = {.host = "127.0.0.1", .port = port, .option = "--metrics"};
    struct evconnlistener *socket = listener_bind(base, &config, NULL, NULL, error);
    if (socket == NULL)
        return NULL;
    struct metrics *metrics = g_new0(struct metrics, 1);
    metrics->pump = pump;
    metrics->counts = counts;
    metrics->services = services;
    metrics->http = new_http(base, metrics);
    evconnlistener_set_error_cb(socket, on_accept_error);
    listener_bound_address(socket, metrics->address);
    if (evhttp_bind_listener(metrics->http, socket) == NULL)
        g_error("libevent has no memory");
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    evhttp_free(metrics->http);
    g_free(metrics);
}

const char *metrics_address(const struct metrics *metrics)
{
    return metrics->address;
}
