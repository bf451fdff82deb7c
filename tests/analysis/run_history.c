/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_history.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a: any digest will do. */
static uint64_t digest(const char *text)
{
    uint64_t sum = 0xcbf29ce484222325u;
    for (; *text != '\0'; text++)
        sum = (sum ^ (uint8_t)*text) * 0x100000001b3u;
    return sum;
}

static void feed_loss(analysis_state *a, const event *e, uint32_t number, uint32_t *loss_ids)
{
    if (e->fills == 0) {
        const uint32_t id = analysis_loss(a, e->connection, e->direction, number);
        if (loss_ids != NULL)
            loss_ids[number] = id;
    } else if (loss_ids != NULL && e->fills < number) {
        analysis_loss_filled(a, loss_ids[e->fills]);
    }
}

const analysis_record *feed_event(analysis_state *a, const event *e, uint32_t number,
                                  uint32_t *loss_ids)
{
    plato_head head = e->head;
    if (e->is_loss) {
        feed_loss(a, e, number, loss_ids);
        return NULL;
    }
    if (head.msg_type == PLATO_UP && e->session_text[0] != '\0')
        head.up.session_name =
            (plato_span){(const uint8_t *)e->session_text, strlen(e->session_text)};
    const analysis_observation o = {
        .number = number,
        .connection = e->connection,
        .direction = e->direction,
        .framing = e->framing,
        .time_ns = e->time_ms * 1000000,
        .head = &head,
        .content_digest = digest(e->text),
        .content_len = (uint32_t)strlen(e->text),
    };
    return analysis_frame(a, &o);
}

static void run(const history *h, const analysis_config *config, const analysis_limits *limits,
                outcomes said)
{
    analysis_state *a = analysis_new_with_limits(config, NULL, limits);
    const analysis_record **record = calloc(h->count + 1, sizeof *record);
    uint32_t *loss_ids = calloc(HISTORY_MAX + 1, sizeof *loss_ids);
    for (size_t i = 0; i < h->count; i++)
        record[i] = feed_event(a, &h->events[i], (uint32_t)i + 1, loss_ids);
    for (size_t i = 0; i < h->count; i++) {
        said[i][0] = '\0';
        if (record[i] != NULL)
            outcome_of(a, record[i], said[i]);
    }
    free(loss_ids);
    free((void *)record);
    analysis_free(a);
}

void run_history(const history *h, const analysis_limits *limits, outcomes said)
{
    run(h, NULL, limits, said);
}

void check_rows(const row *rows, size_t count, const analysis_config *config,
                const analysis_limits *limits)
{
    history *h = calloc(1, sizeof *h);
    char(*said)[OUTCOME_MAX] = calloc(HISTORY_MAX, OUTCOME_MAX);
    ck_assert_uint_le(count, HISTORY_MAX);
    h->count = count;
    for (size_t i = 0; i < count; i++)
        h->events[i] = event_parse(rows[i].line);
    run(h, config, limits, said);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(strcmp(said[i], rows[i].said) == 0, "line %zu, %s: said \"%s\", not \"%s\"",
                      i + 1, rows[i].line, said[i], rows[i].said);
    free(said);
    free(h);
}
