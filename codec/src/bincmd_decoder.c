/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binary commands that come in pieces. */
#include "command_input.h"
#include "memory.h"
#include "plato/bincmd.h"

#include <string.h>

#define LENGTH_OFFSET 4

struct plato_bincmd_decoder {
    plato_bincmd_config config;
    command_input c;
    uint64_t total;       /* bytes of the current command; 0 while its header is not there */
    uint64_t skipped;     /* bytes before the current command that are not yet reported */
    uint64_t skipped_all; /* in all */
    bool handed_out;      /* the command; its span lives until the next call */
};

void plato_bincmd_config_init(plato_bincmd_config *config)
{
    const plato_bincmd_limits limits = PLATO_BINCMD_LIMITS_DEFAULT;
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    config->limits = limits;
}

plato_err plato_bincmd_decoder_new(const plato_bincmd_config *config,
                                   const plato_allocator *allocator, plato_bincmd_decoder **decoder)
{
    const plato_allocator memory = plato_allocator_or_default(allocator);
    plato_bincmd_config own;
    plato_bincmd_config_init(&own);
    if (config != NULL && !plato_command_take_config(&own, sizeof own, config, config->size))
        return PLATO_ERR_ARGUMENT;
    plato_bincmd_decoder *d = memory.alloc(memory.user, sizeof *d);
    if (d == NULL)
        return PLATO_ERR_NO_MEMORY;
    memset(d, 0, sizeof *d);
    d->config = own;
    d->c.allocator = memory;
    plato_bincmd_decoder_reset(d, 0);
    *decoder = d;
    return PLATO_OK;
}

void plato_bincmd_decoder_free(plato_bincmd_decoder *d)
{
    if (d == NULL)
        return;
    const plato_allocator memory = d->c.allocator;
    plato_command_input_free(&d->c);
    memory.release(memory.user, d);
}

static void begin_command(plato_bincmd_decoder *d)
{
    d->c.have = 0;
    d->total = 0;
    d->handed_out = false;
}

void plato_bincmd_decoder_reset(plato_bincmd_decoder *d, uint64_t offset)
{
    plato_command_input_reset(&d->c, offset);
    d->skipped = 0;
    d->skipped_all = 0;
    begin_command(d);
}

void plato_bincmd_decoder_input(plato_bincmd_decoder *d, const uint8_t *p, size_t n)
{
    plato_command_input_set(&d->c, p, n);
}

/*
 * The current command's first bytes, as many of `want` as there are (`*n`), in one place: in the
 * input, or gathered. NULL without memory.
 */
static const uint8_t *look(command_input *c, uint64_t want, size_t *n)
{
    const size_t there = c->have + command_available(c);
    *n = want < there ? (size_t)want : there;
    if (c->have == 0)
        return c->in + c->in_pos;
    if (*n > c->have && !plato_command_gather(c, *n - c->have))
        return NULL;
    return c->buf;
}

/* The first byte of what was looked at begins no command. */
static void skip_byte(plato_bincmd_decoder *d)
{
    command_input *c = &d->c;
    if (c->have > 0)
        memmove(c->buf, c->buf + 1, --c->have);
    else
        c->in_pos++;
    c->offset++;
    d->skipped++;
    d->skipped_all++;
}

static int wrong_header(plato_bincmd_decoder *d, plato_err err, const uint8_t *p, uint64_t total)
{
    if (err == PLATO_ERR_PARAMS_TOO_LONG)
        return plato_command_fail(&d->c, err, LENGTH_OFFSET, total - PLATO_BINCMD_HEADER_LEN,
                                  d->config.limits.max_params_len);
    return plato_command_fail(&d->c, err, total, p[total], 0);
}

/* Gathers what is there of a command that is not all there. */
static int wait_for_more(command_input *c)
{
    return plato_command_gather(c, command_available(c)) ? 0 : (int)c->error.code;
}

