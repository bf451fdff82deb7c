/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNS_MAX 64u
#define SERVER_PORT 7000
#define COMMAND_PORT 8904 /* and the next two; datagrams are known by their records alone */

typedef struct conn {
    char name[8];
    uint32_t tcp_stream; /* CHECK_NO_STREAM: datagrams */
    uint32_t connection; /* CHECK_NO_STREAM: no frame so far */
    bool start_captured;
    bool opened;
    uint32_t seq[2]; /* by DIR_UP, DIR_DOWN */
    uint32_t hole[2];
    analysis_rr_conversation exchanges;
} conn;

struct scenario {
    check_settings *settings; /* owned by the run */
    check_run *run;
    analysis_state *analysis;
    conn conns[CONNS_MAX];
    unsigned conn_count;
    uint32_t connections;
    GPtrArray *exchanges;
    GArray *unfinished; /* check_unfinished */
    uint32_t packet;
    int64_t time_ns;
};

/* One event while it is read. */
typedef struct event {
    scenario *s;
    const char *text;
    conn *conn;
    char **words; /* after CONN */
    const char *what;
    bool upstream;
} event;

static void bad(const char *text, const char *why)
{
    (void)fprintf(stderr, "not an event (%s): %s\n", why, text);
    exit(EXIT_FAILURE);
}

/* ---- options ---- */

static bool has(const event *e, const char *option)
{
    return g_strv_contains((const char *const *)e->words, option);
}

/* The value of name=VALUE; NULL if it is not there. */
static const char *option(const event *e, const char *name)
{
    const size_t n = strlen(name);
    for (char **word = e->words; *word != NULL; word++) {
        if (strncmp(*word, name, n) == 0 && (*word)[n] == '=')
            return *word + n + 1;
    }
    return NULL;
}

static uint64_t number(const event *e, const char *name, uint64_t otherwise)
{
    const char *value = option(e, name);
    return value != NULL ? g_ascii_strtoull(value, NULL, 10) : otherwise;
}

/* The words without '=', of which the first is 0. */
static const char *word_at(const event *e, unsigned i)
{
    for (char **word = e->words; *word != NULL; word++) {
        if (strchr(*word, '=') == NULL && i-- == 0)
            return *word;
    }
    return NULL;
}

static void set_sender(event *e, bool upstream)
{
    const char *by = option(e, "by");
    e->upstream = by != NULL ? strcmp(by, "client") == 0 : upstream;
}

/* ---- TCP ---- */

static uint16_t server_port(const conn *c)
{
    switch (g_ascii_tolower(c->name[0])) {
    case 'l':
    case 'u':
        return COMMAND_PORT;
    case 't':
        return COMMAND_PORT + 1;
    case 'b':
        return COMMAND_PORT + 2;
    default:
        return SERVER_PORT;
    }
}

static uint16_t client_port(const conn *c)
{
    return (uint16_t)(40000 + c->tcp_stream % 1000);
}

/* With CHECK_TCP_ACK it acknowledges all that the other side has sent, captured or not. */
static void feed_segment(const event *e, bool upstream, unsigned flags, uint32_t seq,
                         uint32_t length)
{
    const conn *c = e->conn;
    const check_tcp_record record = {
        .packet = e->s->packet,
        .time_ns = e->s->time_ns,
        .tcp_stream = c->tcp_stream,
        .source_port = upstream ? client_port(c) : server_port(c),
        .destination_port = upstream ? server_port(c) : client_port(c),
        .flags = flags,
        .seq = seq,
        .ack = c->seq[upstream ? DIR_DOWN : DIR_UP],
        .length = length,
        .cut = strcmp(e->what, "data") == 0 && has(e, "cut"),
    };
    if (c->tcp_stream != CHECK_NO_STREAM)
        check_run_tcp(e->s->run, &record);
}

#define LENGTH 10u /* of every segment */

