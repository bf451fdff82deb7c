/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/services.h"

#include "daemon/hall.h"
#include "daemon/listener.h"

#include <string.h>

/* In the log, connections of Plato have the numbers below. */
#define FIRST_KEY(kind) ((uint64_t)((kind) + 1) << 32)

/* Tries to find one number that is free for UDP and for TCP. */
#define PORT_TRIES 16

static const struct {
    const command_syntax *syntax;
    const char *option;
    const char *tls_option;
    const char *alpn;
} kinds[SERVICES] = {
    [SERVICE_LATENCY] = {&latency_syntax, "--latency-port", "--latency-tls-port",
                         PLATO_LATENCY_ALPN},
    [SERVICE_TEXT] = {&text_syntax, "--text-port", "--text-tls-port", PLATO_TEXTCMD_ALPN},
    [SERVICE_BINARY] = {&binary_syntax, "--binary-port", "--binary-tls-port", PLATO_BINCMD_ALPN},
};

typedef struct service {
    struct services *all;
    service_kind kind;
    struct listener *plain, *secure;
    struct hall *hall;
    dialogue_stats stats;
    uint64_t accepted;
} service;

struct services {
    service each[SERVICES];
    struct udp_echo *udp;
    struct tls *tls; /* NULL: none */
    struct admission *admission;
    server_counts counts;
    gint64 started_us;
    void (*emptied)(void *user);
    void *user;
};

void services_options_init(services_options *options)
{
    dialogue_config dialogue;
    dialogue_config_init(&dialogue);
    *options = (services_options){.ports = {-1, -1, -1},
                                  .tls_ports = {-1, -1, -1},
                                  .idle_ms = dialogue.idle_ms,
                                  .command_ms = dialogue.command_ms,
                                  .max_closing = 256,
                                  .closing_ms = dialogue.closing_ms,
                                  .max_output = dialogue.max_output};
    admission_config_init(&options->admission);
    options->admission.max_guests = 256;
    options->admission.max_per_address = 64;
    options->admission.guest_rate = (bucket_rate){50, 200};
    options->admission.address_rate = (bucket_rate){200, 800};
    options->admission.patience.burst = 16;
}

static bool any_port(const int ports[SERVICES])
{
    for (unsigned i = 0; i < SERVICES; i++) {
        if (ports[i] >= 0)
            return true;
    }
    return false;
}

bool services_wanted(const services_options *options)
{
    return any_port(options->ports) || services_want_tls(options);
}

bool services_want_tls(const services_options *options)
{
    return any_port(options->tls_ports);
}

const char *service_name(service_kind kind)
{
    return kinds[kind].syntax->name;
}

static int64_t wall_us(void *user)
{
    (void)user;
    return g_get_real_time();
}

static void append_counts(GString *json, const char *name, const uint64_t values[SERVICES])
{
    g_string_append_printf(json, ",\"%s\":{", name);
    for (unsigned i = 0; i < SERVICES; i++)
        g_string_append_printf(json, "%s\"%s\":%" G_GUINT64_FORMAT, i > 0 ? "," : "",
                               service_name((service_kind)i), values[i]);
    g_string_append_c(json, '}');
}

/* Ten numbers: with 20 digits each, 400 bytes. */
static void write_stats(void *user, GString *json)
{
    const struct services *services = user;
    uint64_t connections[SERVICES], answered[SERVICES], errors[SERVICES] = {0};
    for (unsigned i = 0; i < SERVICES; i++) {
        const service *s = &services->each[i];
        connections[i] = s->hall != NULL ? hall_count(s->hall) : 0;
        answered[i] = s->stats.answered;
        for (unsigned code = 0; code < DIALOGUE_CODES; code++)
            errors[i] += s->stats.errors[code];
    }
    g_string_append_printf(json, "{\"uptime_s\":%" G_GINT64_FORMAT,
                           (g_get_monotonic_time() - services->started_us) / G_USEC_PER_SEC);
    append_counts(json, "connections", connections);
    append_counts(json, "answered", answered);
    append_counts(json, "errors", errors);
    g_string_append_c(json, '}');
}

static void on_plain(void *user, evutil_socket_t fd, const struct sockaddr *peer)
{
    service *s = user;
    s->accepted++;
    hall_accept(s->hall, fd, peer, NULL);
}

static void on_secure(void *user, evutil_socket_t fd, const struct sockaddr *peer)
{
    service *s = user;
    s->accepted++;
    hall_accept(s->hall, fd, peer, s->all->tls);
}

static void on_emptied(void *user)
{
    const service *s = user;
    if (services_are_empty(s->all))
        s->all->emptied(s->all->user);
}

static void open_hall(service *s, struct event_base *base, const services_options *options)
{
    hall_config config = {.alpn = kinds[s->kind].alpn,
                          .admission = s->all->admission,
                          .max_closing = options->max_closing,
                          .first_key = FIRST_KEY(s->kind),
                          .counts = &s->all->counts,
                          .emptied = on_emptied,
                          .user = s};
    dialogue_config_init(&config.dialogue);
    config.dialogue.syntax = kinds[s->kind].syntax;
    config.dialogue.one_reply = options->one_reply;
    config.dialogue.idle_ms = options->idle_ms;
    config.dialogue.command_ms = options->command_ms;
    config.dialogue.closing_ms = options->closing_ms;
    config.dialogue.max_output = options->max_output;
    config.dialogue.source = (answer_source){s->all, wall_us, write_stats, PLATO_PROGRAM_VERSION};
    config.dialogue.stats = &s->stats;
    s->hall = hall_new(base, &config);
}

