/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of connections of the latency and command protocols. */
#include "command_conn.h"

#include <plato/command.h>

const char *check_protocol_name(uint32_t protocol)
{
    static const char *const names[] = {
        [CHECK_LATENCY] = "latency", [CHECK_TEXTCMD] = "textcmd", [CHECK_BINCMD] = "bincmd"};
    return protocol < G_N_ELEMENTS(names) ? names[protocol] : NULL;
}

bool check_speaks_of(const check_instance *rule, check_protocol protocol)
{
    for (size_t i = 0; i < CHECK_PARAMS && rule->rule->params[i].name != NULL; i++) {
        if (rule->rule->params[i].kind == KIND_PROTOCOLS)
            return (rule->param[i] >> protocol & 1) != 0;
    }
    return true;
}

bool check_sees_command_bytes(const command_conn *conn)
{
    return conn->protocol != CHECK_LATENCY && !conn->over_tls;
}

command_conn *check_command_conn_at(const check_capture *capture, const check_instance *rule,
                                    guint i)
{
    command_conn *conn = g_ptr_array_index(capture->command_conns, i);
    return check_speaks_of(rule, conn->protocol) ? conn : NULL;
}

static void note(void (*how)(check_instance *, uint32_t, uint32_t, const char *, ...),
                 check_instance *rule, const command_conn *conn, uint32_t packet,
                 const char *format, va_list arguments)
{
    char *text = g_strdup_vprintf(format, arguments);
    how(rule, packet, CHECK_NO_STREAM, "%s: %s", check_protocol_name(conn->protocol), text);
    g_free(text);
}

void check_command_broken(check_instance *rule, const command_conn *conn, uint32_t packet,
                          const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(conn->lossy ? check_unsure_at : check_broken_at, rule, conn, packet, format, arguments);
    va_end(arguments);
}

void check_command_unsure(check_instance *rule, const command_conn *conn, uint32_t packet,
                          const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(check_unsure_at, rule, conn, packet, format, arguments);
    va_end(arguments);
}

/* ---- connections ---- */

static void free_conn(gpointer p)
{
    command_conn *conn = (command_conn *)p;
    g_queue_clear_full(&conn->unanswered, g_free);
    g_free(conn);
}

void check_commands_init(check_capture *capture)
{
    capture->command_conns = g_ptr_array_new_with_free_func(free_conn);
    capture->command_conn_by_tcp = g_hash_table_new(g_direct_hash, g_direct_equal);
}

static command_conn *find_conn(const check_capture *capture, uint32_t tcp_stream)
{
    return g_hash_table_lookup(capture->command_conn_by_tcp, GUINT_TO_POINTER(tcp_stream));
}

static command_conn *new_conn(check_capture *capture, uint32_t tcp_stream, check_protocol protocol,
                              uint32_t packet, int64_t time_ns)
{
    command_conn *conn = g_new0(command_conn, 1);
    conn->protocol = protocol;
    conn->tcp_stream = tcp_stream;
    conn->first_packet = packet;
    conn->last_bytes_ns = time_ns;
    conn->last_bytes_packet = packet;
    conn->closed_ns[DIR_UP] = conn->closed_ns[DIR_DOWN] = NEVER;
    g_queue_init(&conn->unanswered);
    g_ptr_array_add(capture->command_conns, conn);
    g_hash_table_insert(capture->command_conn_by_tcp, GUINT_TO_POINTER(tcp_stream), conn);
    return conn;
}

/* Who connects and says nothing is known by the port alone. */
static bool protocol_of_port(const check_capture *capture, uint16_t port, check_protocol *protocol,
                             bool *over_tls)
{
    return capture->lookups.protocol_of_port != NULL &&
           capture->lookups.protocol_of_port(port, protocol, over_tls, capture->user);
}

/* ---- TCP ---- */

static bool is_open(const command_conn *conn)
{
    return conn->closed_ns[DIR_UP] == NEVER && conn->closed_ns[DIR_DOWN] == NEVER;
}

static void lengthen(time_span *span, int64_t from_ns, int64_t to_ns, uint32_t packet)
{
    if (to_ns - from_ns > span->ns) {
        span->ns = to_ns - from_ns;
        span->packet = packet;
    }
}

/* How long it has been silent, and a command unfinished, by now. */
static void measure(command_conn *conn, int64_t now)
{
    if (!is_open(conn))
        return;
    lengthen(&conn->silence, conn->last_bytes_ns, now, conn->last_bytes_packet);
    if (conn->in_command)
        lengthen(&conn->unfinished, conn->in_command_ns, now, conn->in_command_packet);
}

