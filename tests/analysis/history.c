/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _DEFAULT_SOURCE /* fmemopen() */
#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_words[] = {"login", "heartbeat", "reconn", "ack",
                                         "up",    "push",      "sync"};
#define TYPES (sizeof type_words / sizeof type_words[0])

static void bad(const char *line, const char *why)
{
    (void)fprintf(stderr, "not an event (%s): %s\n", why, line);
    exit(EXIT_FAILURE);
}

static uint32_t parse_type(const char *line, const char *word)
{
    for (uint32_t type = 0; type < TYPES; type++)
        if (word != NULL && strcmp(word, type_words[type]) == 0)
            return type;
    if (word == NULL || strncmp(word, "type", 4) != 0)
        bad(line, "type");
    return (uint32_t)strtoul(word + 4, NULL, 10);
}

static void parse_session(event *e, const char *text, uint64_t *session)
{
    if (text[0] >= '0' && text[0] <= '9')
        *session = strtoull(text, NULL, 10);
    else
        (void)snprintf(e->session_text, sizeof e->session_text, "%s", text);
}

/* SESSION/ID, or ID alone. */
static void parse_ids(event *e, char *word, uint64_t *session, uint64_t *id)
{
    char *slash = strchr(word, '/');
    if (slash != NULL) {
        *slash = '\0';
        parse_session(e, word, session);
        word = slash + 1;
    }
    *id = strtoull(word, NULL, 10);
}

static void parse_plain(event *e, char *word)
{
    plato_head *h = &e->head;
    plato_head_ack *ack = &h->ack;
    switch (h->msg_type) {
    case PLATO_LOGIN:
        h->login.device_id = strtoull(word, NULL, 10);
        break;
    case PLATO_RECONN:
        h->reconn.conn_id = strtoull(word, NULL, 10);
        break;
    case PLATO_SYNC:
        h->sync.session_id = strtoull(word, NULL, 10);
        break;
    case PLATO_UP:
        parse_ids(e, word, &h->up.session_id, &h->up.client_id);
        break;
    case PLATO_PUSH:
        parse_ids(e, word, &h->push.session_id, &h->push.msg_id);
        break;
    case PLATO_ACK:
        if (ack->type == PLATO_SYNC)
            ack->session_id = strtoull(word, NULL, 10);
        else
            parse_ids(e, word, &ack->session_id,
                      ack->type == PLATO_PUSH ? &ack->msg_id : &ack->client_id);
        break;
    default:
        break;
    }
}

static void parse_option(event *e, const char *line, const char *name, const char *value)
{
    const uint64_t number = strtoull(value, NULL, 10);
    if (strcmp(name, "by") == 0)
        e->direction = strcmp(value, "client") == 0 ? ANALYSIS_UPSTREAM : ANALYSIS_DOWNSTREAM;
    else if (strcmp(name, "conn") == 0 && e->head.msg_type == PLATO_UP)
        e->head.up.conn_id = number;
    else if (strcmp(name, "conn") == 0)
        e->head.ack.conn_id = number;
    else if (strcmp(name, "code") == 0)
        e->head.ack.code = (uint32_t)number;
    else if (strcmp(name, "msg") == 0)
        e->head.ack.msg_id = number;
    else if (strcmp(name, "client") == 0)
        e->head.ack.client_id = number;
    else
        bad(line, name);
}

analysis_direction event_direction(const plato_head *head)
{
    if (head->msg_type == PLATO_ACK)
        return head->ack.type == PLATO_PUSH ? ANALYSIS_UPSTREAM : ANALYSIS_DOWNSTREAM;
    return head->msg_type == PLATO_PUSH ? ANALYSIS_DOWNSTREAM : ANALYSIS_UPSTREAM;
}

