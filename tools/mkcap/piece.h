/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection carries, piece by piece: frames with named fields, and plain bytes. */
#ifndef PLATO_MKCAP_PIECE_H
#define PLATO_MKCAP_PIECE_H

#include "words.h"

#include "plato/frame.h"

/*
 * The bytes of one piece, given as `n` words (docs/mkcap.md, "Frames"). `defaults` are words that
 * every ChatMessage gets, where the piece does not have the field itself. The caller's to unref;
 * NULL with `error` set.
 */
GByteArray *piece_encode(word *const *words, guint n, plato_framing framing,
                         const GPtrArray *defaults, GError **error);

/* Whether ChatMessage has the field that this word names, and its value fits. */
gboolean piece_check_default(const word *w, GError **error);

#endif
