/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "window.h"

#include <assert.h>

static void entry_free(gpointer p)
{
    window_entry *entry = p;
    while (entry->first.next != NULL) {
        transmission *other = entry->first.next;
        entry->first.next = other->next;
        g_free(other);
    }
    if (entry->waiting != NULL)
        g_queue_free(entry->waiting);
    g_slice_free(window_entry, entry); /* slices: with malloc half of the memory would be padding */
}

void analysis_window_set_init(window_set *set, size_t recent, size_t max_open)
{
    set->entries = analysis_key_set_new(entry_free);
    set->recent = recent;
    set->max_open = max_open;
}

void analysis_window_set_clear(window_set *set)
{
    g_hash_table_destroy(set->entries);
}

window_entry *analysis_window_find(const window_set *set, const window *w, uint64_t id)
{
    return analysis_key_set_find(set->entries, w, id);
}

static gint compare_ids(gconstpointer p, gconstpointer q)
{
    const uint64_t *a = p, *b = q;
    return (*a > *b) - (*a < *b);
}

/* Whether it may still be answered. */
static bool is_open(const window_entry *entry)
{
    return entry->first.record->open ||
           (entry->waiting != NULL && !g_queue_is_empty(entry->waiting));
}

static void forget(window_set *set, window *w, window_entry *entry)
{
    g_queue_unlink(entry->is_recent ? &w->recent : &w->stale, &entry->link);
    if (w->open != NULL)
        g_tree_remove(w->open, &entry->key.id);
    g_hash_table_remove(set->entries, &entry->key);
}

/* Entries leave `recent` in the order of arrival; the open ones go on waiting. */
static void trim(window_set *set, window *w)
{
    while (g_queue_get_length(&w->recent) > set->recent) {
        window_entry *oldest = g_queue_peek_head(&w->recent);
        if (!is_open(oldest)) {
            forget(set, w, oldest);
            continue;
        }
        g_queue_unlink(&w->recent, &oldest->link);
        g_queue_push_tail_link(&w->stale, &oldest->link);
        oldest->is_recent = false;
    }
    /* in MsgCmd framing an entry may have been answered by way of another window */
    while (!g_queue_is_empty(&w->stale) && !is_open(g_queue_peek_head(&w->stale)))
        forget(set, w, g_queue_peek_head(&w->stale));
    while (g_queue_get_length(&w->stale) > set->max_open)
        forget(set, w, g_queue_peek_head(&w->stale));
}

void analysis_window_add(window_set *set, window *w, uint64_t id, analysis_record *first,
                         content carried, bool ordered)
{
    assert(analysis_window_find(set, w, id) == NULL);
    window_entry *entry = g_slice_new0(window_entry);
    entry->key = (key){w, id};
    entry->link.data = entry;
    entry->is_recent = true;
    entry->first.record = first;
    entry->first.content = carried;
    g_hash_table_add(set->entries, entry);
    g_queue_push_tail_link(&w->recent, &entry->link);
    if (ordered) {
        if (w->open == NULL)
            w->open = g_tree_new(compare_ids);
        g_tree_insert(w->open, &entry->key.id, entry);
    }
    trim(set, w);
}

window_entry *analysis_window_lowest_open(const window *w, uint64_t id)
{
    GTreeNode *lowest = w->open != NULL ? g_tree_node_first(w->open) : NULL;
    window_entry *entry = lowest != NULL ? g_tree_node_value(lowest) : NULL;
    return entry != NULL && entry->key.id <= id ? entry : NULL;
}

void analysis_window_answered(window_set *set, window *w, window_entry *entry)
{
    if (w->open != NULL)
        g_tree_remove(w->open, &entry->key.id);
    if (!entry->is_recent && !is_open(entry))
        forget(set, w, entry);
}

void analysis_window_renew(window *w, window_entry *entry)
{
    g_queue_unlink(entry->is_recent ? &w->recent : &w->stale, &entry->link);
    g_queue_push_tail_link(&w->recent, &entry->link);
    entry->is_recent = true;
}

void analysis_window_add_transmission(window_entry *entry, analysis_record *with, content carried)
{
    transmission *last = &entry->first;
    for (unsigned known = 1; known <= CONTENTS_MAX; known++) {
        if (content_equal(last->content, carried) || known == CONTENTS_MAX)
            return;
        if (last->next == NULL)
            break;
        last = last->next;
    }
    last->next = g_new(transmission, 1);
    *last->next = (transmission){carried, with, NULL};
}

void analysis_window_clear(window *w)
{
    if (w->open != NULL)
        g_tree_destroy(w->open);
    *w = (window){0};
}