event event_parse(const char *line)
{
    event e = {0};
    char copy[LINE_MAX_LEN], *rest = NULL;
    bool first = true;
    (void)snprintf(copy, sizeof copy, "%s", line);
    const char *time = strtok_r(copy, " ", &rest), *conn = strtok_r(NULL, " ", &rest);
    const char *what = strtok_r(NULL, " ", &rest);
    if (time == NULL || conn == NULL || what == NULL)
        bad(line, "three words");
    e.time_ms = strtoll(time, NULL, 10);
    e.framing = conn[0] == 'm' ? PLATO_FRAMING_MSGCMD : PLATO_FRAMING_HEADER;
    e.connection = (uint32_t)strtoul(conn + 1, NULL, 10);
    if (strcmp(what, "filled") == 0) {
        e.is_loss = true;
        e.fills = (uint32_t)strtoul(rest, NULL, 10);
        return e;
    }
    if (strcmp(what, "loss") == 0) {
        e.is_loss = true;
        e.direction = strcmp(rest, "up") == 0 ? ANALYSIS_UPSTREAM : ANALYSIS_DOWNSTREAM;
        return e;
    }
    e.head.msg_type = parse_type(line, what);
    if (e.head.msg_type == PLATO_ACK)
        e.head.ack.type = parse_type(line, strtok_r(NULL, " ", &rest));
    e.direction = event_direction(&e.head);
    for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL; first = false) {
        char *equals = strchr(word, '=');
        if (equals != NULL) {
            *equals = '\0';
            parse_option(&e, line, word, equals + 1);
        } else if (first) {
            parse_plain(&e, word);
        } else {
            (void)snprintf(e.text, sizeof e.text, "%s", word);
        }
    }
    return e;
}

static void print_ack(const plato_head_ack *ack, FILE *out)
{
    if (ack->type < TYPES)
        (void)fprintf(out, " %s", type_words[ack->type]);
    else
        (void)fprintf(out, " type%" PRIu32, ack->type);
    if (ack->type == PLATO_SYNC)
        (void)fprintf(out, " %" PRIu64, ack->session_id);
    else
        (void)fprintf(out, " %" PRIu64 "/%" PRIu64, ack->session_id,
                      ack->type == PLATO_PUSH ? ack->msg_id : ack->client_id);
    if (ack->type != PLATO_PUSH && ack->msg_id != 0)
        (void)fprintf(out, " msg=%" PRIu64, ack->msg_id);
    if ((ack->type == PLATO_PUSH || ack->type == PLATO_SYNC) && ack->client_id != 0)
        (void)fprintf(out, " client=%" PRIu64, ack->client_id);
    if (ack->conn_id != 0)
        (void)fprintf(out, " conn=%" PRIu64, ack->conn_id);
    if (ack->code != 0)
        (void)fprintf(out, " code=%" PRIu32, ack->code);
}

static void print_head(const event *e, FILE *out)
{
    const plato_head *h = &e->head;
    if (h->msg_type >= TYPES) {
        (void)fprintf(out, "type%" PRIu32, h->msg_type);
        return;
    }
    (void)fputs(type_words[h->msg_type], out);
    if (h->msg_type == PLATO_LOGIN)
        (void)fprintf(out, " %" PRIu64, h->login.device_id);
    else if (h->msg_type == PLATO_RECONN)
        (void)fprintf(out, " %" PRIu64, h->reconn.conn_id);
    else if (h->msg_type == PLATO_SYNC)
        (void)fprintf(out, " %" PRIu64, h->sync.session_id);
    else if (h->msg_type == PLATO_PUSH)
        (void)fprintf(out, " %" PRIu64 "/%" PRIu64 " %s", h->push.session_id, h->push.msg_id,
                      e->text);
    else if (h->msg_type == PLATO_ACK)
        print_ack(&h->ack, out);
    else if (h->msg_type == PLATO_UP && e->session_text[0] != '\0')
        (void)fprintf(out, " %s/%" PRIu64 " %s", e->session_text, h->up.client_id, e->text);
    else if (h->msg_type == PLATO_UP)
        (void)fprintf(out, " %" PRIu64 "/%" PRIu64 " %s", h->up.session_id, h->up.client_id,
                      e->text);
    if (h->msg_type == PLATO_UP && h->up.conn_id != 0)
        (void)fprintf(out, " conn=%" PRIu64, h->up.conn_id);
}

void event_print(const event *e, char line[LINE_MAX_LEN])
{
    FILE *out = fmemopen(line, LINE_MAX_LEN, "w");
    (void)fprintf(out, "%" PRId64 " %c%" PRIu32 " ", e->time_ms,
                  e->framing == PLATO_FRAMING_MSGCMD ? 'm' : 'c', e->connection);
    if (e->fills != 0)
        (void)fprintf(out, "filled %" PRIu32, e->fills);
    else if (e->is_loss)
        (void)fprintf(out, "loss %s", e->direction == ANALYSIS_UPSTREAM ? "up" : "down");
    else
        print_head(e, out);
    if (!e->is_loss && e->direction != event_direction(&e->head))
        (void)fprintf(out, " by=%s", e->direction == ANALYSIS_UPSTREAM ? "client" : "server");
    (void)fclose(out);
}
