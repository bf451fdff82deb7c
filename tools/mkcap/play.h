/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plays a scenario: out come the packets of the capture, in the order of their times. */
#ifndef PLATO_MKCAP_PLAY_H
#define PLATO_MKCAP_PLAY_H

#include "scenario.h"

#define PLAY_MAX (G_GUINT64_CONSTANT(1) << 30) /* bytes of all packets */

typedef struct captured_packet {
    guint64 ns; /* since the Unix epoch */
    GByteArray *bytes;
    guint32 captured; /* of them, the first this many */
    char *comment;    /* or NULL */
} captured_packet;

/* captured_packet each; the caller's to unref. NULL with `error` set, its text with the line. */
GPtrArray *play(const scenario *s, GError **error);

#endif
