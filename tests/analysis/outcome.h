/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that is said of a frame once everything was fed, as text: words in this order, "-" if none.
 *
 *     missing           capture gap: bytes before the frame are missing
 *     was-missing       the same, and they came after all
 *     gap=3-5           ids 3..5 were skipped
 *     later-gap=3-5     the same, known since a loss was filled
 *     dup=1             a repeat of frame 1
 *     conflict
 *     late-id           out of order
 *     fills=3           closes part of the hole reported in frame 3
 *     to=1 rt=5         response to frame 1 after 5 ms
 *     to=9              the same, and the response was captured before: no time
 *     slow
 *     late              a late HEARTBEAT
 *     in=7              answered in frame 7
 *     of=1 dt=5         delivery of the UP in frame 1 after 5 ms
 *     for=4,6           delivered in frames 4 and 6
 *     prev=1  next=9    connections
 *     unacked
 */
#ifndef TESTS_ANALYSIS_OUTCOME_H
#define TESTS_ANALYSIS_OUTCOME_H

#include "history.h"

#define OUTCOME_MAX 1000u

/* Of every event of a history. */
typedef char outcomes[HISTORY_MAX][OUTCOME_MAX];

/* `delivered_in` are frame numbers; the member of the verdict with this name is not looked at. */
void outcome_print(const analysis_verdict *v, const uint32_t *delivered_in, size_t count,
                   bool unacked, char text[OUTCOME_MAX]);

/* The same of a frame that was fed. */
void outcome_of(const analysis_state *a, const analysis_record *record, char text[OUTCOME_MAX]);

#endif
