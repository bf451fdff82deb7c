/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "script.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct player {
    const script *how;
    stream_conn *conn;
    char *log;
    size_t used;
    uint32_t packet;
    int64_t now_ns;
    uint8_t *payload; /* of the last segment, as large as it was captured */
} player;

__attribute__((format(printf, 2, 3))) static void say(player *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(p->log + p->used, SCRIPT_LOG_MAX - p->used, format, args);
    va_end(args);
    p->used += (size_t)n;
    if (p->used >= SCRIPT_LOG_MAX)
        abort();
}

/* Offsets of a start in mid-stream as m0, m5, m-3. */
static const char *place(uint64_t offset, char text[24])
{
    const int64_t from_middle = (int64_t)offset - (int64_t)STREAM_MIDSTREAM;
    if (from_middle > -1000000 && from_middle < 1000000000)
        (void)snprintf(text, 24, "m%" PRId64, from_middle);
    else
        (void)snprintf(text, 24, "%" PRIu64, offset);
    return text;
}

static const char side[] = "cs";
static const char *const reasons[STREAM_REASONS] = {"ack",    "fin", "rst",  "waiting",
                                                    "silent", "end", "limit"};

static void on_event(void *user, const stream_event *e)
{
    static const char *const names[] = {"open",   "fill", "gone", "late",   "differs",
                                        "silent", "drop", "odd",  "restart"};
    player *p = user;
    char at[24];
    say(p, "%u:%s%s", e->packet, names[e->kind], e->extends ? "+" : "");
    if (e->kind == STREAM_HOLE_GIVEN_UP)
        say(p, "(%s)", reasons[e->reason]);
    say(p, " %c", side[e->direction]);
    if (e->kind == STREAM_IMPLAUSIBLE)
        say(p, "+%" PRIu64, e->len);
    else if (e->kind == STREAM_SILENT)
        say(p, "%s", place(e->offset, at));
    else if (e->kind != STREAM_RESTARTED)
        say(p, "%s+%" PRIu64, place(e->offset, at), e->len);
    say(p, "%s%s ", e->tail ? " tail" : "", e->maybe_fin ? " fin?" : "");
}

static const char *edge_sign(stream_edge edge)
{
    static const char *const signs[] = {"", "", "^", "?", "|", "~"};
    return signs[edge];
}

static void show_run(player *p, unsigned direction, const stream_run *run)
{
    char at[24];
    const uint8_t *bytes = stream_bytes(p->conn, direction, run->offset, (size_t)run->len);
    say(p, "%c%s%s", side[direction], edge_sign(run->before), place(run->offset, at));
    if (run->len > 40)
        say(p, "\"...%" PRIu64 "\" ", run->len);
    else
        say(p, "\"%.*s\" ", (int)run->len, (const char *)bytes);
}

static void read_all(player *p)
{
    stream_run run;
    for (unsigned direction = 0; direction < 2; direction++) {
        while (stream_next_changed(p->conn, direction, &run)) {
            if (p->how->lazy || run.before == STREAM_EDGE_WAITING)
                continue;
            say(p, "%u:", p->packet);
            show_run(p, direction, &run);
            stream_consume(p->conn, direction, run.offset, run.len);
        }
    }
}

static void give(player *p, const stream_segment *segment)
{
    stream_result result;
    while ((result = stream_conn_segment(p->conn, segment)) == STREAM_RESTART) {
        read_all(p);
        stream_conn_restart(p->conn);
    }
    if (result == STREAM_HELD)
        say(p, "%u:held ", segment->packet);
    read_all(p);
    if (!p->how->forgetful)
        (void)stream_conn_keep(p->conn);
    free(p->payload);
    p->payload = NULL;
}

static const char *read_flags(const char *s, stream_segment *segment)
{
    for (;; s++) {
        if (*s == 'S')
            segment->flags |= STREAM_SYN;
        else if (*s == 'F')
            segment->flags |= STREAM_FIN;
        else if (*s == 'R')
            segment->flags |= STREAM_RST;
        else if (*s == 'P')
            segment->flags |= STREAM_PSH;
        else if (*s != 'A')
            return s;
    }
}