static void send_bytes(const event *e, bool upstream)
{
    if (has(e, "late")) {
        feed_segment(e, upstream, 0, e->conn->hole[upstream ? DIR_UP : DIR_DOWN], LENGTH);
        return;
    }
    uint32_t *seq = &e->conn->seq[upstream ? DIR_UP : DIR_DOWN];
    feed_segment(e, upstream, 0, *seq, LENGTH);
    *seq += LENGTH;
}

static void open_connection(const event *e)
{
    conn *c = e->conn;
    c->opened = true;
    feed_segment(e, true, CHECK_TCP_SYN, c->seq[DIR_UP]++, 0);
    feed_segment(e, false, CHECK_TCP_SYN | CHECK_TCP_ACK, c->seq[DIR_DOWN]++, 0);
}

/* False if the event is none of TCP's. */
static bool feed_tcp(event *e)
{
    set_sender(e, true);
    uint32_t *seq = &e->conn->seq[e->upstream ? DIR_UP : DIR_DOWN];
    uint32_t *hole = &e->conn->hole[e->upstream ? DIR_UP : DIR_DOWN];
    if (strcmp(e->what, "open") == 0)
        return true; /* the first event of a connection opens it */
    if (strcmp(e->what, "data") == 0) {
        send_bytes(e, e->upstream);
    } else if (strcmp(e->what, "fin") == 0) {
        feed_segment(e, e->upstream, CHECK_TCP_FIN, (*seq)++, 0);
    } else if (strcmp(e->what, "rst") == 0) {
        feed_segment(e, e->upstream, CHECK_TCP_RST, *seq, 0);
    } else if (strcmp(e->what, "hole") == 0) {
        feed_segment(e, e->upstream, 0, *seq, 0);
        *hole = *seq;
        *seq += LENGTH;
        send_bytes(e, e->upstream);
    } else if (strcmp(e->what, "lost") == 0) {
        *hole = *seq;
        *seq += (uint32_t)number(e, "bytes", LENGTH);
    } else if (strcmp(e->what, "acks") == 0) {
        feed_segment(e, e->upstream, CHECK_TCP_ACK, *seq, 0);
    } else if (strcmp(e->what, "fill") == 0) {
        feed_segment(e, e->upstream, 0, *hole, LENGTH);
    } else {
        return false;
    }
    return true;
}

/* ---- frames ---- */

static const char *const type_words[] = {"login", "heartbeat", "reconn", "ack",
                                         "up",    "push",      "sync"};

static uint32_t type_of(const event *e, const char *word)
{
    for (uint32_t type = 0; word != NULL && type < G_N_ELEMENTS(type_words); type++) {
        if (strcmp(type_words[type], word) == 0)
            return type;
    }
    if (word == NULL || !g_str_has_prefix(word, "type"))
        bad(e->text, "type");
    return (uint32_t)strtoul(word + 4, NULL, 10);
}

/* "42/1": session and id; "42": the first alone. */
static void read_ids(const char *word, uint64_t *first, uint64_t *second)
{
    char *rest = NULL;
    if (word == NULL)
        return;
    *first = g_ascii_strtoull(word, &rest, 10);
    if (*rest == '/')
        *second = g_ascii_strtoull(rest + 1, NULL, 10);
}

static void read_ack(const event *e, plato_head_ack *ack)
{
    uint64_t none = 0;
    ack->type = type_of(e, word_at(e, 1));
    read_ids(word_at(e, 2), &ack->session_id,
             ack->type == PLATO_PUSH ? &ack->msg_id
             : ack->type == PLATO_UP ? &ack->client_id
                                     : &none);
    ack->code = (uint32_t)number(e, "code", 0);
    ack->conn_id = number(e, "conn", 0);
    ack->msg_id = number(e, "msg", ack->msg_id);
    ack->client_id = number(e, "client", ack->client_id);
}

