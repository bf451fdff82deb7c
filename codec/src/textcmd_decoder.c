/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text commands that come in pieces. */
#include "command_input.h"
#include "memory.h"
#include "textcmd_scan.h"

#include <string.h>

struct plato_textcmd_decoder {
    plato_textcmd_config config;
    command_input c;
    textcmd_scan scan;
    bool handed_out; /* the line of the scan; its spans live until the next call */
};

void plato_textcmd_config_init(plato_textcmd_config *config)
{
    const plato_textcmd_limits limits = PLATO_TEXTCMD_LIMITS_DEFAULT;
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    config->limits = limits;
}

plato_err plato_textcmd_decoder_new(const plato_textcmd_config *config,
                                    const plato_allocator *allocator,
                                    plato_textcmd_decoder **decoder)
{
    const plato_allocator memory = plato_allocator_or_default(allocator);
    plato_textcmd_config own;
    plato_textcmd_config_init(&own);
    if (config != NULL && !plato_command_take_config(&own, sizeof own, config, config->size))
        return PLATO_ERR_ARGUMENT;
    plato_textcmd_decoder *d = memory.alloc(memory.user, sizeof *d);
    if (d == NULL)
        return PLATO_ERR_NO_MEMORY;
    memset(d, 0, sizeof *d);
    d->config = own;
    d->c.allocator = memory;
    plato_textcmd_decoder_reset(d, 0);
    *decoder = d;
    return PLATO_OK;
}

void plato_textcmd_decoder_free(plato_textcmd_decoder *d)
{
    if (d == NULL)
        return;
    const plato_allocator memory = d->c.allocator;
    plato_command_input_free(&d->c);
    memory.release(memory.user, d);
}

static void begin_line(plato_textcmd_decoder *d)
{
    memset(&d->scan, 0, sizeof d->scan);
    d->c.have = 0;
    d->handed_out = false;
}

void plato_textcmd_decoder_reset(plato_textcmd_decoder *d, uint64_t offset)
{
    plato_command_input_reset(&d->c, offset);
    begin_line(d);
}

void plato_textcmd_decoder_input(plato_textcmd_decoder *d, const uint8_t *p, size_t n)
{
    plato_command_input_set(&d->c, p, n);
}

/* The line's first byte, with all `used` bytes that came last used up; NULL without memory. */
static const uint8_t *use_line(command_input *c, size_t used)
{
    const uint8_t *line = c->in + c->in_pos;
    if (c->have == 0) {
        c->in_pos += used;
        return line;
    }
    return plato_command_gather(c, used) ? c->buf : NULL;
}

int plato_textcmd_decoder_next(plato_textcmd_decoder *d, plato_textcmd_event *event)
{
    command_input *c = &d->c;
    size_t used;
    if (c->error.code != PLATO_OK)
        return c->error.code;
    if (d->handed_out) {
        c->offset += d->scan.at;
        begin_line(d);
    }
    const plato_err err = plato_textcmd_scan_on(&d->scan, c->in + c->in_pos, command_available(c),
                                                &d->config.limits, &used);
    if (err == PLATO_NEED_MORE)
        return plato_command_gather(c, used) ? 0 : (int)c->error.code;
    if (err != PLATO_OK)
        return plato_command_fail(c, err, d->scan.fault_at, d->scan.got, d->scan.limit);
    const uint8_t *line = use_line(c, used);
    if (line == NULL)
        return c->error.code;
    d->handed_out = true;
    event->offset = c->offset;
    event->length = d->scan.at;
    plato_textcmd_scan_result(&d->scan, line, &event->command);
    return 1;
}

ptrdiff_t plato_textcmd_decoder_feed(plato_textcmd_decoder *d, const uint8_t *p, size_t n)
{
    plato_textcmd_event event;
    int rc;
    plato_textcmd_decoder_input(d, p, n);
    while ((rc = plato_textcmd_decoder_next(d, &event)) > 0) {
        if (d->config.handler != NULL && d->config.handler(d->config.user, &event) == PLATO_PAUSE)
            break;
    }
    return rc < 0 ? rc : (ptrdiff_t)d->c.in_pos;
}

/* The fewest bytes that would end the line. */
static size_t missing(const textcmd_scan *s)
{
    static const size_t of_state[] = {
        [SCAN_PLAIN] = 2, [SCAN_DIGIT_1] = 4, [SCAN_DIGIT_2] = 3, [SCAN_LF] = 1};
    return of_state[s->state] + !s->in_params;
}

plato_err plato_textcmd_decoder_finish(plato_textcmd_decoder *d)
{
    const size_t at = d->scan.at;
    if (d->c.error.code != PLATO_OK)
        return d->c.error.code;
    if (d->handed_out || at == 0)
        return PLATO_OK;
    return (plato_err)plato_command_fail(&d->c, PLATO_ERR_TRUNCATED, at, at,
                                         at + missing(&d->scan));
}

uint64_t plato_textcmd_decoder_offset(const plato_textcmd_decoder *d)
{
    return d->handed_out ? d->c.offset + d->scan.at : d->c.offset;
}

const plato_error *plato_textcmd_decoder_error(const plato_textcmd_decoder *d)
{
    return &d->c.error;
}
