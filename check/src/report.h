/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the formats of a report share. */
#ifndef CHECK_REPORT_H
#define CHECK_REPORT_H

#include "capture.h"
#include "settings.h"

#include <stdio.h>

/* One line of a report: a rule, or the evidence that there was something to judge. */
typedef struct verdict {
    char *name; /* of the rule, with its label after a blank */
    check_status status;
    const check_instance *rule; /* NULL: the evidence */
    char *text;                 /* in one sentence */
    bool failed;                /* it makes the run fail: broken, or unsure where that counts */
} verdict;

typedef struct verdicts {
    const check_settings *settings;
    const char *name;   /* of the capture */
    GArray *list;       /* of verdict; the evidence first */
    unsigned counts[4]; /* by status */
} verdicts;

/* "packet 12 (connection 0): text", or without what is not known. To be freed with g_free(). */
char *check_finding_text(const check_finding *finding);

/* Judges; to be freed with check_verdicts_clear(). */
verdicts check_judge(const check_settings *settings, const check_capture *capture);
void check_verdicts_clear(verdicts *v);

/* Why nothing was judged; NULL if it was. A constant. */
const char *check_lack_of_evidence(const check_settings *settings, const check_capture *capture);

/* Each writes the whole report. */
void check_report_text(const verdicts *v, GString *out);
void check_report_tap(const verdicts *v, GString *out);
void check_report_junit(const verdicts *v, GString *out);
void check_report_json(const verdicts *v, GString *out);

#endif
