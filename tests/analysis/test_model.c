/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The library against the model, over random histories; verdict by verdict. */
#include "generate.h"
#include "model.h"
#include "run_history.h"
#include "run_tests.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS 4000u

static history seen;
static outcomes by_library, by_model;

/* Line of the first difference, or -1. */
static ptrdiff_t first_difference(const history *h)
{
    run_history(h, NULL, by_library);
    model_history(h, by_model);
    for (size_t i = 0; i < h->count; i++)
        if (strcmp(by_library[i], by_model[i]) != 0)
            return (ptrdiff_t)i;
    return -1;
}

static void remove_event(history *h, size_t at)
{
    memmove(&h->events[at], &h->events[at + 1], (h->count - at - 1) * sizeof h->events[0]);
    h->count--;
    for (size_t i = 0; i < h->count; i++) {
        event *e = &h->events[i];
        if (e->fills == at + 1)
            e->fills = (uint32_t)h->count + 1; /* nothing */
        else if (e->fills > at + 1)
            e->fills--;
    }
}

/* Cuts the tail, then every event that is not needed for a difference. */
static void shrink(history *h)
{
    static history shorter;
    while (h->count > 1) {
        h->count--;
        if (first_difference(h) < 0) {
            h->count++;
            break;
        }
    }
    for (size_t i = h->count; i-- > 0;) {
        shorter = *h;
        remove_event(&shorter, i);
        if (first_difference(&shorter) >= 0)
            *h = shorter;
    }
}

static void report(history *h, const char *kind, uint64_t seed)
{
    char line[LINE_MAX_LEN];
    shrink(h);
    const ptrdiff_t at = first_difference(h);
    (void)fprintf(stderr, "%s, seed %" PRIu64 ", as short as it gets:\n", kind, seed);
    for (size_t i = 0; i < h->count; i++) {
        event_print(&h->events[i], line);
        (void)fprintf(stderr, "    {\"%s\", \"%s\"},\n", line, by_model[i]);
    }
    ck_abort_msg("line %td: the library says \"%s\", the model \"%s\"", at + 1, by_library[at],
                 by_model[at]);
}

typedef void generator(history *h, uint64_t seed, plato_framing framing);

static void compare(generator *generate, plato_framing framing, const char *kind)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        generate(&seen, seed, framing);
        if (first_difference(&seen) >= 0)
            report(&seen, kind, seed);
    }
}

START_TEST(traffic)
{
    compare(generate_traffic, PLATO_FRAMING_HEADER, "traffic");
}
END_TEST

START_TEST(traffic_of_the_variant)
{
    compare(generate_traffic, PLATO_FRAMING_MSGCMD, "traffic of the msgcmd");
}
END_TEST

START_TEST(hostile)
{
    compare(generate_hostile, PLATO_FRAMING_HEADER, "hostile");
}
END_TEST

START_TEST(hostile_variant)
{
    compare(generate_hostile, PLATO_FRAMING_MSGCMD, "hostile msgcmd");
}
END_TEST

/* The histories must bring about every verdict often, or comparing them proves little. */
START_TEST(histories_reach_every_verdict)
{
    static const char *const words[] = {
        "missing", "was-missing", "gap=",  "later-gap=", "dup=",   "conflict",
        "late-id", "fills=",      "to=",   "slow",       "late",   "in=",
        "of=",     "for=",        "prev=", "next=",      "unacked"};
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        size_t found = 0;
        for (uint64_t seed = 1; seed <= 300; seed++) {
            generate_traffic(&seen, seed, PLATO_FRAMING_HEADER);
            run_history(&seen, NULL, by_library);
            for (size_t i = 0; i < seen.count; i++)
                found += strstr(by_library[i], words[w]) != NULL;
        }
        ck_assert_msg(found >= 50, "%s: only %zu times", words[w], found);
    }
}
END_TEST

/* What is printed for a failure is what a test can read. */
START_TEST(printed_histories_read_back)
{
    char line[LINE_MAX_LEN], again[LINE_MAX_LEN];
    for (uint64_t seed = 1; seed <= 200; seed++) {
        generate_hostile(&seen, seed, seed % 2 ? PLATO_FRAMING_HEADER : PLATO_FRAMING_MSGCMD);
        for (size_t i = 0; i < seen.count; i++) {
            event_print(&seen.events[i], line);
            const event e = event_parse(line);
            event_print(&e, again);
            ck_assert_str_eq(line, again);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        traffic,         traffic_of_the_variant,        hostile,
        hostile_variant, histories_reach_every_verdict, printed_histories_read_back};
    return RUN_TESTS("analysis: model", tests);
}
