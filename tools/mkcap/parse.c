/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse.h"

#include "packet.h"
#include "piece.h"
#include "plato/ports.h"
#include "treatment.h"
#include "words.h"

#include <arpa/inet.h>
#include <string.h>

#define SEGMENT_DEFAULT 1460 /* bytes: what Ethernet carries */
#define CONNECTIONS_MAX 4096

typedef struct reader {
    scenario *scenario;
    guint line;
    guint64 segment;     /* most bytes of a segment, from here on */
    GPtrArray *defaults; /* word: of ChatMessages, from here on */
    GPtrArray *lines;    /* the words of lines that `defaults` borrows from */
    guint64 total;       /* bytes sent so far */
} reader;

/* The words of one line. */
typedef struct line {
    word **words;
    guint n;
} line;

static gboolean refuse(GError **error, const char *why)
{
    g_set_error(error, MKCAP_ERROR, 0, "%s", why);
    return FALSE;
}

static step *add_step(reader *r, step_kind kind)
{
    return scenario_add_step(r->scenario, kind, r->line);
}

static gboolean find_connection(const reader *r, const word *w, guint *index, GError **error)
{
    const gint found = scenario_find(r->scenario, word_text(w));
    if (found < 0)
        return word_refuse(w, error, "there is no connection of this name");
    *index = (guint)found;
    return TRUE;
}

/* > or <: who sends. */
static gboolean read_direction(const word *w, gboolean *up, GError **error)
{
    *up = word_is(w, ">");
    return *up || word_is(w, "<") || word_refuse(w, error, "> (from the client) or < is wanted");
}

/* --- What is sent ------------------------------------------------------------------------------
 */

static guint find_word(const line *l, guint from, const char *text)
{
    while (from < l->n && !word_is(l->words[from], text))
        from++;
    return from;
}

static gboolean add_piece(reader *r, step *s, word *const *words, guint n, GError **error)
{
    const connection_plan *connection = g_ptr_array_index(r->scenario->connections, s->connection);
    GByteArray *piece = piece_encode(words, n, connection->framing, r->defaults, error);
    if (piece == NULL)
        return FALSE;
    r->total += piece->len;
    if (r->total <= PARSE_BYTES_MAX)
        g_byte_array_append(s->bytes, piece->data, piece->len);
    g_byte_array_unref(piece);
    return r->total <= PARSE_BYTES_MAX || refuse(error, "the scenario sends more than 256 MiB");
}

static gboolean read_pieces(reader *r, step *s, const line *l, GError **error)
{
    const guint end = find_word(l, 2, "/");
    for (guint start = 2; start <= end;) {
        const guint bar = MIN(find_word(l, start, "|"), end);
        if (!add_piece(r, s, l->words + start, bar - start, error))
            return FALSE;
        start = bar + 1;
    }
    return s->bytes->len > 0 || refuse(error, "there is nothing to send");
}

