/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the formats of a report share. */
#ifndef PLATO_CHECK_REPORT_H
#define PLATO_CHECK_REPORT_H

#include "world.h"

#include <stdio.h>

typedef enum verdict_status {
    STATUS_OK,
    STATUS_BROKEN,
    STATUS_UNSURE, /* not broken as far as the capture shows, but it does not show all */
    STATUS_IDLE,   /* the capture holds nothing that the rule speaks of */
} verdict_status;

/* One line of a report: a rule, or the evidence that there was something to judge. */
typedef struct verdict {
    char *name; /* of the rule, with its label behind a blank */
    verdict_status status;
    const check_instance *rule; /* NULL: the evidence */
    char *text;                 /* in one sentence */
    bool failed;                /* it makes the run fail: broken, or unsure where that counts */
} verdict;

typedef struct verdicts {
    const check_settings *settings;
    const char *capture; /* its name */
    GArray *list;        /* of verdict; the evidence first */
    unsigned counts[4];  /* by status */
} verdicts;

/* "ok", "broken", "unsure", "idle" */
const char *verdict_status_text(verdict_status status);

/* "packet 12 (connection 0): text", or without what is not known. To be freed with g_free(). */
char *report_finding_text(const check_finding *finding);

/* Each writes the whole report. */
void report_text(const verdicts *v, GString *out);
void report_tap(const verdicts *v, GString *out);
void report_junit(const verdicts *v, GString *out);
void report_json(const verdicts *v, GString *out);

#endif
