/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches frames with the steps of a script. Where a step may be left out or repeated there are
 * several ways to go on; all are followed at once, at most one for each step, so the work for a
 * frame is bounded by the script, not by the capture. Of two ways to the same step the one that
 * took more of the earlier steps is kept.
 */
#include "expect.h"
#include "rules.h"

#include <string.h>

#define KEYS_MAX 100000u /* connections or devices that are followed */

typedef struct thread {
    unsigned step; /* that comes next */
    bool met;      /* it is a repeated one, and was met */
    int64_t last_ns;
    uint32_t bound; /* bits of the variables that have a value */
    uint64_t value[EXPECT_VARIABLES];
} thread;

/* One connection or device, or the capture. */
typedef struct progress {
    uint64_t number;
    uint32_t stream; /* of its latest frame */
    bool done;
    bool lossy; /* not all of it can be seen */
    GArray *threads;
    unsigned best; /* steps that were met, of the way that came furthest */
    uint32_t best_packet;
    uint32_t other_packet; /* what came instead; 0: nothing more */
    char other[160];
    bool late; /* the furthest way ran out of time */
} progress;

struct expect_run {
    GHashTable *by_number;
    GPtrArray *all; /* in the order of their first frames */
};

const check_rule check_expect_rule = {
    .name = "expect",
    .description = "The frames of an exchange come in order.",
    .reference = "docs/check.md, Expected exchanges",
    .frame = check_rule_expect,
    .end = check_rule_expect_end,
};

static void free_progress(gpointer p)
{
    progress *each = (progress *)p;
    g_array_unref(each->threads);
    g_free(each);
}

void check_expect_run_free(struct expect_run *run)
{
    if (run == NULL)
        return;
    g_hash_table_destroy(run->by_number);
    g_ptr_array_unref(run->all);
    g_free(run);
}

/* NULL if this frame belongs to nothing that the script speaks of. */
static progress *progress_of(check_instance *rule, const check_frame *frame)
{
    const expect_script *script = rule->script;
    const uint64_t number = script->scope == SCOPE_CONNECTION ? frame->conn->stream
                            : script->scope == SCOPE_DEVICE   ? frame->client->device_id
                                                              : 0;
    if ((script->has_only && number != script->only) ||
        (script->scope == SCOPE_DEVICE && number == 0))
        return NULL;
    if (rule->expect == NULL) {
        rule->expect = g_new0(struct expect_run, 1);
        rule->expect->by_number = g_hash_table_new(g_int64_hash, g_int64_equal);
        rule->expect->all = g_ptr_array_new_with_free_func(free_progress);
    }
    progress *known = g_hash_table_lookup(rule->expect->by_number, &number);
    if (known != NULL || rule->expect->all->len >= KEYS_MAX)
        return known;
    known = g_new0(progress, 1);
    known->number = number;
    known->threads = g_array_new(FALSE, TRUE, sizeof(thread));
    const thread start = {.last_ns = frame->time_ns};
    g_array_append_val(known->threads, start);
    g_ptr_array_add(rule->expect->all, known);
    g_hash_table_insert(rule->expect->by_number, &known->number, known);
    return known;
}

/* ---- one frame and one step ---- */

static bool compare(uint64_t is, expect_operator op, uint64_t wanted)
{
    switch (op) {
    case OP_EQ:
        return is == wanted;
    case OP_NE:
        return is != wanted;
    case OP_LE:
        return is <= wanted;
    case OP_GE:
        return is >= wanted;
    case OP_LT:
        return is < wanted;
    default:
        return is > wanted;
    }
}

static bool meets_condition(const check_frame *frame, const expect_condition *c, thread *t)
{
    uint64_t is;
    if (c->field == EXPECT_BODY) {
        const plato_span content = frame->record->content;
        const size_t n = strlen(c->text);
        const bool same = content.n == n && (n == 0 || memcmp(content.p, c->text, n) == 0);
        return same == (c->op == OP_EQ);
    }
    if (!check_expect_field(frame, c->field, &is))
        return false;
    if (c->variable < 0)
        return compare(is, c->op, c->value);
    if ((t->bound >> c->variable & 1) != 0)
        return compare(is, c->op, t->value[c->variable] + c->value);
    if (!c->bare)
        return false; /* the step that gives it a value was left out */
    t->bound |= 1u << c->variable;
    t->value[c->variable] = is;
    return true;
}

