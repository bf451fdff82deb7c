/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rules are at work, and with which parameters. */
#ifndef CHECK_SETTINGS_H
#define CHECK_SETTINGS_H

#include "rule.h"

typedef enum check_format { FORMAT_TEXT, FORMAT_TAP, FORMAT_JUNIT, FORMAT_JSON } check_format;

struct check_settings {
    GPtrArray *rules;   /* of check_instance *: those that were named, later all that are on */
    GPtrArray *scripts; /* of expect_script * */
    bool only;          /* the rules that are on by default are not, unless named */
    bool strict;        /* what cannot be told is a failure */
    bool part;          /* one of several reports in one document */
    unsigned first;     /* number of the first test, for TAP */
    unsigned show;      /* frames that are listed of each rule */
    check_format format;
    char *out;    /* file; NULL: standard output */
    char *status; /* file for the outcome in one word; NULL: none */
    char *name;   /* of the capture; NULL: not known */
};

check_settings *check_settings_new(void);

/* When everything was named: adds the rules that are on by default, takes out those that are off.
 */
void check_settings_complete(check_settings *settings);

/* Adds what a file of rules says. False, with *error set ("FILE:LINE: ..."). */
bool check_settings_read_file(check_settings *settings, const char *path, char **error);

/* Adds a rule, or finds it if it is there under this label. NULL, with *error set. */
check_instance *check_settings_rule(check_settings *settings, const char *name, const char *label,
                                    char **error);

/* Sets a parameter. */
bool check_set_param(check_instance *rule, const char *name, const char *value, char **error);

#endif