static plato_head read_head(const event *e)
{
    plato_head head = {.msg_type = type_of(e, e->what)};
    const char *ids = word_at(e, 1);
    uint64_t none = 0;
    switch (head.msg_type) {
    case PLATO_LOGIN:
        read_ids(ids, &head.login.device_id, &none);
        break;
    case PLATO_RECONN:
        read_ids(ids, &head.reconn.conn_id, &none);
        break;
    case PLATO_UP:
        read_ids(ids, &head.up.session_id, &head.up.client_id);
        break;
    case PLATO_PUSH:
        read_ids(ids, &head.push.session_id, &head.push.msg_id);
        break;
    case PLATO_SYNC:
        read_ids(ids, &head.sync.session_id, &head.sync.from_msg_id);
        if (ids != NULL && strchr(ids, '-') != NULL)
            head.sync.to_msg_id = g_ascii_strtoull(strchr(ids, '-') + 1, NULL, 10);
        break;
    case PLATO_ACK:
        read_ack(e, &head.ack);
        break;
    default:
        break;
    }
    return head;
}

/* Who sends such a frame by its type alone. */
static bool comes_from_client(const plato_head *head)
{
    if (head->msg_type == PLATO_ACK)
        return head->ack.type == PLATO_PUSH;
    return head->msg_type != PLATO_PUSH;
}

static void damage(const event *e, check_frame_record *r)
{
    if (has(e, "bad"))
        r->checksum = CHECK_CHECKSUM_BAD;
    if (has(e, "unverified") || has(e, "cut") || has(e, "headless"))
        r->checksum = CHECK_CHECKSUM_UNVERIFIED;
    r->complete = !has(e, "cut") && !has(e, "headless");
    r->frame.var_head.n = has(e, "headless") ? 0 : r->frame.var_head_len;
    r->shortened = has(e, "shortened");
    r->length_error = has(e, "toolong") ? PLATO_ERR_BODY_TOO_LONG : PLATO_OK;
    r->head_error = has(e, "unreadable") ? PLATO_ERR_WIRE_TRUNCATED : PLATO_OK;
    r->body_error = has(e, "badbody") ? PLATO_ERR_WIRE_TRUNCATED : PLATO_OK;
    r->capture_gap = has(e, "gap");
    r->decoded = r->frame.version == PLATO_VERSION_ON_WIRE && r->length_error == PLATO_OK;
    if (option(e, "begin") != NULL)
        r->first_byte =
            (check_first_byte){e->s->packet - 1, (int64_t)number(e, "begin", 0) * 1000000};
}

/* To the analysis, as evidence; the result is its first verdict. */
static analysis_verdict analyse(const event *e, check_frame_record *r)
{
    analysis_state *a = e->s->analysis;
    const analysis_direction direction = e->upstream ? ANALYSIS_UPSTREAM : ANALYSIS_DOWNSTREAM;
    const analysis_observation o = {
        .number = e->s->packet,
        .connection = r->connection,
        .direction = direction,
        .framing = r->frame.framing,
        .time_ns = r->time_ns,
        .head = &r->head,
        .content_digest = g_str_hash(r->content.p != NULL ? (const char *)r->content.p : ""),
        .content_len = (uint32_t)r->content.n,
    };
    if (r->capture_gap)
        analysis_loss(a, r->connection, direction, e->s->packet);
    r->judged = analysis_frame(a, &o);
    return analysis_get_verdict(a, r->judged);
}

static bool is_evidence(const event *e, const check_frame_record *r)
{
    return r->decoded && !r->shortened && r->head_error == PLATO_OK &&
           r->checksum != CHECK_CHECKSUM_BAD && !has(e, "headless") && !has(e, "unfed");
}