/* Gives variables of `t` values on the way; they count only if all is met. */
static bool meets(const check_frame *frame, const expect_step *step, thread *t)
{
    const uint32_t type = frame->head->msg_type;
    if (type >= 64 || (step->types >> type & 1) == 0)
        return false;
    if (!step->any_side && step->upstream != frame->upstream)
        return false;
    for (unsigned i = 0; i < step->conditions; i++) {
        if (!meets_condition(frame, &step->condition[i], t))
            return false;
    }
    return true;
}

static bool is_late(const expect_step *step, const thread *t, int64_t now)
{
    return step->within != 0 && now - t->last_ns > step->within;
}

static const expect_step *step_at(const expect_script *script, unsigned i)
{
    return &g_array_index(script->steps, expect_step, i);
}

/* Whether a way that stands at `i` may leave that step out. */
static bool passable(const expect_script *script, const thread *t, unsigned i)
{
    const expect_step *step = step_at(script, i);
    return step->optional || (step->repeated && t->met && i == t->step);
}

static bool reaches_end(const expect_script *script, const thread *t)
{
    unsigned i = t->step;
    while (i < script->steps->len && passable(script, t, i))
        i++;
    return i == script->steps->len;
}

/* ---- one frame and all ways ---- */

static void keep(GArray *threads, const thread *t)
{
    for (guint i = 0; i < threads->len; i++) {
        const thread *other = &g_array_index(threads, thread, i);
        if (other->step == t->step && other->met == t->met)
            return;
    }
    g_array_append_val(threads, *t);
}

static void note_best(progress *p, const check_frame *frame, unsigned steps)
{
    if (steps <= p->best)
        return;
    p->best = steps;
    p->best_packet = frame->packet;
    p->other_packet = 0;
    p->late = false;
}

/* Follows one way; true if the frame took it on. */
static bool follow(const expect_script *script, progress *p, const check_frame *frame,
                   const thread *t, GArray *next)
{
    bool taken = false;
    for (unsigned i = t->step; i < script->steps->len; i++) {
        const expect_step *step = step_at(script, i);
        thread moved = *t;
        if (!is_late(step, t, frame->time_ns) && meets(frame, step, &moved)) {
            moved.met = step->repeated;
            moved.step = step->repeated ? i : i + 1;
            moved.last_ns = frame->time_ns;
            keep(next, &moved);
            note_best(p, frame, i + 1);
            taken = true;
        }
        if (!passable(script, t, i))
            break;
    }
    return taken;
}

/* Whether a way can still go on, as time goes by. */
static bool has_time(const expect_script *script, const thread *t, int64_t now)
{
    for (unsigned i = t->step; i < script->steps->len; i++) {
        if (!is_late(step_at(script, i), t, now))
            return true;
        if (!passable(script, t, i))
            return false;
    }
    return true;
}

static void describe(const check_frame *frame, char *text, size_t cap)
{
    static const char *const shown[] = {"type",       "code",        "device_id",
                                        "session_id", "client_id",   "msg_id",
                                        "conn_id",    "from_msg_id", "to_msg_id"};
    (void)snprintf(text, cap, "%c %s", frame->upstream ? '>' : '<',
                   check_type_name(frame->head->msg_type));
    for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
        for (int field = 1; field < 10; field++) {
            uint64_t value;
            const size_t n = strlen(text);
            if (strcmp(check_expect_field_name(field), shown[i]) != 0 ||
                !check_expect_field(frame, field, &value))
                continue;
            if (strcmp(shown[i], "type") == 0)
                (void)snprintf(text + n, cap - n, " type=%s", check_type_name((uint32_t)value));
            else if (value != 0 || strcmp(shown[i], "code") == 0)
                (void)snprintf(text + n, cap - n, " %s=%" PRIu64, shown[i], value);
        }
    }
}