/* 1: the header of a command is there, `total` is set. */
static int find_header(plato_bincmd_decoder *d)
{
    while (d->total == 0) {
        size_t n;
        uint64_t total;
        const uint8_t *p = look(&d->c, PLATO_BINCMD_HEADER_LEN, &n);
        if (p == NULL)
            return d->c.error.code;
        const plato_err err = plato_bincmd_length(p, n, &d->config.limits, &total);
        if (err == PLATO_OK)
            d->total = total;
        else if (err == PLATO_NEED_MORE)
            return wait_for_more(&d->c);
        else if (d->config.resync)
            skip_byte(d);
        else
            return wrong_header(d, err, p, total);
    }
    return 1;
}

static int report_skipped(plato_bincmd_decoder *d, plato_bincmd_event *event)
{
    memset(event, 0, sizeof *event);
    event->kind = PLATO_BINCMD_SKIPPED;
    event->offset = d->c.offset - d->skipped;
    event->length = d->skipped;
    d->skipped = 0;
    return 1;
}

static int take_command(plato_bincmd_decoder *d, plato_bincmd_event *event)
{
    size_t n;
    const uint8_t *p = look(&d->c, d->total, &n);
    if (p == NULL)
        return d->c.error.code;
    if (n < d->total)
        return wait_for_more(&d->c);
    if (d->c.have == 0)
        d->c.in_pos += n;
    d->handed_out = true;
    event->kind = PLATO_BINCMD_COMMAND;
    event->offset = d->c.offset;
    event->length = d->total;
    (void)plato_bincmd_parse(p, n, &d->config.limits, &event->command);
    return 1;
}

int plato_bincmd_decoder_next(plato_bincmd_decoder *d, plato_bincmd_event *event)
{
    if (d->c.error.code != PLATO_OK)
        return d->c.error.code;
    if (d->handed_out) {
        d->c.offset += d->total;
        begin_command(d);
    }
    const int rc = find_header(d);
    if (rc != 1)
        return rc;
    return d->skipped > 0 ? report_skipped(d, event) : take_command(d, event);
}

ptrdiff_t plato_bincmd_decoder_feed(plato_bincmd_decoder *d, const uint8_t *p, size_t n)
{
    plato_bincmd_event event;
    int rc;
    plato_bincmd_decoder_input(d, p, n);
    while ((rc = plato_bincmd_decoder_next(d, &event)) > 0) {
        if (d->config.handler != NULL && d->config.handler(d->config.user, &event) == PLATO_PAUSE)
            break;
    }
    return rc < 0 ? rc : (ptrdiff_t)d->c.in_pos;
}

static uint64_t wanted(const plato_bincmd_decoder *d)
{
    return d->total != 0 ? d->total : PLATO_BINCMD_HEADER_LEN;
}

plato_err plato_bincmd_decoder_finish(plato_bincmd_decoder *d)
{
    const size_t have = d->c.have;
    if (d->c.error.code != PLATO_OK)
        return d->c.error.code;
    if (d->handed_out || have == 0)
        return PLATO_OK;
    return (plato_err)plato_command_fail(&d->c, PLATO_ERR_TRUNCATED, have, have, wanted(d));
}

uint64_t plato_bincmd_decoder_hint(const plato_bincmd_decoder *d)
{
    if (d->c.error.code != PLATO_OK)
        return 0;
    if (d->handed_out)
        return PLATO_BINCMD_HEADER_LEN;
    return wanted(d) > d->c.have ? wanted(d) - d->c.have : 1;
}

uint64_t plato_bincmd_decoder_skipped(const plato_bincmd_decoder *d)
{
    return d->skipped_all;
}

uint64_t plato_bincmd_decoder_offset(const plato_bincmd_decoder *d)
{
    return d->handed_out ? d->c.offset + d->total : d->c.offset;
}

const plato_error *plato_bincmd_decoder_error(const plato_bincmd_decoder *d)
{
    return &d->c.error;
}
