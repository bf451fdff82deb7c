/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command_trace.h"

#include "random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tracer {
    bytes text;
    bool pause;
    bool paused;
} tracer;

static void say_span(tracer *t, const char *name, plato_span span)
{
    bytes_print(&t->text, " %s ", name);
    for (size_t i = 0; i < span.n; i++)
        bytes_print(&t->text, "%02x", span.p[i]);
}

static int on_line(void *user, const plato_textcmd_event *event)
{
    tracer *t = user;
    bytes_print(&t->text, "\nline at %" PRIu64 " length %" PRIu64, event->offset, event->length);
    say_span(t, "type", event->command.type);
    say_span(t, "params", event->command.params);
    t->paused = t->pause;
    return t->pause ? PLATO_PAUSE : PLATO_CONTINUE;
}

static int on_command(void *user, const plato_bincmd_event *event)
{
    tracer *t = user;
    if (event->kind == PLATO_BINCMD_SKIPPED) {
        bytes_print(&t->text, "\nskipped at %" PRIu64 " length %" PRIu64, event->offset,
                    event->length);
    } else {
        bytes_print(&t->text,
                    "\ncommand at %" PRIu64 " length %" PRIu64 " magic %08" PRIx32 " type %u",
                    event->offset, event->length, event->command.magic, event->command.type);
        say_span(t, "params", event->command.params);
    }
    t->paused = t->pause;
    return t->pause ? PLATO_PAUSE : PLATO_CONTINUE;
}

static void say_end(tracer *t, plato_err finish, const plato_error *e, uint64_t offset)
{
    bytes_print(&t->text,
                "\nend %s at %" PRIu64 " field %" PRIu64 " got %" PRIu64 " limit %" PRIu64,
                plato_err_name(finish), e->frame_offset, e->offset, e->got, e->limit);
    bytes_print(&t->text, ", next at %" PRIu64 "\n", offset);
    bytes_add(&t->text, "", 1);
}

/* Memory of the piece's own, of exactly its size, so that a read past its end is seen. */
static uint8_t *piece_copy(const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    if (copy == NULL)
        abort();
    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}

static size_t next_cut(command_cuts cuts, size_t at, size_t n)
{
    for (size_t i = 0; i < cuts.count; i++) {
        if (cuts.at[i] > at && cuts.at[i] < n)
            return cuts.at[i];
    }
    return n;
}

/* The same loops for both decoders. */
#define RUN(kind, handler)                                                                         \
    static void run_##kind(tracer *t, plato_##kind##_decoder *d, plato_span stream,                \
                           command_cuts cuts)                                                      \
    {                                                                                              \
        plato_##kind##_event event;                                                                \
        size_t at = 0;                                                                             \
        int rc = 0;                                                                                \
        do {                                                                                       \
            size_t n = next_cut(cuts, at, stream.n) - at;                                          \
            uint8_t *copy = piece_copy(stream.p + at, n);                                          \
            t->paused = false;                                                                     \
            if (cuts.push) {                                                                       \
                const ptrdiff_t used = plato_##kind##_decoder_feed(d, copy, n);                    \
                rc = used < 0 ? (int)used : 0;                                                     \
                if (used >= 0 && !t->paused && (size_t)used != n)                                  \
                    bytes_print(&t->text, "\n<feed left bytes over>");                             \
                n = used < 0 ? 0 : (size_t)used;                                                   \
            } else {                                                                               \
                plato_##kind##_decoder_input(d, copy, n);                                          \
                while ((rc = plato_##kind##_decoder_next(d, &event)) > 0)                          \
                    (void)handler(t, &event);                                                      \
            }                                                                                      \
            free(copy);                                                                            \
            at += n;                                                                               \
        } while (rc == 0 && (at < stream.n || t->paused));                                         \
    }

RUN(textcmd, on_line)
RUN(bincmd, on_command)

#define TRACE(kind, on_event)                                                                      \
    bytes trace_##kind(const plato_##kind##_config *config, plato_span stream, command_cuts cuts)  \
    {                                                                                              \
        tracer t = {.pause = cuts.pause};                                                          \
        plato_##kind##_config own = *config;                                                       \
        plato_##kind##_decoder *d;                                                                 \
        own.handler = on_event;                                                                    \
        own.user = &t;                                                                             \
        if (plato_##kind##_decoder_new(&own, NULL, &d) != PLATO_OK)                                \
            abort();                                                                               \
        run_##kind(&t, d, stream, cuts);                                                           \
        const plato_err finish = plato_##kind##_decoder_finish(d);                                 \
        say_end(&t, finish, plato_##kind##_decoder_error(d), plato_##kind##_decoder_offset(d));    \
        plato_##kind##_decoder_free(d);                                                            \
        return t.text;                                                                             \
    }

TRACE(textcmd, on_line)
TRACE(bincmd, on_command)

/* ---- the same, however it is cut ---- */

typedef struct cut_check {
    const char *name;
    command_tracer trace;
    const void *config;
    plato_span stream;
    bytes expected;
} cut_check;

static void check_cuts(const cut_check *c, const size_t *at, size_t count)
{
    for (int way = 0; way < 3; way++) {
        const command_cuts cuts = {at, count, way > 0, way == 2};
        bytes trace = c->trace(c->config, c->stream, cuts);
        if (trace.n != c->expected.n || memcmp(trace.p, c->expected.p, trace.n) != 0) {
            (void)fprintf(stderr, "%s, way %d, first cut at %zu:\n%s\nat once:\n%s\n", c->name, way,
                          count > 0 ? at[0] : 0, (char *)trace.p, (char *)c->expected.p);
            abort();
        }
        bytes_free(&trace);
    }
}

#define CUTS_MAX 4096u

void check_all_cuts(const char *name, command_tracer trace, const void *config, plato_span stream)
{
    cut_check c = {name, trace, config, stream, trace(config, stream, (command_cuts){0})};
    rng r = {stream.n};
    size_t *cuts = malloc(CUTS_MAX * sizeof *cuts);
    if (cuts == NULL || stream.n > CUTS_MAX)
        abort();
    check_cuts(&c, NULL, 0);
    for (size_t i = 0; i < stream.n; i++)
        cuts[i] = i + 1;
    check_cuts(&c, cuts, stream.n);
    for (size_t a = 1; a<stream.n; a += stream.n> 300 ? 61 : 1) {
        cuts[0] = a;
        check_cuts(&c, cuts, 1);
        for (cuts[1] = a + 1; stream.n < 64 && cuts[1] < stream.n; cuts[1]++)
            check_cuts(&c, cuts, 2);
    }
    for (int round = 0; round < 10 && stream.n > 0; round++) {
        size_t count = 0;
        for (size_t at = 0; at < stream.n; cuts[count++] = at)
            at += 1 + rng_below(&r, stream.n);
        check_cuts(&c, cuts, count);
    }
    free(cuts);
    bytes_free(&c.expected);
}
