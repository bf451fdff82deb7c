/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latest ids of a sequence with what was sent under them: the last `recent` ids, and of the
 * older ones those that still wait for an answer. All windows share one hash table.
 */
#ifndef ANALYSIS_SRC_WINDOW_H
#define ANALYSIS_SRC_WINDOW_H

#include "key.h"
#include "record.h"

/* The content of a frame, for comparing. */
typedef struct content {
    uint64_t digest;
    uint32_t len;
} content;

static inline bool content_equal(content a, content b)
{
    return a.digest == b.digest && a.len == b.len;
}

/* One content that was sent under an id, in the order of the capture. */
typedef struct transmission {
    content content;
    analysis_record *record; /* the first frame with this content */
    struct transmission *next;
} transmission;

typedef struct window {
    GQueue recent; /* entries in the order of arrival */
    GQueue stale;  /* older ones that were open when they left `recent` */
    GTree *open;   /* open entries by id, of those added as `ordered` */
} window;

typedef struct window_entry {
    key key; /* the window, the id */
    GList link;
    bool is_recent;
    transmission first; /* what the id stands for; first.next: conflicting contents */
    GQueue *waiting;    /* MsgCmd framing: further records that are open under this id */
} window_entry;

/* All windows of an analysis. */
typedef struct window_set {
    GHashTable *entries;
    size_t recent;   /* entries in `recent` */
    size_t max_open; /* entries in `stale` */
} window_set;

void analysis_window_set_init(window_set *set, size_t recent, size_t max_open);
void analysis_window_set_clear(window_set *set);

window_entry *analysis_window_find(const window_set *set, const window *w, uint64_t id);

/*
 * Adds an id that is not in the window. `ordered`: it is open and may be answered by an id above
 * it. Amortised O(1), with `ordered` O(log n).
 */
void analysis_window_add(window_set *set, window *w, uint64_t id, analysis_record *first,
                         content carried, bool ordered);

/* The open entry with the lowest id, if that is at most `id`; among those added as `ordered`. */
window_entry *analysis_window_lowest_open(const window *w, uint64_t id);

/* Called once the entry's record has been answered. The entry may be gone afterwards. */
void analysis_window_answered(window_set *set, window *w, window_entry *entry);

/* The entry counts as new again. */
void analysis_window_renew(window *w, window_entry *entry);

/* A conflicting content under a known id; at most CONTENTS_MAX are kept. */
void analysis_window_add_transmission(window_entry *entry, analysis_record *with, content carried);

/* Most different contents that are kept under one id. */
#define CONTENTS_MAX 8u

/* The window's own memory; its entries go with the set. */
void analysis_window_clear(window *w);

#endif
