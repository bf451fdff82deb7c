/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's dialogues of text and of binary commands: however the bytes come and the replies are
 * read, these are the same, one to each command; what waits for a reader is bounded; and it ends
 * for the reason that the bytes give.
 */
#include "fuzz_input.h"

#include "commands/dialogue.h"
#include "plato/bincmd.h"
#include "plato/textcmd.h"

#include <netinet/in.h>
#include <string.h>

#define REPLY_MAX PLATO_TEXTCMD_LINE_MAX /* bytes; longer than PLATO_BINCMD_MAX */
#define MAX_OUTPUT 65536                 /* the default */

/* What of the server's settings an input chooses. */
typedef struct settings {
    bool binary;
    bool one_reply;
    bool limited; /* few commands at once */
    size_t max_output;
} settings;

/* How the bytes come, and how the replies are read. */
typedef struct way {
    const input_cuts *cuts; /* NULL: at once */
    bool bytewise;
    size_t read_at_once; /* 0: everything, at once */
} way;

typedef struct run {
    dialogue_config config;
    dialogue_stats stats;
    struct admission *admission;
    struct dialogue *d;
    size_t read_at_once;
    size_t unread;      /* bytes that were taken from it and not read yet */
    GByteArray *output; /* all of it */
} run;

static int64_t wall_us(void *user)
{
    (void)user;
    return 0;
}

static void write_stats(void *user, GString *json)
{
    (void)user;
    for (unsigned i = 0; i < 60; i++)
        g_string_append(json, "{\"stats\"}"); /* 600 bytes: the most that they may have */
}

static struct guest *guest_of(const settings *s, run *r)
{
    const struct sockaddr_in peer = {.sin_family = AF_INET};
    admission_config limits;
    struct guest *guest;
    admission_config_init(&limits);
    limits.guest_rate = s->limited ? (bucket_rate){1, 4} : (bucket_rate){0, 1};
    limits.patience.burst = 3;
    r->admission = admission_new(&limits);
    REQUIRE(admission_enter(r->admission, (const struct sockaddr *)(const void *)&peer, 0,
                            &guest) == ADMISSION_YES);
    return guest;
}

static void begin(run *r, const settings *s, const way *w)
{
    *r = (run){.read_at_once = w->read_at_once, .output = g_byte_array_new()};
    dialogue_config_init(&r->config);
    r->config.syntax = s->binary ? &binary_syntax : &text_syntax;
    r->config.one_reply = s->one_reply;
    r->config.max_output = s->max_output;
    r->config.source = (answer_source){NULL, wall_us, write_stats, "1"};
    r->config.stats = &r->stats;
    struct guest *guest = guest_of(s, r);
    r->d = dialogue_new(&r->config, r->admission, guest, 0);
}

/* Takes what there is to send. */
static void take_output(run *r)
{
    for (GBytes *bytes; (bytes = dialogue_take_output(r->d)) != NULL; g_bytes_unref(bytes)) {
        gsize n;
        const void *p = g_bytes_get_data(bytes, &n);
        g_byte_array_append(r->output, p, (guint)n);
        r->unread += n;
        REQUIRE(r->unread < r->config.max_output + REPLY_MAX);
    }
}

/* The peer reads this many bytes. */
static void read_some(run *r, size_t most)
{
    const size_t n = r->unread < most ? r->unread : most;
    r->unread -= n;
    if (n > 0)
        dialogue_drained(r->d, 0, n);
    take_output(r);
}

static void read_all(run *r)
{
    take_output(r);
    while (r->unread > 0)
        read_some(r, r->read_at_once > 0 ? r->read_at_once : r->unread);
    REQUIRE(!dialogue_is_full(r->d)); /* nothing is left to wait for */
}

/* Nothing comes while it is full: its peer is not read from. */
static void say(run *r, const uint8_t *p, size_t n)
{
    dialogue_received(r->d, 0, p, n);
    take_output(r);
    if (r->read_at_once == 0 || dialogue_is_full(r->d))
        read_all(r);
}

static void say_stream(run *r, plato_span stream, const way *w)
{
    size_t at = 0;
    for (size_t i = 0; w->cuts != NULL && i < w->cuts->count && w->cuts->at[i] < stream.n; i++) {
        say(r, stream.p + at, w->cuts->at[i] - at);
        at = w->cuts->at[i];
    }
    for (; w->bytewise && at < stream.n; at++)
        say(r, stream.p + at, 1);
    if (at < stream.n)
        say(r, stream.p + at, stream.n - at);
}

