/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules know of connections of the latency and command protocols. */
#include "talk.h"

#include <plato/command.h>

const char *talk_protocol_name(uint32_t protocol)
{
    static const char *const names[] = {[PLATO_TAP_LATENCY] = "latency",
                                        [PLATO_TAP_TEXTCMD] = "textcmd",
                                        [PLATO_TAP_BINCMD] = "bincmd"};
    return protocol < array_length(names) ? names[protocol] : NULL;
}

bool talk_is_of(const check_instance *rule, plato_tap_protocol protocol)
{
    for (size_t i = 0; i < CHECK_PARAMS && rule->rule->params[i].name != NULL; i++) {
        if (rule->rule->params[i].kind == KIND_PROTOCOLS)
            return (rule->param[i] >> protocol & 1) != 0;
    }
    return true;
}

bool talk_has_commands_in_bytes(const check_talk *conn)
{
    return conn->protocol != PLATO_TAP_LATENCY && !conn->over_tls;
}

check_talk *talk_at(const check_world *world, const check_instance *rule, guint i)
{
    check_talk *conn = g_ptr_array_index(world->talks, i);
    return talk_is_of(rule, conn->protocol) ? conn : NULL;
}

static void note(void (*how)(check_instance *, uint32_t, uint32_t, const char *, ...),
                 check_instance *rule, const check_talk *conn, uint32_t packet, const char *format,
                 va_list arguments)
{
    char *text = g_strdup_vprintf(format, arguments);
    how(rule, packet, UINT32_MAX, "%s: %s", talk_protocol_name(conn->protocol), text);
    g_free(text);
}

void talk_broken(check_instance *rule, const check_talk *conn, uint32_t packet, const char *format,
                 ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(conn->lossy ? check_unsure_at : check_broken_at, rule, conn, packet, format, arguments);
    va_end(arguments);
}

void talk_unsure(check_instance *rule, const check_talk *conn, uint32_t packet, const char *format,
                 ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(check_unsure_at, rule, conn, packet, format, arguments);
    va_end(arguments);
}

/* ---- connections ---- */

void check_talk_free(gpointer p)
{
    check_talk *conn = (check_talk *)p;
    g_queue_clear_full(&conn->asked, g_free);
    g_free(conn);
}

static check_talk *find_conn(const check_world *world, uint32_t tcp_stream)
{
    return g_hash_table_lookup(world->talk_by_tcp, GUINT_TO_POINTER(tcp_stream));
}

static check_talk *new_conn(check_world *world, const packet_info *pinfo, uint32_t tcp_stream,
                            plato_tap_protocol protocol)
{
    check_talk *conn = g_new0(check_talk, 1);
    conn->protocol = protocol;
    conn->tcp_stream = tcp_stream;
    conn->first_packet = pinfo->num;
    conn->heard_ns = world_time_of(pinfo);
    conn->heard_packet = pinfo->num;
    conn->closed_ns[DIR_UP] = conn->closed_ns[DIR_DOWN] = NEVER;
    g_queue_init(&conn->asked);
    g_ptr_array_add(world->talks, conn);
    g_hash_table_insert(world->talk_by_tcp, GUINT_TO_POINTER(tcp_stream), conn);
    return conn;
}

/* What Wireshark would call for a port, with all preferences and Decode As; -1: nothing. */
static int id_of_port(const char *table, uint16_t port)
{
    const dissector_handle_t handle = dissector_get_uint_handle(find_dissector_table(table), port);
    return handle != NULL ? dissector_handle_get_protocol_index(handle) : -1;
}

static bool is_talk(int id, plato_tap_protocol *protocol)
{
    for (uint32_t i = 0; id >= 0 && talk_protocol_name(i) != NULL; i++) {
        if (id == proto_get_id_by_filter_name(talk_protocol_name(i))) {
            *protocol = (plato_tap_protocol)i;
            return true;
        }
    }
    return false;
}

/* Who connects and says nothing is known by the port alone. */
static bool protocol_of_port(uint16_t port, plato_tap_protocol *protocol, bool *over_tls)
{
    const int id = id_of_port("tcp.port", port);
    *over_tls = id < 0 || id == proto_get_id_by_filter_name("tls");
    return is_talk(*over_tls ? id_of_port("tls.port", port) : id, protocol);
}

/* ---- TCP ---- */

static bool is_open(const check_talk *conn)
{
    return conn->closed_ns[DIR_UP] == NEVER && conn->closed_ns[DIR_DOWN] == NEVER;
}

static void lengthen(talk_span *span, int64_t from_ns, int64_t to_ns, uint32_t packet)
{
    if (to_ns - from_ns > span->ns) {
        span->ns = to_ns - from_ns;
        span->packet = packet;
    }
}

/* How long it has been silent, and a command unfinished, by now. */
static void measure(check_talk *conn, int64_t now)
{
    if (!is_open(conn))
        return;
    lengthen(&conn->silence, conn->heard_ns, now, conn->heard_packet);
    if (conn->inside)
        lengthen(&conn->unfinished, conn->inside_ns, now, conn->inside_packet);
}

