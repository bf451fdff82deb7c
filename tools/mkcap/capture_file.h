/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes packets as a capture file, with times in nanoseconds. */
#ifndef PLATO_MKCAP_CAPTURE_FILE_H
#define PLATO_MKCAP_CAPTURE_FILE_H

#include <glib.h>
#include <stdio.h>

typedef enum capture_format {
    CAPTURE_PCAPNG, /* with comments */
    CAPTURE_PCAP,   /* by libpcap, which does not write pcapng */
} capture_format;

/*
 * Writes all or nothing: into a file beside `path`, which then takes its place. `packets` holds
 * captured_packet; `comment` may be NULL. FALSE with `error` set.
 */
gboolean capture_file_write(const char *path, capture_format format, const GPtrArray *packets,
                            guint32 snaplen, const char *comment, GError **error);

/* The formats' own part: writes to `out`. FALSE if something was not written. */
gboolean pcap_write(FILE *out, const GPtrArray *packets, guint32 snaplen);
gboolean pcapng_write(FILE *out, const GPtrArray *packets, guint32 snaplen, const char *comment);

#endif