static run carry_out(const settings *s, plato_span stream, const way *w)
{
    run r;
    begin(&r, s, w);
    say_stream(&r, stream, w);
    dialogue_peer_ended(r.d, 0);
    read_all(&r);
    REQUIRE(dialogue_is_closing(r.d));
    dialogue_free(r.d, 0);
    REQUIRE(admission_get_stats(r.admission).guests == 0);
    admission_free(r.admission);
    return r;
}

static void require_same(const run *a, const run *b)
{
    REQUIRE(a->output->len == b->output->len);
    REQUIRE(a->output->len == 0 || memcmp(a->output->data, b->output->data, a->output->len) == 0);
    REQUIRE(memcmp(&a->stats, &b->stats, sizeof a->stats) == 0);
}

/* ---- what the bytes give ---- */

/* The command that begins here; `*used` are its bytes. */
static plato_err next_command(const settings *s, plato_span at, size_t *used)
{
    const plato_bincmd_limits both = {PLATO_BINCMD_ALLOW_MAGIC | PLATO_BINCMD_ALLOW_ALT,
                                      PLATO_COMMAND_PARAMS_MAX};
    plato_textcmd line;
    plato_bincmd frame;
    if (!s->binary)
        return plato_textcmd_parse(at.p, at.n, NULL, &line, used, NULL);
    const plato_err err = plato_bincmd_parse(at.p, at.n, &both, &frame);
    *used = err == PLATO_OK ? PLATO_BINCMD_HEADER_LEN + frame.params.n : 0;
    return err;
}

/* Whole commands before what is none; `*end` is what that is, PLATO_NEED_MORE at the end. */
static unsigned count_commands(const settings *s, plato_span at, plato_err *end)
{
    unsigned count = 0;
    size_t used;
    while ((*end = next_command(s, at, &used)) == PLATO_OK) {
        at.p += used;
        at.n -= used;
        count++;
    }
    return count;
}

static uint64_t sum(const uint64_t *counts, size_t n)
{
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++)
        all += counts[i];
    return all;
}

/* One reply to each command that was looked at, and one end, for a reason. */
static void require_as_specified(const settings *s, plato_span stream, const run *r)
{
    const dialogue_stats *stats = &r->stats;
    plato_err wrong, cut;
    const unsigned commands = count_commands(s, stream, &wrong);
    const unsigned replies = count_commands(s, (plato_span){r->output->data, r->output->len}, &cut);
    REQUIRE(r->output->len == 0 || cut == PLATO_NEED_MORE); /* whole ones, nothing after them */
    REQUIRE(stats->answered + sum(stats->errors, DIALOGUE_CODES) == replies);
    REQUIRE(sum(stats->ended, DIALOGUE_ENDS) == 1);
    if (stats->ended[DIALOGUE_PEER] == 1) {
        REQUIRE(replies == commands && wrong == PLATO_NEED_MORE);
    } else if (stats->ended[DIALOGUE_DONE] == 1) {
        REQUIRE(s->one_reply && replies == 1 && commands > 0);
    } else if (stats->ended[DIALOGUE_RATE] == 1) {
        REQUIRE(s->limited && replies <= commands && stats->errors[3] > 0);
    } else {
        REQUIRE(stats->ended[DIALOGUE_FORMAT] == 1);
        /* a command that is whole, with parameters that are none for it, or what is none */
        REQUIRE(replies <= commands || (replies == commands + 1 && wrong != PLATO_NEED_MORE));
        REQUIRE(stats->errors[0] + stats->errors[2] == 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t outputs[] = {MAX_OUTPUT, 1, 100, 5000};
    input in = {data, size};
    const uint8_t choice = take_byte(&in);
    const settings s = {(choice & 1) != 0, (choice & 2) != 0, (choice & 4) != 0,
                        outputs[choice >> 3 & 3]};
    const size_t read_at_once = (size_t)take_byte(&in) + 1;
    const input_cuts cuts = take_cuts(&in, take_byte(&in));
    const plato_span stream = {in.p, in.n};
    const way at_once = {.read_at_once = 0};
    const way others[] = {
        {.cuts = &cuts},
        {.bytewise = true},
        {.read_at_once = read_at_once},
        {.cuts = &cuts, .read_at_once = read_at_once},
    };
    run expected = carry_out(&s, stream, &at_once);
    require_as_specified(&s, stream, &expected);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        run r = carry_out(&s, stream, &others[i]);
        require_same(&r, &expected);
        g_byte_array_unref(r.output);
    }
    g_byte_array_unref(expected.output);
    return 0;
}