static void hear(check_talk *conn, const packet_info *pinfo, bool from_client)
{
    const int64_t now = world_time_of(pinfo);
    measure(conn, now);
    conn->heard_ns = now;
    conn->heard_packet = pinfo->num;
    if (from_client && !conn->inside && talk_has_commands_in_bytes(conn)) {
        conn->inside = true; /* until a record says that it has ended */
        conn->inside_ns = now;
        conn->inside_packet = pinfo->num;
    }
}

void check_talk_tcp(check_world *world, const packet_info *pinfo, const talk_segment *segment)
{
    check_talk *conn = find_conn(world, segment->tcp_stream);
    plato_tap_protocol protocol;
    bool over_tls;
    if (conn == NULL && segment->opens && protocol_of_port(segment->dport, &protocol, &over_tls)) {
        conn = new_conn(world, pinfo, segment->tcp_stream, protocol);
        conn->over_tls = over_tls;
        conn->client_port = segment->sport;
        conn->start_captured = true;
    }
    if (conn == NULL)
        return;
    const bool from_client = segment->sport == conn->client_port;
    if (segment->hole)
        conn->lossy = true;
    if (segment->new_bytes)
        hear(conn, pinfo, from_client);
    int64_t *closed = &conn->closed_ns[from_client ? DIR_UP : DIR_DOWN];
    if (segment->ends && *closed == NEVER) {
        measure(conn, world_time_of(pinfo));
        *closed = world_time_of(pinfo);
    }
}

/* ---- messages ---- */

static check_talk *conn_of(check_world *world, const packet_info *pinfo,
                           const plato_tap_message *record)
{
    check_talk *conn = find_conn(world, record->tcp_stream);
    if (conn == NULL) { /* its start was not captured, or the port did not tell */
        conn = new_conn(world, pinfo, record->tcp_stream, record->protocol);
        conn->client_port = (uint16_t)(record->is_request ? pinfo->srcport : pinfo->destport);
        conn->start_captured = record->start_captured;
    }
    conn->protocol = record->protocol;
    conn->over_tls = proto_is_frame_protocol(pinfo->layers, "tls");
    return conn;
}

static void note_request(check_talk *conn, const check_message *message)
{
    const plato_tap_message *record = message->record;
    if (record->form != PLATO_TAP_WHOLE && record->form != PLATO_TAP_CUT &&
        conn->wrong_packet == 0) {
        conn->wrong = record->exchange;
        conn->wrong_packet = message->packet;
        conn->wrong_ns = message->time_ns;
    }
    if (record->exchange == NULL || record->exchange->peer != NULL)
        return;
    if (g_queue_get_length(&conn->asked) >= TALK_ASKED_MAX) {
        g_free(g_queue_pop_head(&conn->asked));
        conn->forgot = true;
    }
    const talk_request request = {record->exchange, message->packet, message->time_ns};
    g_queue_push_tail(&conn->asked, g_memdup2(&request, sizeof request));
}

static void drop_answered(check_talk *conn)
{
    const talk_request *request;
    while ((request = g_queue_peek_head(&conn->asked)) != NULL && request->exchange->peer != NULL)
        g_free(g_queue_pop_head(&conn->asked));
}

static void note_reply(check_talk *conn, const check_message *message)
{
    const uint32_t code = message->record->error;
    conn->replies++;
    conn->last_code = code;
    conn->last_reply_ns = message->time_ns;
    conn->last_reply_packet = message->packet;
    if (conn->wrong != NULL && message->record->exchange != NULL &&
        message->record->exchange->peer == conn->wrong)
        conn->wrong_answered = true;
    if ((code == PLATO_COMMAND_MALFORMED || code == PLATO_COMMAND_TOO_LONG) &&
        conn->fatal_packet == 0) {
        conn->fatal_packet = message->packet;
        conn->fatal_code = code;
        conn->fatal_ns = message->time_ns;
    }
    drop_answered(conn);
}

static void tell_rules(check_world *world, const check_message *message)
{
    const GPtrArray *rules = world->settings->rules;
    for (guint i = 0; i < rules->len; i++) {
        check_instance *instance = g_ptr_array_index(rules, i);
        if (!instance->off && instance->rule->message != NULL &&
            talk_is_of(instance, message->record->protocol))
            instance->rule->message(world, instance, message);
    }
}

/* The start of the next command may have come with the end of this one. */
static void note_end(check_talk *conn, const check_message *message)
{
    conn->inside = message->record->behind > 0 && talk_has_commands_in_bytes(conn);
    conn->inside_ns = message->time_ns;
    conn->inside_packet = message->packet;
}

void check_talk_message(check_world *world, const packet_info *pinfo,
                        const plato_tap_message *record)
{
    if (!world_same_layout(world, &record->layout))
        return;
    const check_message message = {record, pinfo->num, world_time_of(pinfo),
                                   conn_of(world, pinfo, record)};
    check_talk *conn = message.conn;
    world->messages++;
    world->readable += record->form == PLATO_TAP_WHOLE;
    tell_rules(world, &message);
    if (record->is_request) {
        note_request(conn, &message);
        note_end(conn, &message);
    } else if (record->form == PLATO_TAP_WHOLE) {
        note_reply(conn, &message);
    }
}

void check_talk_end(check_world *world)
{
    for (guint i = 0; i < world->talks->len; i++) {
        check_talk *conn = g_ptr_array_index(world->talks, i);
        measure(conn, world->last_ns);
        drop_answered(conn);
    }
}
