/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "segments.h"

#include "words.h"

static gboolean refuse(GError **error, const char *what, guint64 number, guint most)
{
    g_set_error(error, MKCAP_ERROR, 0, "%s=%" G_GUINT64_FORMAT ": there are only %u", what, number,
                most);
    return FALSE;
}

/* Cuts after each offset of `cuts`, and what is longer than a segment may be once more. */
static gboolean cut(segments *s, const treatment *how, guint length, GError **error)
{
    segment next = {0};
    const guint cuts = how->cuts != NULL ? how->cuts->len : 0;
    for (guint i = 0; i <= cuts; i++) {
        const guint64 end = i < cuts ? g_array_index(how->cuts, guint64, i) : length;
        if (end <= next.start || (i < cuts && end >= length)) {
            g_set_error(error, MKCAP_ERROR, 0,
                        "cut=%" G_GUINT64_FORMAT ": cuts must rise, inside the %u bytes", end,
                        length);
            return FALSE;
        }
        while (next.start < end) {
            next.end = (guint)MIN(end, next.start + how->segment);
            g_array_append_val(s->all, next);
            next.start = next.end;
        }
    }
    return TRUE;
}

static segment *find(segments *s, const char *what, guint64 number, GError **error)
{
    if (number >= 1 && number <= s->all->len)
        return &g_array_index(s->all, segment, number - 1);
    refuse(error, what, number, s->all->len);
    return NULL;
}

static gboolean mark_lost(segments *s, const treatment *how, GError **error)
{
    for (guint i = 0; how->all_lost && i < s->all->len; i++)
        g_array_index(s->all, segment, i).lost = TRUE;
    for (guint i = 0; how->lost != NULL && i < how->lost->len; i++) {
        segment *found = find(s, "lost", g_array_index(how->lost, guint64, i), error);
        if (found == NULL)
            return FALSE;
        found->lost = TRUE;
    }
    return TRUE;
}

static gboolean mark_named(segments *s, const GArray *names, gboolean held, GError **error)
{
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const named_segment *named = &g_array_index(names, named_segment, i);
        segment *found = find(s, held ? "hold" : "name", named->index, error);
        if (found == NULL)
            return FALSE;
        if (found->name != NULL) {
            g_set_error(error, MKCAP_ERROR, 0, "segment %u has the name %s already", named->index,
                        found->name);
            return FALSE;
        }
        found->name = named->name;
        found->held = held;
    }
    return TRUE;
}

/* All in their order, or in that of order=, which must name each once. */
static gboolean put_in_order(segments *s, const GArray *order, GError **error)
{
    gboolean *seen = g_new0(gboolean, s->all->len);
    gboolean ok = order == NULL || order->len == s->all->len;
    for (guint i = 0; ok && i < s->all->len; i++) {
        const guint64 number = order != NULL ? g_array_index(order, guint64, i) : i + 1;
        const guint index = (guint)MIN(number, G_MAXUINT32) - 1;
        ok = index < s->all->len && !seen[index];
        if (!ok)
            break;
        seen[index] = TRUE;
        if (!g_array_index(s->all, segment, index).held)
            g_array_append_val(s->sent, index);
    }
    g_free(seen);
    if (!ok)
        g_set_error(error, MKCAP_ERROR, 0, "order= must name each of the %u segments once",
                    s->all->len);
    return ok;
}

static gboolean repeat(segments *s, const GArray *again, GError **error)
{
    for (guint i = 0; again != NULL && i < again->len; i++) {
        const guint64 number = g_array_index(again, guint64, i);
        const segment *found = find(s, "again", number, error);
        if (found == NULL)
            return FALSE;
        const guint index = (guint)number - 1;
        g_array_append_val(s->sent, index);
    }
    return TRUE;
}

segments *segments_new(const treatment *how, guint length, GError **error)
{
    segments *s = g_new0(segments, 1);
    s->all = g_array_new(FALSE, TRUE, sizeof(segment));
    s->sent = g_array_new(FALSE, FALSE, sizeof(guint));
    if (cut(s, how, length, error) && mark_lost(s, how, error) &&
        mark_named(s, how->names, FALSE, error) && mark_named(s, how->held, TRUE, error) &&
        put_in_order(s, how->order, error) && repeat(s, how->again, error))
        return s;
    segments_free(s);
    return NULL;
}

void segments_free(segments *s)
{
    g_array_unref(s->all);
    g_array_unref(s->sent);
    g_free(s);
}
