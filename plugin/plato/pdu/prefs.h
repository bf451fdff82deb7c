/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The preferences of the protocol. */
#ifndef PLATO_PREFS_H
#define PLATO_PREFS_H

#include "support/compat.h"

#include <plato/plato.h>

/* plato.crc_coverage and plato.crc_polynomial: what the user says, or that we find out. */
enum { PREF_AUTO = -1 };

typedef struct plato_prefs {
    ws_bool verify_crc;
    ws_bool desegment;
    int crc_coverage;          /* plato_crc_coverage, or PREF_AUTO */
    int crc_polynomial;        /* plato_crc_polynomial, or PREF_AUTO */
    int framing;               /* plato_framing, or PREF_AUTO */
    unsigned max_var_head_len; /* bytes */
    ws_bool analyze;
    unsigned slow_response_ms;
    unsigned heartbeat_interval_s;
    unsigned max_msg_len;       /* bytes */
    const char *descriptor_set; /* file name, "" for none */
} plato_prefs;

extern plato_prefs plato_pref;

/* The limits of the preferences, as the codec takes them. */
plato_limits plato_pref_limits(void);

/* All but those of the user's own messages. */
void plato_register_prefs(module_t *module);

#endif
