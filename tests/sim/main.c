/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim: runs of the server with faults, one for each seed. Prints the first seed that fails;
 * `sim --first SEED --seeds 1 --verbose` (and --cut-at N if it says so) has it again, event by
 * event.
 */
#include "disk.h"
#include "world.h"

#include <stdio.h>

typedef struct totals {
    uint64_t crashes, cuts, faults, reconnects, resent;
    uint64_t messages, from_guests;
    unsigned operations; /* of the last run's disk */
} totals;

static bool run_one(uint64_t seed, unsigned cut_at, bool verbose, totals *t)
{
    world *w = world_new(seed, cut_at, verbose);
    const char *failure = world_run(w);
    if (failure != NULL)
        printf("seed %" G_GUINT64_FORMAT " cut at %u %s\n", seed, cut_at, failure);
    const bool ok = failure == NULL;
    t->crashes += w->crashes;
    t->cuts += w->cuts;
    t->faults += w->faults;
    t->reconnects += w->reconnects;
    t->resent += w->resent;
    t->messages += g_hash_table_size(w->ledger.msg_ids);
    t->from_guests += w->from_guests;
    t->operations = disk_operations();
    world_free(w);
    return ok;
}

/* The seed's run once for each write and sync of its disk, which is cut off there. */
static uint64_t run_cuts(uint64_t seed, bool all, totals *t)
{
    uint64_t failed = 0;
    t->operations = 1;
    for (unsigned at = 1; at <= t->operations && (failed == 0 || all); at++) {
        const uint64_t crashes = t->crashes;
        failed += !run_one(seed, at, false, t);
        if (t->crashes == crashes)
            break; /* it has come to its end before */
    }
    return failed;
}

int main(int argc, char **argv)
{
    gint64 first = 1, seeds = 2000;
    gint cut_at = 0;
    gboolean verbose = FALSE, all = FALSE, cuts = FALSE;
    guint64 failed = 0;
    totals t = {0};
    const GOptionEntry entries[] = {
        {"first", 0, 0, G_OPTION_ARG_INT64, &first, "The first seed (default 1)", "SEED"},
        {"seeds", 0, 0, G_OPTION_ARG_INT64, &seeds, "How many (default 2000)", "N"},
        {"cut-at", 0, 0, G_OPTION_ARG_INT, &cut_at,
         "Cut the disk off at its Nth write or sync, and let nothing else happen to it", "N"},
        {"cuts", 0, 0, G_OPTION_ARG_NONE, &cuts, "The same for each N there is, for each seed",
         NULL},
        {"all", 0, 0, G_OPTION_ARG_NONE, &all, "Go on behind a seed that fails", NULL},
        {"verbose", 0, 0, G_OPTION_ARG_NONE, &verbose, "Print what happens", NULL},
        G_OPTION_ENTRY_NULL};
    GError *error = NULL;
    GOptionContext *context = g_option_context_new("- the server simulated");
    g_option_context_add_main_entries(context, entries, NULL);
    const gboolean ok = g_option_context_parse(context, &argc, &argv, &error);
    g_option_context_free(context);
    if (!ok) {
        fprintf(stderr, "%s\n", error->message);
        g_error_free(error);
        return 2;
    }
    for (gint64 i = 0; i < seeds && (failed == 0 || all); i++)
        failed += cuts ? run_cuts((uint64_t)(first + i), all, &t)
                       : !run_one((uint64_t)(first + i), (unsigned)cut_at, verbose, &t);
    printf("%" G_GUINT64_FORMAT " failed; %" G_GUINT64_FORMAT " messages, %" G_GUINT64_FORMAT
           " of them from guests; %" G_GUINT64_FORMAT " ends of the server, "
           "%" G_GUINT64_FORMAT " faults of its disk, %" G_GUINT64_FORMAT " connections lost, "
           "%" G_GUINT64_FORMAT " RECONNs, %" G_GUINT64_FORMAT " PUSHes sent again\n",
           failed, t.messages, t.from_guests, t.crashes, t.faults, t.cuts, t.reconnects, t.resent);
    return failed == 0 ? 0 : 1;
}