static void feed_frame(event *e)
{
    conn *c = e->conn;
    scenario *s = e->s;
    check_frame_record r = {.head = read_head(e)};
    const char *content = word_at(e, 2);
    set_sender(e, comes_from_client(&r.head));
    if (c->connection == CHECK_NO_STREAM)
        c->connection = s->connections++;
    r.packet = s->packet;
    r.time_ns = s->time_ns;
    r.connection = c->connection;
    r.tcp_stream = c->tcp_stream;
    r.client_port = client_port(c);
    r.server = SERVER_PORT;
    r.start_captured = c->start_captured;
    r.upstream = e->upstream;
    r.frame.framing =
        g_ascii_tolower(c->name[0]) == 'm' ? PLATO_FRAMING_MSGCMD : PLATO_FRAMING_HEADER;
    r.frame.version = (uint8_t)number(e, "version", PLATO_VERSION_ON_WIRE);
    r.frame.msg_type = r.head.msg_type;
    r.frame.var_head_len = 4;
    r.frame.msg_len = (uint32_t)number(e, "body", 0);
    r.checksum = CHECK_CHECKSUM_GOOD;
    if ((r.head.msg_type == PLATO_UP || r.head.msg_type == PLATO_PUSH) && content != NULL)
        r.content = (plato_span){(const uint8_t *)content, strlen(content)};
    damage(e, &r);
    analysis_verdict verdict = {.flags = 0};
    if (is_evidence(e, &r)) {
        verdict = analyse(e, &r);
        r.verdict = &verdict;
        r.flags = verdict.flags;
    }
    r.device_id = analysis_get_identity(s->analysis, c->connection).device_id;
    send_bytes(e, e->upstream);
    check_run_frame(s->run, &r);
}

static void feed_skipped(event *e)
{
    set_sender(e, true);
    const check_skipped_record r = {
        .packet = e->s->packet,
        .tcp_stream = e->conn->tcp_stream,
        .sender_port = e->upstream ? client_port(e->conn) : server_port(e->conn),
        .bytes = (uint32_t)strtoul(word_at(e, 1), NULL, 10),
        .start_captured = e->conn->start_captured,
        .after_gap = has(e, "gap"),
    };
    send_bytes(e, e->upstream);
    check_run_skipped(e->s->run, &r);
}

static void note_unfinished(event *e)
{
    const check_unfinished frame = {
        .first_byte = {e->s->packet, e->s->time_ns},
        .tcp_stream = e->conn->tcp_stream,
        .sender_port = client_port(e->conn),
        .connection = e->conn->connection,
        .framing =
            g_ascii_tolower(e->conn->name[0]) == 'm' ? PLATO_FRAMING_MSGCMD : PLATO_FRAMING_HEADER,
    };
    send_bytes(e, true);
    g_array_append_val(e->s->unfinished, frame);
}

/* ---- messages ---- */

static const analysis_rr_rules rules_of_probes = {ANALYSIS_LATENCY_TIMEOUT_NS,
                                                  ANALYSIS_LATENCY_MIN_INTERVAL_NS, true, true,
                                                  ANALYSIS_LATENCY_MAX_IDLE_NS};
static const analysis_rr_rules rules_of_commands = {0};

static check_protocol protocol_of(const conn *c)
{
    const char letter = g_ascii_tolower(c->name[0]);
    return letter == 't' ? CHECK_TEXTCMD : letter == 'b' ? CHECK_BINCMD : CHECK_LATENCY;
}

static check_form form_of(const event *e)
{
    return has(e, "wrong")     ? CHECK_FORM_WRONG
           : has(e, "cut")     ? CHECK_FORM_CUT
           : has(e, "outside") ? CHECK_FORM_OUTSIDE
                               : CHECK_FORM_WHOLE;
}