static const char *read_payload(const char *s, stream_segment *segment, const char **text)
{
    const char *end = strchr(s + 1, '\'');
    *text = s + 1;
    segment->len = segment->captured = (uint32_t)(end - *text);
    return end + 1;
}

static const char *read_segment(player *p, const char *s, stream_segment *segment,
                                const char **text, long *count, int64_t *step)
{
    char *end;
    segment->direction = *s++ == 's';
    s = read_flags(s, segment);
    segment->seq = p->how->isn[segment->direction] + (uint32_t)strtoll(s, &end, 10);
    s = end;
    while (*s != '\0' && !isspace((unsigned char)*s)) {
        const char kind = *s;
        if (kind == '\'') {
            s = read_payload(s, segment, text);
            continue;
        }
        const long long value = strtoll(s + 1, &end, 10);
        s = end;
        if (kind == '/') {
            segment->flags |= STREAM_ACK;
            segment->ack = p->how->isn[!segment->direction] + (uint32_t)value;
        } else if (kind == '#') {
            segment->len = segment->captured = (uint32_t)value;
        } else if (kind == '^') {
            segment->captured = (uint32_t)value;
        } else if (kind == '@') {
            *step = value;
        } else if (kind == '*') {
            *count = (long)value;
        } else {
            abort();
        }
    }
    return s;
}

static const char *play_segment(player *p, const char *s)
{
    stream_segment segment = {0};
    const char *text = NULL;
    long count = 1;
    int64_t step = 1;
    s = read_segment(p, s, &segment, &text, &count, &step);
    for (; count > 0; count--) {
        segment.packet = ++p->packet;
        p->now_ns += step * 1000000;
        segment.time_ns = p->now_ns;
        /* exactly as large as what was captured, and gone after it was kept */
        p->payload = malloc(segment.captured > 0 ? segment.captured : 1);
        if (text != NULL)
            memcpy(p->payload, text, segment.captured);
        else
            memset(p->payload, 'x', segment.captured);
        segment.bytes = p->payload;
        give(p, &segment);
    }
    return s;
}

static void show_rest_of(player *p, unsigned direction)
{
    stream_piece piece;
    stream_hole hole;
    stream_run run;
    char at[24];
    for (uint64_t from = 0; stream_run_at(p->conn, direction, from, &run);
         from = run.offset + run.len)
        show_run(p, direction, &run);
    for (uint64_t from = 0; stream_piece_at(p->conn, direction, from, &piece);
         from = piece.offset + piece.len) {
        if (!piece.captured)
            say(p, "%c%s cut%" PRIu64 " ", side[direction], place(piece.offset, at), piece.len);
    }
    for (uint64_t from = 0; stream_hole_at(p->conn, direction, from, &hole);
         from = hole.offset + hole.len)
        say(p, "%c%s hole%" PRIu64 "%s ", side[direction], place(hole.offset, at), hole.len,
            hole.given_up ? "" : "?");
}

stream_conn *script_open(const script *how, stream_budget *budget, const char *text,
                         char log[SCRIPT_LOG_MAX])
{
    static stream_config config;
    player p = {.how = how, .log = log};
    if (how->config != NULL)
        config = *how->config;
    else
        stream_config_init(&config);
    config.on_event = on_event;
    log[0] = '\0';
    p.conn = stream_conn_new(&config, budget, &p);
    for (const char *s = text; *s != '\0';) {
        if (*s == '!') {
            stream_conn_end(p.conn);
            read_all(&p);
            s++;
        } else if (isspace((unsigned char)*s)) {
            s++;
        } else {
            s = play_segment(&p, s);
        }
    }
    say(&p, "=");
    for (unsigned direction = 0; direction < 2; direction++) {
        say(&p, " ");
        show_rest_of(&p, direction);
        while (p.used > 1 && log[p.used - 1] == ' ')
            log[--p.used] = '\0';
    }
    config.on_event = NULL;
    return p.conn;
}

void script_run(const script *how, const char *text, char log[SCRIPT_LOG_MAX])
{
    stream_budget *budget = stream_budget_new(0, NULL);
    stream_conn_free(script_open(how, budget, text, log));
    if (stream_budget_used(budget) != 0)
        abort();
    stream_budget_free(budget);
}
