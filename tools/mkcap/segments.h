/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sending cut into segments, and in which order and how often each is sent. */
#ifndef PLATO_MKCAP_SEGMENTS_H
#define PLATO_MKCAP_SEGMENTS_H

#include "scenario.h"

/* Bytes `start` to `end` of a sending. */
typedef struct segment {
    guint start, end;
    gboolean held, lost;
    const char *name; /* borrowed from the treatment, or NULL */
} segment;

typedef struct segments {
    GArray *all;  /* segment, in the order of their bytes */
    GArray *sent; /* guint indices into `all`, in the order of their packets */
} segments;

/* NULL with `error` set where the treatment does not fit `length` bytes. */
segments *segments_new(const treatment *how, guint length, GError **error);
void segments_free(segments *s);

#endif