static void note_bytes(command_conn *conn, const check_tcp_record *record, bool from_client)
{
    measure(conn, record->time_ns);
    conn->last_bytes_ns = record->time_ns;
    conn->last_bytes_packet = record->packet;
    if (from_client && !conn->in_command && check_sees_command_bytes(conn)) {
        conn->in_command = true; /* until a message says that it has ended */
        conn->in_command_ns = record->time_ns;
        conn->in_command_packet = record->packet;
    }
}

/* A connection that opens at a port of one of the protocols; NULL for others. */
static command_conn *open_conn(check_capture *capture, const check_tcp_record *record)
{
    check_protocol protocol;
    bool over_tls;
    if (!protocol_of_port(capture, record->destination_port, &protocol, &over_tls))
        return NULL;
    command_conn *conn =
        new_conn(capture, record->tcp_stream, protocol, record->packet, record->time_ns);
    conn->over_tls = over_tls;
    conn->client_port = record->source_port;
    conn->start_captured = true;
    return conn;
}

void check_command_tcp(check_capture *capture, const tcp_segment *segment)
{
    const check_tcp_record *record = segment->record;
    command_conn *conn = find_conn(capture, record->tcp_stream);
    if (conn == NULL && segment->opens)
        conn = open_conn(capture, record);
    if (conn == NULL)
        return;
    const bool from_client = record->source_port == conn->client_port;
    if (segment->hole)
        conn->lossy = true;
    if (segment->new_bytes)
        note_bytes(conn, record, from_client);
    int64_t *closed = &conn->closed_ns[from_client ? DIR_UP : DIR_DOWN];
    if (segment->ends && *closed == NEVER) {
        measure(conn, record->time_ns);
        *closed = record->time_ns;
    }
}

/* ---- messages ---- */

static command_conn *conn_of(check_capture *capture, const check_message_record *record)
{
    command_conn *conn = find_conn(capture, record->tcp_stream);
    if (conn == NULL) { /* its start was not captured, or the port did not say */
        conn = new_conn(capture, record->tcp_stream, record->protocol, record->packet,
                        record->time_ns);
        conn->client_port = record->client_port;
        conn->start_captured = record->start_captured;
    }
    conn->protocol = record->protocol;
    conn->over_tls = record->over_tls;
    return conn;
}

static void note_request(command_conn *conn, const check_message *message)
{
    const check_message_record *record = message->record;
    if (record->form != CHECK_FORM_WHOLE && record->form != CHECK_FORM_CUT &&
        conn->wrong_packet == 0) {
        conn->wrong = record->exchange;
        conn->wrong_packet = message->packet;
        conn->wrong_ns = message->time_ns;
    }
    if (record->exchange == NULL || record->exchange->peer != NULL)
        return;
    if (g_queue_get_length(&conn->unanswered) >= COMMAND_REQUESTS_MAX) {
        g_free(g_queue_pop_head(&conn->unanswered));
        conn->forgot = true;
    }
    const pending_request request = {record->exchange, message->packet, message->time_ns};
    g_queue_push_tail(&conn->unanswered, g_memdup2(&request, sizeof request));
}

static void drop_answered(command_conn *conn)
{
    const pending_request *request;
    while ((request = g_queue_peek_head(&conn->unanswered)) != NULL &&
           request->exchange->peer != NULL)
        g_free(g_queue_pop_head(&conn->unanswered));
}

static void note_reply(command_conn *conn, const check_message *message)
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

/* The start of the next command may have come with the end of this one. */
static void note_end(command_conn *conn, const check_message *message)
{
    conn->in_command = message->record->following > 0 && check_sees_command_bytes(conn);
    conn->in_command_ns = message->time_ns;
    conn->in_command_packet = message->packet;
}

check_message check_command_enter(check_capture *capture, const check_message_record *record)
{
    capture->messages++;
    capture->readable += record->form == CHECK_FORM_WHOLE;
    return (check_message){record, record->packet, record->time_ns, conn_of(capture, record)};
}

void check_command_add(const check_message *message)
{
    if (message->record->is_request) {
        note_request(message->conn, message);
        note_end(message->conn, message);
    } else if (message->record->form == CHECK_FORM_WHOLE) {
        note_reply(message->conn, message);
    }
}

void check_commands_end(check_capture *capture)
{
    for (guint i = 0; i < capture->command_conns->len; i++) {
        command_conn *conn = g_ptr_array_index(capture->command_conns, i);
        measure(conn, capture->last_ns);
        drop_answered(conn);
        if (check_stream_lacks_any(capture, conn->tcp_stream))
            conn->lossy = true;
    }
}
