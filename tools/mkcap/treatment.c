/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "treatment.h"

#include "packet.h"

#include <string.h>

static gboolean set_numbers(GArray **numbers, const word *w, GError **error)
{
    g_clear_pointer(numbers, g_array_unref);
    *numbers = word_numbers(w, G_MAXUINT32, error);
    return *numbers != NULL;
}

static gboolean set_cut(treatment *how, const word *w, GError **error)
{
    return set_numbers(&how->cuts, w, error);
}

static gboolean set_segments(treatment *how, const word *w, GError **error)
{
    return word_number(w, SEGMENT_MAX, &how->segment, error) &&
           (how->segment > 0 || word_refuse(w, error, "a segment has at least 1 byte"));
}

static gboolean set_order(treatment *how, const word *w, GError **error)
{
    return set_numbers(&how->order, w, error);
}

static gboolean set_lost(treatment *how, const word *w, GError **error)
{
    if (strcmp(word_text(w), "all") == 0) {
        how->all_lost = TRUE;
        return TRUE;
    }
    return set_numbers(&how->lost, w, error);
}

static gboolean set_again(treatment *how, const word *w, GError **error)
{
    return set_numbers(&how->again, w, error);
}

static void named_clear(gpointer data)
{
    g_free(((named_segment *)data)->name);
}

/* [N:]NAME, where N is the segment, by default the first. */
static gboolean read_named(GArray *names, const char *text)
{
    guint64 index = 1;
    const char *colon = strchr(text, ':');
    if (colon != NULL) {
        char *number = g_strndup(text, (gsize)(colon - text));
        const gboolean ok = g_ascii_string_to_unsigned(number, 10, 1, G_MAXUINT32, &index, NULL);
        g_free(number);
        if (!ok || colon[1] == '\0')
            return FALSE;
        text = colon + 1;
    }
    const named_segment named = {(guint)index, g_strdup(text)};
    g_array_append_val(names, named);
    return TRUE;
}

static gboolean set_names(GArray **names, const word *w, GError **error)
{
    GPtrArray *list = word_list(w, error);
    gboolean ok = list != NULL;
    g_clear_pointer(names, g_array_unref);
    *names = g_array_new(FALSE, FALSE, sizeof(named_segment));
    g_array_set_clear_func(*names, named_clear);
    for (guint i = 0; ok && i < list->len; i++) {
        ok = read_named(*names, g_ptr_array_index(list, i));
        if (!ok)
            word_refuse(w, error, "not NAME or N:NAME");
    }
    if (list != NULL)
        g_ptr_array_unref(list);
    return ok;
}

static gboolean set_name(treatment *how, const word *w, GError **error)
{
    return set_names(&how->names, w, error);
}

static gboolean set_hold(treatment *how, const word *w, GError **error)
{
    return set_names(&how->held, w, error);
}

static gboolean set_snap(treatment *how, const word *w, GError **error)
{
    return word_number(w, G_MAXUINT32, &how->snap, error) &&
           (how->snap > 0 || word_refuse(w, error, "at least 1 byte is captured"));
}

static gboolean set_checksum(treatment *how, const word *w, GError **error)
{
    how->bad_checksum = strcmp(word_text(w), "bad") == 0;
    return how->bad_checksum || word_refuse(w, error, "it can only be bad");
}

static gboolean set_comment(treatment *how, const word *w, GError **error)
{
    g_free(how->comment);
    how->comment = g_strdup(word_text(w));
    return g_utf8_validate(how->comment, -1, NULL) || word_refuse(w, error, "not UTF-8");
}

static const struct {
    const char *name;
    gboolean (*set)(treatment *how, const word *w, GError **error);
} settings[] = {
    {"cut", set_cut},         {"segments", set_segments}, {"order", set_order},
    {"lost", set_lost},       {"again", set_again},       {"name", set_name},
    {"hold", set_hold},       {"snap", set_snap},         {"checksum", set_checksum},
    {"comment", set_comment},
};

gboolean treatment_add(treatment *how, const word *w, GError **error)
{
    for (size_t i = 0; w->name != NULL && i < G_N_ELEMENTS(settings); i++) {
        if (strcmp(settings[i].name, w->name) == 0)
            return settings[i].set(how, w, error);
    }
    return word_refuse(w, error,
                       "unknown behind /; there are cut, segments, order, lost, again, "
                       "name, hold, snap, checksum and comment");
}