static analysis_rr_message *exchange_of(const event *e, check_protocol protocol)
{
    const analysis_rr_rules *rules =
        protocol == CHECK_LATENCY ? &rules_of_probes : &rules_of_commands;
    const char *kind = word_at(e, 1);
    const char *content = option(e, "text");
    analysis_rr_message *x = g_new0(analysis_rr_message, 1);
    g_ptr_array_add(e->s->exchanges, x);
    x->number = e->s->packet;
    x->time_ns = e->s->time_ns;
    x->kind = g_str_hash(kind != NULL ? kind : "");
    x->content = protocol == CHECK_LATENCY ? x->kind : g_str_hash(content != NULL ? content : "");
    x->is_error = option(e, "code") != NULL;
    x->is_echo = kind != NULL && strcmp(kind, "echo") == 0;
    x->on_connection = e->conn->tcp_stream != CHECK_NO_STREAM;
    if (e->upstream)
        analysis_rr_request(&e->conn->exchanges, rules, x);
    else
        analysis_rr_reply(&e->conn->exchanges, rules, x);
    return x;
}

static void feed_message(event *e)
{
    conn *c = e->conn;
    const check_form form = form_of(e);
    e->upstream = strcmp(e->what, "ask") == 0;
    const check_message_record r = {
        .packet = e->s->packet,
        .time_ns = e->s->time_ns,
        .tcp_stream = c->tcp_stream,
        .client_port = client_port(c),
        .start_captured = c->start_captured,
        .over_tls = has(e, "tls"),
        .protocol = protocol_of(c),
        .form = form,
        .is_request = e->upstream,
        .exchange = form == CHECK_FORM_OUTSIDE ? NULL : exchange_of(e, protocol_of(c)),
        .remark = has(e, "wrong") || has(e, "odd") ? "it is odd" : NULL,
        .error = (uint32_t)number(e, "code", 0),
        .length = LENGTH,
        .following = (uint32_t)number(e, "following", 0),
    };
    send_bytes(e, e->upstream);
    check_run_message(e->s->run, &r);
}

/* ---- events ---- */

static conn *conn_of(scenario *s, const char *text, const char *name)
{
    for (unsigned i = 0; i < s->conn_count; i++) {
        if (g_ascii_strcasecmp(s->conns[i].name, name) == 0)
            return &s->conns[i];
    }
    if (s->conn_count == CONNS_MAX || strchr("cmltbu", g_ascii_tolower(name[0])) == NULL)
        bad(text, "connection");
    conn *c = &s->conns[s->conn_count];
    (void)g_strlcpy(c->name, name, sizeof c->name);
    c->tcp_stream = g_ascii_tolower(name[0]) == 'u' ? CHECK_NO_STREAM : 100 + s->conn_count;
    c->connection = CHECK_NO_STREAM;
    c->start_captured = g_ascii_islower(name[0]) && name[0] != 'u';
    c->seq[DIR_UP] = 1000;
    c->seq[DIR_DOWN] = 0xffffff00; /* wraps */
    s->conn_count++;
    return c;
}

static void feed(scenario *s, const char *text)
{
    char **words = g_strsplit(text, " ", -1);
    event e = {.s = s, .text = text};
    if (g_strv_length(words) < 2)
        bad(text, "two words");
    s->packet++;
    s->time_ns = g_ascii_strtoll(words[0], NULL, 10) * 1000000;
    check_run_packet(s->run, s->time_ns);
    if (strcmp(words[1], "-") != 0) {
        e.conn = conn_of(s, text, words[1]);
        e.words = words + 2;
        e.what = words[2];
        if (e.conn->start_captured && !e.conn->opened)
            open_connection(&e);
        if (strcmp(e.what, "ask") == 0 || strcmp(e.what, "reply") == 0)
            feed_message(&e);
        else if (strcmp(e.what, "skipped") == 0)
            feed_skipped(&e);
        else if (strcmp(e.what, "unfinished") == 0)
            note_unfinished(&e);
        else if (!feed_tcp(&e))
            feed_frame(&e);
    }
    g_strfreev(words);
}

static analysis_verdict verdict_now(const analysis_record *judged, void *user)
{
    return analysis_get_verdict(((scenario *)user)->analysis, judged);
}

static bool is_unacked(const analysis_record *judged, void *user)
{
    return analysis_is_unacked(((scenario *)user)->analysis, judged);
}

