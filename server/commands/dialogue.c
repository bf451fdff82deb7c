/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/dialogue.h"

#include "plato/decoder.h"

struct dialogue {
    const dialogue_config *config;
    struct admission *admission;
    struct guest *guest; /* NULL once it is closing */
    void *state;         /* of the syntax */
    GByteArray *out;     /* not taken yet */
    size_t unsent;       /* bytes that were taken and have not left */
    GByteArray *rest;    /* what came and waits until the peer reads */
    bool peer_ended;
    bool closing, over;
    uint64_t now_ms;     /* of the call that is being worked on */
    uint64_t active_ms;  /* when a byte came or left */
    uint64_t inside_ms;  /* when the first byte of the command came that is not whole */
    uint64_t inside;     /* and its stream offset, + 1; 0: there is none */
    uint64_t closing_by; /* ms */
};

static const uint32_t codes[DIALOGUE_CODES] = {
    PLATO_COMMAND_MALFORMED, PLATO_COMMAND_UNKNOWN,    PLATO_COMMAND_TOO_LONG,
    PLATO_COMMAND_TOO_FAST,  PLATO_COMMAND_OVERLOADED,
};

static const char *const end_names[DIALOGUE_ENDS] = {
    [DIALOGUE_PEER] = "peer",         [DIALOGUE_LOST] = "lost",
    [DIALOGUE_DONE] = "done",         [DIALOGUE_FORMAT] = "format",
    [DIALOGUE_RATE] = "rate",         [DIALOGUE_IDLE] = "idle",
    [DIALOGUE_SLOW] = "slow",         [DIALOGUE_TURNED_AWAY] = "turned_away",
    [DIALOGUE_SHUTDOWN] = "shutdown",
};

void dialogue_config_init(dialogue_config *config)
{
    *config = (dialogue_config){
        .idle_ms = 420000, .command_ms = 40000, .closing_ms = 5000, .max_output = 65536};
}

uint32_t dialogue_code(unsigned i)
{
    return codes[i];
}

const char *dialogue_end_name(dialogue_end end)
{
    return end_names[end];
}

static void leave(struct dialogue *d)
{
    if (d->guest != NULL)
        admission_leave(d->admission, d->guest, d->now_ms);
    d->guest = NULL;
}

static void end(struct dialogue *d, dialogue_end why, uint32_t closing_ms)
{
    if (d->closing)
        return;
    d->config->stats->ended[why]++;
    d->closing = true;
    d->closing_by = d->now_ms + closing_ms;
    g_byte_array_set_size(d->rest, 0);
    leave(d);
}

static void refuse(struct dialogue *d, const command_request *request, uint32_t code,
                   const char *reason)
{
    const command_syntax *syntax = d->config->syntax;
    if (syntax->write_error == NULL)
        return;
    syntax->write_error(d->state, request, code, reason, d->out);
    for (unsigned i = 0; i < DIALOGUE_CODES; i++)
        d->config->stats->errors[i] += codes[i] == code;
}

static void answer(struct dialogue *d, const command_request *request)
{
    const dialogue_config *config = d->config;
    if (request->row == NULL) {
        refuse(d, request, PLATO_COMMAND_UNKNOWN, NULL);
        return;
    }
    if (request->wrong) {
        refuse(d, request, PLATO_COMMAND_MALFORMED, "wrong parameters");
        end(d, DIALOGUE_FORMAT, config->closing_ms);
        return;
    }
    if (answer_is_same(request->row)) {
        config->syntax->write_same(request, d->out);
    } else {
        GString *result = g_string_new(NULL);
        answer_write(request->row, &config->source, result);
        config->syntax->write_result(request, result, d->out);
        g_string_free(result, TRUE);
    }
    config->stats->answered++;
}

/* Where there is no error reply, what is a little too fast is answered: bytes cannot be left out.
 */
static void answer_or_refuse(struct dialogue *d, const command_request *request)
{
    const admission_verdict verdict =
        d->guest != NULL ? admission_pace(d->admission, d->guest, d->now_ms) : ADMISSION_GO_ON;
    const bool refusable = d->config->syntax->write_error != NULL;
    if (verdict == ADMISSION_GO_ON || (verdict == ADMISSION_TOO_FAST && !refusable))
        answer(d, request);
    else
        refuse(d, request, PLATO_COMMAND_TOO_FAST, NULL);
    if (verdict == ADMISSION_ENOUGH)
        end(d, DIALOGUE_RATE, d->config->closing_ms);
}

static bool has_room(const struct dialogue *d)
{
    return d->out->len + d->unsent < d->config->max_output;
}

static int on_request(void *user, const command_request *request)
{
    struct dialogue *d = user;
    answer_or_refuse(d, request);
    if (d->config->one_reply && !request->part)
        end(d, DIALOGUE_DONE, d->config->closing_ms);
    return d->closing || !has_room(d) ? PLATO_PAUSE : PLATO_CONTINUE;
}

/* Notes when the first byte came of a command whose last one has not. */
static void note_inside(struct dialogue *d)
{
    uint64_t start = 0;
    if (!d->config->syntax->inside(d->state, &start)) {
        d->inside = 0;
    } else if (d->inside != start + 1) {
        d->inside = start + 1;
        d->inside_ms = d->now_ms;
    }
}