RULE_FRAME(check_rule_expect)
{
    (void)capture;
    const expect_script *script = rule->script;
    progress *p = progress_of(rule, frame);
    if (p == NULL || p->done)
        return;
    const check_conn *conn = frame->conn;
    p->stream = conn->stream;
    if (!conn->start_captured || conn->lost[DIR_UP] + conn->lost[DIR_DOWN] > 0 ||
        frame->head == NULL)
        p->lossy = true;
    if (frame->head == NULL)
        return;
    const unsigned best = p->best;
    GArray *next = g_array_new(FALSE, TRUE, sizeof(thread));
    for (guint i = 0; i < p->threads->len && !p->done; i++) {
        const thread *t = &g_array_index(p->threads, thread, i);
        if (follow(script, p, frame, t, next) || script->strict)
            continue;
        if (has_time(script, t, frame->time_ns))
            keep(next, t);
        else if (t->step + t->met >= p->best)
            p->late = true;
    }
    for (guint i = 0; i < next->len; i++)
        p->done = p->done || reaches_end(script, &g_array_index(next, thread, i));
    g_array_unref(p->threads);
    p->threads = next;
    if (p->best == best && p->other_packet == 0) {
        p->other_packet = frame->packet;
        describe(frame, p->other, sizeof p->other);
    }
}

/* ---- the end ---- */

/* A way that waits for what could still have come in time. */
static bool ended_too_early(const expect_script *script, const progress *p, int64_t end)
{
    for (guint i = 0; i < p->threads->len; i++) {
        const thread *t = &g_array_index(p->threads, thread, i);
        if (t->step < script->steps->len && step_at(script, t->step)->within != 0 &&
            !is_late(step_at(script, t->step), t, end))
            return true;
    }
    return false;
}

static void report(const check_capture *capture, check_instance *rule, const progress *p)
{
    const expect_script *script = rule->script;
    const expect_step *step = step_at(script, MIN(p->best, script->steps->len - 1));
    GString *text = g_string_new(NULL);
    g_string_printf(text, "line %u, '%s', was not met", step->line, step->text);
    if (p->late)
        g_string_append(text, " in time");
    if (p->best_packet != 0)
        g_string_append_printf(text, "; the step before was, in packet %u", p->best_packet);
    if (p->other_packet != 0)
        g_string_append_printf(text, "; then came '%s' in packet %u", p->other, p->other_packet);
    else
        g_string_append(text, "; nothing came behind it");
    const uint32_t packet = p->other_packet != 0 ? p->other_packet : p->best_packet;
    const check_conn *conn = g_ptr_array_index(capture->conns, p->stream);
    if (p->lossy || conn->lost[DIR_UP] + conn->lost[DIR_DOWN] > 0)
        check_unsure_at(rule, packet, p->stream, "%s; but the capture does not show all of it",
                        text->str);
    else if (ended_too_early(script, p, capture->last_ns))
        check_unsure_at(rule, packet, p->stream, "%s; the capture ends before its time was over",
                        text->str);
    else
        check_broken_at(rule, packet, p->stream, "%s", text->str);
    g_string_free(text, TRUE);
}

static const char *scope_name(const expect_script *script)
{
    return script->scope == SCOPE_CONNECTION ? "connection"
           : script->scope == SCOPE_DEVICE   ? "device"
                                             : "frame";
}

RULE_END(check_rule_expect_end)
{
    const expect_script *script = rule->script;
    const GPtrArray *all = rule->expect != NULL ? rule->expect->all : NULL;
    const progress *furthest = NULL;
    unsigned done = 0;
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const progress *p = g_ptr_array_index(all, i);
        rule->judged++;
        done += p->done;
        if (script->every && !p->done)
            report(capture, rule, p);
        if (furthest == NULL || (p->lossy && !furthest->lossy) ||
            (p->lossy == furthest->lossy && p->best > furthest->best))
            furthest = p;
    }
    if (done == 0 && all != NULL && all->len >= KEYS_MAX)
        check_unsure(rule, NULL, "there are more of them than are followed");
    else if (furthest == NULL)
        check_broken(rule, NULL, "there is no such %s", scope_name(script));
    else if (!script->every && done == 0)
        report(capture, rule, furthest);
}