static void unfinished(check_unfinished_fn each, void *context, void *user)
{
    const GArray *frames = ((scenario *)user)->unfinished;
    for (guint i = 0; i < frames->len; i++)
        each(&g_array_index(frames, check_unfinished, i), context);
}

static bool protocol_of_port(uint16_t port, check_protocol *protocol, bool *over_tls, void *user)
{
    (void)user;
    *over_tls = false;
    *protocol = (check_protocol)(port - COMMAND_PORT);
    return port >= COMMAND_PORT && port < COMMAND_PORT + 3;
}

static const check_lookups lookups = {verdict_now, is_unacked, unfinished, protocol_of_port};

scenario *scenario_run(const char *words, const char *events)
{
    scenario *s = g_new0(scenario, 1);
    char *error = NULL;
    s->settings = check_settings_read(words, &error);
    if (s->settings == NULL)
        bad(words, error);
    s->run = check_run_new(s->settings, &lookups, s);
    s->analysis = analysis_new(NULL, NULL);
    s->exchanges = g_ptr_array_new_with_free_func(g_free);
    s->unfinished = g_array_new(FALSE, FALSE, sizeof(check_unfinished));
    while (*events != '\0') {
        const size_t n = strcspn(events, ";");
        char *line = g_strstrip(g_strndup(events, n));
        if (*line != '\0')
            feed(s, line);
        g_free(line);
        events += n + (events[n] == ';');
    }
    check_run_end(s->run);
    return s;
}

char *scenario_file(const char *text, gssize length)
{
    char *path = g_build_filename(g_get_tmp_dir(), "check-XXXXXX", NULL);
    const int file = g_mkstemp(path);
    if (file < 0 || !g_close(file, NULL) || !g_file_set_contents(path, text, length, NULL))
        bad(path, "cannot be written");
    return path;
}

scenario *scenario_run_file(const char *rules, const char *events)
{
    char *path = scenario_file(rules, -1);
    char *words = g_strdup_printf(",only,file=\"%s\"", path);
    scenario *s = scenario_run(words, events);
    (void)g_remove(path);
    g_free(words);
    g_free(path);
    return s;
}

void scenario_free(scenario *s)
{
    check_run_free(s->run);
    analysis_free(s->analysis);
    g_ptr_array_unref(s->exchanges);
    g_array_unref(s->unfinished);
    g_free(s);
}

check_run *scenario_check(const scenario *s)
{
    return s->run;
}

const check_instance *scenario_rule(const scenario *s, guint i)
{
    g_assert(i < s->settings->rules->len);
    return g_ptr_array_index(s->settings->rules, i);
}

char *scenario_written(FILE *file)
{
    GString *text = g_string_new(NULL);
    char part[4096];
    rewind(file);
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        g_string_append_len(text, part, (gssize)n);
    (void)fclose(file);
    return g_string_free(text, FALSE);
}

char *scenario_report(const scenario *s)
{
    FILE *file = tmpfile();
    if (file == NULL || !check_run_report(s->run, file))
        bad("report", "cannot be written");
    return scenario_written(file);
}

char *scenario_packets(const check_findings *findings)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; findings->list != NULL && i < findings->list->len; i++)
        g_string_append_printf(text, "%s%u", i > 0 ? " " : "",
                               g_array_index(findings->list, check_finding, i).packet);
    return g_string_free(text, FALSE);
}

void scenario_compare(const char *name, const char *text)
{
    char *path = g_build_filename(REPORTS_DIR, name, NULL);
    char *expected = NULL;
    if (getenv("PRINT_REPORTS") != NULL)
        ck_assert(g_file_set_contents(path, text, -1, NULL));
    ck_assert_msg(g_file_get_contents(path, &expected, NULL, NULL), "%s", path);
    ck_assert_str_eq(text, expected);
    g_free(expected);
    g_free(path);
}