/* Works off bytes as long as there is room for replies. Returns how many. */
static size_t work(struct dialogue *d, const uint8_t *p, size_t n)
{
    size_t used = 0;
    while (used < n && !d->closing && has_room(d)) {
        const ptrdiff_t fed = d->config->syntax->feed(d->state, p + used, n - used);
        if (fed < 0) {
            refuse(d, NULL, (uint32_t)plato_command_code_of((plato_err)fed),
                   fed == PLATO_ERR_NO_MEMORY ? NULL : plato_strerror((int)fed));
            end(d, DIALOGUE_FORMAT, d->config->closing_ms);
            break;
        }
        used += (size_t)fed;
        note_inside(d);
    }
    return d->closing ? n : used;
}

struct dialogue *dialogue_new(const dialogue_config *config, struct admission *admission,
                              struct guest *guest, uint64_t now_ms)
{
    struct dialogue *d = g_new0(struct dialogue, 1);
    d->config = config;
    d->admission = admission;
    d->guest = guest;
    d->now_ms = d->active_ms = now_ms;
    d->out = g_byte_array_new();
    d->rest = g_byte_array_new();
    d->state = config->syntax->open(on_request, d);
    if (d->state == NULL)
        g_error("no memory");
    return d;
}

void dialogue_free(struct dialogue *d, uint64_t now_ms)
{
    if (d == NULL)
        return;
    d->now_ms = now_ms;
    end(d, DIALOGUE_LOST, 0);
    d->config->syntax->close(d->state);
    g_byte_array_unref(d->out);
    g_byte_array_unref(d->rest);
    g_free(d);
}

void dialogue_turn_away(struct dialogue *d, uint64_t now_ms, const char *why)
{
    d->now_ms = now_ms;
    refuse(d, NULL, PLATO_COMMAND_OVERLOADED, why);
    end(d, DIALOGUE_TURNED_AWAY, d->config->closing_ms);
}

void dialogue_received(struct dialogue *d, uint64_t now_ms, const uint8_t *p, size_t n)
{
    d->now_ms = d->active_ms = now_ms;
    const size_t used = d->rest->len == 0 ? work(d, p, n) : 0;
    if (!d->closing && used < n)
        g_byte_array_append(d->rest, p + used, (guint)(n - used));
}

static void end_if_all_is_said(struct dialogue *d)
{
    if (d->peer_ended && d->rest->len == 0)
        end(d, DIALOGUE_PEER, d->config->closing_ms);
}

void dialogue_drained(struct dialogue *d, uint64_t now_ms, size_t n)
{
    d->now_ms = d->active_ms = now_ms;
    d->unsent -= n < d->unsent ? n : d->unsent;
    if (d->closing || d->rest->len == 0 || d->unsent + d->out->len > d->config->max_output / 2)
        return;
    const size_t used = work(d, d->rest->data, d->rest->len);
    if (d->rest->len > 0)
        g_byte_array_remove_range(d->rest, 0, (guint)used);
    end_if_all_is_said(d);
}

void dialogue_peer_ended(struct dialogue *d, uint64_t now_ms)
{
    d->now_ms = now_ms;
    d->peer_ended = true;
    end_if_all_is_said(d);
}

void dialogue_stop(struct dialogue *d, uint64_t now_ms, uint32_t closing_ms)
{
    d->now_ms = now_ms;
    end(d, DIALOGUE_SHUTDOWN, closing_ms);
    if (d->closing_by > now_ms + closing_ms)
        d->closing_by = now_ms + closing_ms;
}

/* A command that waits after others is not late: it is we who do not read on. */
static bool is_inside(const struct dialogue *d)
{
    return d->inside != 0 && d->rest->len == 0;
}

void dialogue_tick(struct dialogue *d, uint64_t now_ms)
{
    d->now_ms = now_ms;
    if (d->closing)
        d->over = d->over || now_ms >= d->closing_by;
    else if (is_inside(d) && now_ms >= d->inside_ms + d->config->command_ms)
        end(d, DIALOGUE_SLOW, d->config->closing_ms);
    else if (now_ms >= d->active_ms + d->config->idle_ms)
        end(d, DIALOGUE_IDLE, d->config->closing_ms);
}

uint64_t dialogue_deadline(const struct dialogue *d)
{
    if (d->closing)
        return d->closing_by;
    const uint64_t idle = d->active_ms + d->config->idle_ms;
    const uint64_t slow = is_inside(d) ? d->inside_ms + d->config->command_ms : UINT64_MAX;
    return MIN(idle, slow);
}

GBytes *dialogue_take_output(struct dialogue *d)
{
    if (d->out->len == 0)
        return NULL;
    GByteArray *out = g_steal_pointer(&d->out);
    d->out = g_byte_array_new();
    d->unsent += out->len;
    return g_byte_array_free_to_bytes(out);
}

bool dialogue_is_full(const struct dialogue *d)
{
    return d->rest->len > 0;
}

bool dialogue_is_closing(const struct dialogue *d)
{
    return d->closing;
}

bool dialogue_is_over(const struct dialogue *d)
{
    return d->over;
}
