/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of a text command, byte by byte: the state of a line is a few numbers. */
#ifndef PLATO_SRC_TEXTCMD_SCAN_H
#define PLATO_SRC_TEXTCMD_SCAN_H

#include "plato/textcmd.h"

typedef enum textcmd_state {
    SCAN_PLAIN,
    SCAN_DIGIT_1, /* after a `%` */
    SCAN_DIGIT_2,
    SCAN_LF, /* after a CR */
} textcmd_state;

/* All zero at a line's first byte. */
typedef struct textcmd_scan {
    textcmd_state state;
    bool in_params;
    size_t at;       /* bytes of the line that were looked at */
    size_t type_len; /* bytes of TYPE so far */
    size_t fault_at; /* of an error: the byte at fault; before that, the latest `%` or CR */
    uint64_t got;    /* of an error */
    uint64_t limit;
} textcmd_scan;

/* Goes on with `n` bytes. PLATO_OK: the line is complete; PLATO_NEED_MORE: it is not; or an error.
 * `*used` is how many of them were looked at. */
plato_err plato_textcmd_scan_on(textcmd_scan *scan, const uint8_t *p, size_t n,
                                const plato_textcmd_limits *limits, size_t *used);

/* The line's parts; `line` is its first byte. */
void plato_textcmd_scan_result(const textcmd_scan *scan, const uint8_t *line,
                               plato_textcmd *command);

#endif