static bool listen_tcp(service *s, struct event_base *base, const services_options *options,
                       int port, char **error)
{
    const listener_config config = {
        options->listen, port, kinds[s->kind].option, &s->all->counts.accept_errors, on_plain, s};
    s->plain = listener_new(base, &config, error);
    return s->plain != NULL;
}

static int port_in(const char *address)
{
    return (int)g_ascii_strtoll(strrchr(address, ':') + 1, NULL, 10);
}

/* The same number for both: what TCP was given at random, UDP may not get. */
static bool listen_latency(service *s, struct event_base *base, const services_options *options,
                           char **error)
{
    const int wanted = options->ports[SERVICE_LATENCY];
    for (unsigned i = 0; i < (wanted == 0 ? PORT_TRIES : 1); i++) {
        g_clear_pointer(error, g_free);
        if (!listen_tcp(s, base, options, wanted, error))
            return false;
        const udp_echo_config config = {options->listen, port_in(listener_address(s->plain)),
                                        kinds[s->kind].option, options->admission.address_rate,
                                        options->admission.max_idle_addresses};
        s->all->udp = udp_echo_new(base, &config, error);
        if (s->all->udp != NULL)
            return true;
        g_clear_pointer(&s->plain, listener_free);
    }
    return false;
}

static bool listen_plain(service *s, struct event_base *base, const services_options *options,
                         char **error)
{
    if (options->ports[s->kind] < 0)
        return true;
    return s->kind == SERVICE_LATENCY
               ? listen_latency(s, base, options, error)
               : listen_tcp(s, base, options, options->ports[s->kind], error);
}

static bool listen_tls(service *s, struct event_base *base, const services_options *options,
                       char **error)
{
    const listener_config config = {options->listen,
                                    options->tls_ports[s->kind],
                                    kinds[s->kind].tls_option,
                                    &s->all->counts.accept_errors,
                                    on_secure,
                                    s};
    if (config.port < 0)
        return true;
    s->secure = listener_new(base, &config, error);
    return s->secure != NULL;
}

static bool start(service *s, struct event_base *base, const services_options *options,
                  char **error)
{
    if (options->ports[s->kind] < 0 && options->tls_ports[s->kind] < 0)
        return true;
    open_hall(s, base, options);
    return listen_plain(s, base, options, error) && listen_tls(s, base, options, error);
}

struct services *services_new(struct event_base *base, const services_options *options,
                              struct tls *tls, void (*emptied)(void *user), void *user,
                              char **error)
{
    struct services *services = g_new0(struct services, 1);
    admission_config admission = options->admission;
    /* nobody logs in here */
    admission.max_unproven = admission.max_unproven_per_address = admission.max_guests;
    services->admission = admission_new(&admission);
    services->started_us = g_get_monotonic_time();
    services->tls = tls;
    services->emptied = emptied;
    services->user = user;
    bool ok = true;
    for (unsigned i = 0; i < SERVICES; i++) {
        services->each[i].all = services;
        services->each[i].kind = (service_kind)i;
        ok = ok && start(&services->each[i], base, options, error);
    }
    if (!ok)
        g_clear_pointer(&services, services_free);
    return services;
}

void services_free(struct services *services)
{
    if (services == NULL)
        return;
    services_shut(services);
    for (unsigned i = 0; i < SERVICES; i++)
        hall_free(services->each[i].hall);
    admission_free(services->admission);
    g_free(services);
}

void services_print_addresses(const struct services *services, FILE *to)
{
    for (unsigned i = 0; i < SERVICES; i++) {
        const service *s = &services->each[i];
        if (s->plain != NULL)
            fprintf(to, "listening for %s on %s%s\n", service_name(s->kind),
                    listener_address(s->plain), s->kind == SERVICE_LATENCY ? " (UDP and TCP)" : "");
        if (s->secure != NULL)
            fprintf(to, "listening for %s with TLS on %s\n", service_name(s->kind),
                    listener_address(s->secure));
    }
}

void services_shut(struct services *services)
{
    for (unsigned i = 0; i < SERVICES; i++) {
        g_clear_pointer(&services->each[i].plain, listener_free);
        g_clear_pointer(&services->each[i].secure, listener_free);
    }
    g_clear_pointer(&services->udp, udp_echo_free);
}

void services_stop(struct services *services)
{
    for (unsigned i = 0; i < SERVICES; i++) {
        if (services->each[i].hall != NULL)
            hall_stop(services->each[i].hall);
    }
}

bool services_are_empty(const struct services *services)
{
    for (unsigned i = 0; i < SERVICES; i++) {
        const service *s = &services->each[i];
        if (s->hall != NULL && hall_count(s->hall) > 0)
            return false;
    }
    return true;
}

const server_counts *services_counts(const struct services *services)
{
    return &services->counts;
}

services_stats services_get_stats(const struct services *services)
{
    services_stats stats = {.admission = admission_get_stats(services->admission)};
    for (unsigned i = 0; i < SERVICES; i++) {
        const service *s = &services->each[i];
        stats.connections[i] = s->hall != NULL ? hall_count(s->hall) : 0;
        stats.accepted[i] = s->accepted;
        stats.dialogues[i] = s->stats;
    }
    if (services->udp != NULL)
        stats.udp = udp_echo_get_stats(services->udp);
    return stats;
}