static gboolean read_treatment(step *s, const line *l, guint from, GError **error)
{
    for (guint i = from + 1; i < l->n; i++) {
        if (!treatment_add(&s->how, l->words[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_sending(reader *r, const line *l, GError **error)
{
    guint connection = 0;
    gboolean up = FALSE;
    if (!find_connection(r, l->words[0], &connection, error) ||
        !read_direction(l->words[1], &up, error))
        return FALSE;
    step *s = add_step(r, STEP_SEND);
    s->connection = connection;
    s->up = up;
    s->bytes = g_byte_array_new();
    s->how.segment = r->segment;
    return read_pieces(r, s, l, error) && read_treatment(s, l, find_word(l, 2, "/"), error);
}

/* --- Statements: l->words[0] is the keyword ----------------------------------------------------
 */

static gboolean read_start(reader *r, const line *l, GError **error)
{
    if (r->scenario->steps->len > 0)
        return refuse(error, "start must stand in front of all packets");
    GTimeZone *utc = g_time_zone_new_utc();
    GDateTime *time = g_date_time_new_from_iso8601(word_text(l->words[1]), utc);
    g_time_zone_unref(utc);
    const gint64 seconds = time != NULL ? g_date_time_to_unix(time) : -1;
    const gint64 micros = time != NULL ? g_date_time_get_microsecond(time) : 0;
    if (time != NULL)
        g_date_time_unref(time);
    if (seconds < 0 || seconds > G_MAXUINT32)
        return word_refuse(l->words[1], error, "not a time such as 2023-11-14T22:13:20Z");
    r->scenario->start_ns = (guint64)seconds * 1000000000 + (guint64)micros * 1000;
    return TRUE;
}

static gboolean add_time(reader *r, const line *l, step_kind kind, GError **error)
{
    guint64 ns;
    if (!word_time(l->words[1], &ns, error))
        return FALSE;
    add_step(r, kind)->ns = ns;
    return TRUE;
}

static gboolean read_pace(reader *r, const line *l, GError **error)
{
    return add_time(r, l, STEP_PACE, error);
}

static gboolean read_wait(reader *r, const line *l, GError **error)
{
    return add_time(r, l, STEP_WAIT, error);
}

static gboolean read_at(reader *r, const line *l, GError **error)
{
    return add_time(r, l, STEP_AT, error);
}

static gboolean read_snaplen(reader *r, const line *l, GError **error)
{
    guint64 number;
    if (!word_number(l->words[1], 262144, &number, error))
        return FALSE;
    r->scenario->snaplen = number == 0 ? 262144 : (guint32)number;
    return TRUE;
}

static gboolean read_segment(reader *r, const line *l, GError **error)
{
    guint64 number;
    if (!word_number(l->words[1], SEGMENT_MAX, &number, error))
        return FALSE;
    r->segment = number;
    return number > 0 || refuse(error, "a segment has at least 1 byte");
}

static gboolean read_comment(reader *r, const line *l, GError **error)
{
    g_free(r->scenario->comment);
    r->scenario->comment = g_strdup(word_text(l->words[1]));
    return g_utf8_validate(r->scenario->comment, -1, NULL) || refuse(error, "not UTF-8");
}

static gboolean read_default(reader *r, const line *l, GError **error)
{
    g_ptr_array_set_size(r->defaults, 0);
    for (guint i = 1; i < l->n; i++) {
        if (!piece_check_default(l->words[i], error))
            return FALSE;
        g_ptr_array_add(r->defaults, l->words[i]);
    }
    return TRUE;
}

/* ADDRESS:PORT or [ADDRESS]:PORT */
static gboolean read_endpoint(const word *w, endpoint *end, gboolean *ipv6, GError **error)
{
    const char *text = word_text(w);
    const char *colon = strrchr(text, ':');
    guint64 port = 0;
    *ipv6 = text[0] == '[';
    gboolean ok = colon != NULL && colon > text && (!*ipv6 || colon[-1] == ']') &&
                  g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL);
    if (ok) {
        char *address = *ipv6 ? g_strndup(text + 1, (gsize)(colon - text - 2))
                              : g_strndup(text, (gsize)(colon - text));
        ok = inet_pton(*ipv6 ? AF_INET6 : AF_INET, address, end->address) == 1;
        g_free(address);
    }
    end->port = (guint16)port;
    return ok || word_refuse(w, error, "not ADDRESS:PORT, such as 10.0.0.1:30000 or [::1]:30000");
}

static gboolean set_vlan(connection_plan *connection, const word *w, GError **error)
{
    GArray *tags = word_numbers(w, 4094, error);
    if (tags == NULL)
        return FALSE;
    const gboolean ok = tags->len <= G_N_ELEMENTS(connection->vlans);
    connection->vlan_count = ok ? tags->len : 0;
    for (guint i = 0; i < connection->vlan_count; i++)
        connection->vlans[i] = (guint16)g_array_index(tags, guint64, i);
    g_array_unref(tags);
    return ok || word_refuse(w, error, "at most two tags");
}

static gboolean set_framing(connection_plan *connection, const word *w, GError **error)
{
    const gboolean variant = strcmp(word_text(w), "msgcmd") == 0;
    connection->framing = variant ? PLATO_FRAMING_MSGCMD : PLATO_FRAMING_HEADER;
    return variant || strcmp(word_text(w), "header") == 0 ||
           word_refuse(w, error, "neither header nor msgcmd");
}

static gboolean set_seq(endpoint *end, const word *w, GError **error)
{
    guint64 number = 0;
    const gboolean ok = word_number(w, G_MAXUINT32, &number, error);
    end->first_seq = (guint32)number;
    return ok;
}

static gboolean set_option(connection_plan *connection, const word *w, GError **error)
{
    const char *name = w->name != NULL ? w->name : "";
    if (strcmp(name, "vlan") == 0)
        return set_vlan(connection, w, error);
    if (strcmp(name, "framing") == 0)
        return set_framing(connection, w, error);
    if (strcmp(name, "handshake") == 0)
        return word_yes_no(w, &connection->handshake, error);
    if (strcmp(name, "client_seq") == 0)
        return set_seq(&connection->client, w, error);
    if (strcmp(name, "server_seq") == 0)
        return set_seq(&connection->server, w, error);
    return word_refuse(w, error,
                       "unknown here; there are vlan, framing, handshake, client_seq and "
                       "server_seq");
}

/* `CLIENT > SERVER` from word 2 on, if it is there. */
static gboolean read_endpoints(connection_plan *connection, const line *l, guint *next,
                               GError **error)
{
    gboolean server_ipv6;
    if (l->n < 5 || !word_is(l->words[3], ">"))
        return TRUE;
    *next = 5;
    return read_endpoint(l->words[2], &connection->client, &connection->ipv6, error) &&
           read_endpoint(l->words[4], &connection->server, &server_ipv6, error) &&
           (connection->ipv6 == server_ipv6 ||
            refuse(error, "one address is IPv4, the other IPv6"));
}

static gboolean is_keyword(const char *name);

static gboolean read_connection(reader *r, const line *l, GError **error)
{
    static const endpoint client = {{10, 0, 0, 1}, 30000, 1000};
    static const endpoint server = {{10, 0, 0, 2}, PLATO_PORT, 5000};
    const word *name = l->words[1];
    const guint index = r->scenario->connections->len;
    guint next = 2;
    if (name->name != NULL || is_keyword(word_text(name)))
        return word_refuse(name, error, "no name for a connection");
    if (scenario_find(r->scenario, word_text(name)) >= 0)
        return word_refuse(name, error, "there is a connection of this name already");
    if (index >= CONNECTIONS_MAX)
        return refuse(error, "more than 4096 connections");
    connection_plan *connection = scenario_add_connection(r->scenario, word_text(name));
    connection->client = client;
    connection->client.port = (guint16)(connection->client.port + index);
    connection->server = server;
    connection->handshake = TRUE;
    connection->framing = PLATO_FRAMING_HEADER;
    if (!read_endpoints(connection, l, &next, error))
        return FALSE;
    for (; next < l->n; next++) {
        if (!set_option(connection, l->words[next], error))
            return FALSE;
    }
    if (connection->handshake)
        add_step(r, STEP_OPEN)->connection = index;
    return TRUE;
}

static gboolean read_send(reader *r, const line *l, GError **error)
{
    step *s = add_step(r, STEP_AGAIN);
    s->name = g_strdup(word_text(l->words[1]));
    if (l->n > 2 && !word_is(l->words[2], "/"))
        return word_refuse(l->words[2], error, "/ is wanted here");
    if (!read_treatment(s, l, 2, error))
        return FALSE;
    const gboolean cut = s->how.cuts != NULL || s->how.segment != 0 || s->how.order != NULL ||
                         s->how.lost != NULL || s->how.again != NULL || s->how.names != NULL ||
                         s->how.held != NULL;
    return !cut || refuse(error, "one segment takes only lost=all, snap, checksum and comment");
}

static gboolean read_close(reader *r, const line *l, GError **error)
{
    guint connection = 0;
    if (!find_connection(r, l->words[1], &connection, error))
        return FALSE;
    add_step(r, STEP_CLOSE)->connection = connection;
    return TRUE;
}

static gboolean read_tcp(reader *r, const line *l, GError **error)
{
    static const struct {
        const char *name;
        guint8 flags;
    } kinds[] = {{"fin", TCP_FIN | TCP_ACK}, {"rst", TCP_RST | TCP_ACK}, {"ack", TCP_ACK}};
    guint connection = 0;
    gboolean up = FALSE;
    if (!find_connection(r, l->words[1], &connection, error) ||
        !read_direction(l->words[2], &up, error))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!word_is(l->words[3], kinds[i].name))
            continue;
        step *s = add_step(r, STEP_TCP);
        s->connection = connection;
        s->up = up;
        s->tcp_flags = kinds[i].flags;
        return TRUE;
    }
    return word_refuse(l->words[3], error, "fin, rst or ack is wanted here");
}

static const struct {
    const char *name;
    guint min, max; /* words, the keyword among them */
    gboolean (*read)(reader *r, const line *l, GError **error);
} statements[] = {
    {"start", 2, 2, read_start},
    {"snaplen", 2, 2, read_snaplen},
    {"comment", 2, 2, read_comment},
    {"segment", 2, 2, read_segment},
    {"default", 1, G_MAXUINT, read_default},
    {"connection", 2, G_MAXUINT, read_connection},
    {"send", 2, G_MAXUINT, read_send},
    {"close", 2, 2, read_close},
    {"tcp", 4, 4, read_tcp},
    {"wait", 2, 2, read_wait},
    {"at", 2, 2, read_at},
    {"pace", 2, 2, read_pace},
};

static gint find_statement(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(statements); i++) {
        if (strcmp(statements[i].name, name) == 0)
            return (gint)i;
    }
    return -1;
}

static gboolean is_keyword(const char *name)
{
    return name[0] == '\0' || find_statement(name) >= 0;
}

static gboolean read_statement(reader *r, const line *l, GError **error)
{
    const gint found = l->words[0]->name == NULL ? find_statement(word_text(l->words[0])) : -1;
    if (found >= 0) {
        if (l->n < statements[found].min || l->n > statements[found].max)
            return refuse(error, "too few or too many words");
        return statements[found].read(r, l, error);
    }
    if (l->n >= 3 && (word_is(l->words[1], ">") || word_is(l->words[1], "<")))
        return read_sending(r, l, error);
    return word_refuse(l->words[0], error, "neither a statement nor NAME > FRAME nor NAME < FRAME");
}

static gboolean read_line(reader *r, const char *text, GError **error)
{
    GPtrArray *words = words_split(text, error);
    if (words == NULL)
        return FALSE;
    const line l = {(word **)words->pdata, words->len};
    g_ptr_array_add(r->lines, words);
    const gboolean ok = l.n == 0 || read_statement(r, &l, error);
    /* only defaults outlive their line */
    if (l.n == 0 || !word_is(l.words[0], "default"))
        g_ptr_array_remove_index(r->lines, r->lines->len - 1);
    return ok;
}

static gboolean read_lines(reader *r, const char *text, gsize length, GError **error)
{
    const char *const end = text + length;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline != NULL ? newline : end;
        r->line++;
        if (memchr(text, '\0', (size_t)(stop - text)) != NULL)
            return refuse(error, "there is a NUL in the line");
        char *copy = g_strndup(text, (gsize)(stop - text));
        const gboolean ok = read_line(r, copy, error);
        g_free(copy);
        if (!ok)
            return FALSE;
        text = stop + 1;
    }
    return TRUE;
}

scenario *parse_scenario(const char *text, gsize length, GError **error)
{
    reader r = {.scenario = scenario_new(), .segment = SEGMENT_DEFAULT};
    r.defaults = g_ptr_array_new();
    r.lines = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    if (!read_lines(&r, text, length, error)) {
        g_prefix_error(error, "line %u: ", r.line);
        g_clear_pointer(&r.scenario, scenario_free);
    }
    g_ptr_array_unref(r.defaults);
    g_ptr_array_unref(r.lines);
    return r.scenario;
}
