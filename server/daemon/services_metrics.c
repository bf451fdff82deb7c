/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/services_metrics.h"

#include "metrics/exposition.h"

static void append_by_protocol(GString *page, const services_stats *stats)
{
    const char *const names[] = {"plato_command_connections", "plato_command_accepted_total",
                                 "plato_commands_total"};
    exposition_head(page, names[0], "gauge", "Connections that are open or closing, by protocol.");
    for (unsigned i = 0; i < SERVICES; i++)
        exposition_value(page, names[0], "protocol", service_name((service_kind)i),
                         stats->connections[i]);
    exposition_head(page, names[1], "counter", "TCP connections that were accepted, by protocol.");
    for (unsigned i = 0; i < SERVICES; i++)
        exposition_value(page, names[1], "protocol", service_name((service_kind)i),
                         stats->accepted[i]);
    exposition_head(page, names[2], "counter", "Commands that were answered, by protocol.");
    for (unsigned i = 0; i < SERVICES; i++)
        exposition_value(page, names[2], "protocol", service_name((service_kind)i),
                         stats->dialogues[i].answered);
}

static void append_over_all(GString *page, const services_stats *stats)
{
    const char *name = "plato_command_errors_total";
    exposition_head(page, name, "counter", "Error replies, by code.");
    for (unsigned code = 0; code < DIALOGUE_CODES; code++) {
        char text[16];
        uint64_t sum = 0;
        for (unsigned i = 0; i < SERVICES; i++)
            sum += stats->dialogues[i].errors[code];
        g_snprintf(text, sizeof text, "%u", (unsigned)dialogue_code(code));
        exposition_value(page, name, "code", text, sum);
    }
    name = "plato_command_closed_total";
    exposition_head(page, name, "counter", "Connections that were closed, by reason.");
    for (unsigned end = 0; end < DIALOGUE_ENDS; end++) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < SERVICES; i++)
            sum += stats->dialogues[i].ended[end];
        exposition_value(page, name, "reason", dialogue_end_name((dialogue_end)end), sum);
    }
}

static void append_datagrams(GString *page, const udp_echo_stats *udp)
{
    const char *name = "plato_latency_datagrams_total";
    exposition_head(page, name, "counter", "Datagrams that came, by what became of them.");
    exposition_value(page, name, "fate", "returned", udp->returned);
    exposition_value(page, name, "fate", "too_fast", udp->too_fast);
    exposition_value(page, name, "fate", "dropped", udp->dropped);
}

void services_metrics_append(GString *page, const struct services *services)
{
    const services_stats stats = services_get_stats(services);
    const server_counts *counts = services_counts(services);
    append_by_protocol(page, &stats);
    append_over_all(page, &stats);
    append_datagrams(page, &stats.udp);
    exposition_plain(page, "plato_command_accept_errors_total", "counter",
                     "Times that the system gave no socket.", counts->accept_errors);
    exposition_plain(page, "plato_command_received_bytes_total", "counter",
                     "Bytes received over TCP.", counts->bytes_received);
    exposition_plain(page, "plato_command_sent_bytes_total", "counter", "Bytes sent over TCP.",
                     counts->bytes_sent);
    exposition_plain(page, "plato_command_tls_handshakes_total", "counter",
                     "TLS handshakes that succeeded.", counts->tls_handshakes);
    exposition_plain(page, "plato_command_tls_failures_total", "counter",
                     "TLS handshakes and records that failed.", counts->tls_failures);
    exposition_plain(page, "plato_command_tls_truncations_total", "counter",
                     "TLS connections without close_notify.", counts->tls_truncations);
    exposition_plain(page, "plato_command_reading_paused_total", "counter",
                     "Times that a connection was not read from.", counts->held);
}
