/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expected exchanges: an ordered list of frames that have to be there. docs/check.md has the
 * grammar.
 */
#ifndef CHECK_EXPECT_H
#define CHECK_EXPECT_H

#include "capture.h"

#define EXPECT_STEPS 256    /* of a script, repeats written out */
#define EXPECT_CONDITIONS 8 /* of a step */
#define EXPECT_VARIABLES 16 /* of a script */

typedef enum expect_operator { OP_EQ, OP_NE, OP_LE, OP_GE, OP_LT, OP_GT } expect_operator;

typedef struct expect_condition {
    int field; /* of the table in expect-parse.c */
    expect_operator op;
    int variable;   /* index; -1: a number */
    uint64_t value; /* the number, or what is added to the variable (wraps: minus) */
    bool bare;      /* the variable alone, which may be bound here */
    char *text;     /* body=: the content; NULL otherwise */
} expect_condition;

typedef struct expect_step {
    unsigned line;
    char *text;    /* as it was written */
    bool optional; /* may be passed over */
    bool repeated; /* may be met again and again */
    bool upstream;
    bool any_side;
    uint64_t types; /* bits */
    int64_t within; /* ns since the frame before; 0: any time */
    unsigned conditions;
    expect_condition condition[EXPECT_CONDITIONS];
} expect_step;

typedef enum expect_scope { SCOPE_CONNECTION, SCOPE_DEVICE, SCOPE_CAPTURE } expect_scope;

struct expect_script {
    char *name;
    unsigned line;
    expect_scope scope;
    bool every;  /* each connection or device, not one of them */
    bool strict; /* no other frame in between */
    bool has_only;
    uint64_t only; /* with has_only: the connection or device */
    GArray *steps; /* of expect_step */
    unsigned variables;
    char *variable[EXPECT_VARIABLES];
};

/* The rule of which each script is an instance. */
extern const check_rule check_expect_rule;

expect_script *check_expect_new(const char *name, unsigned line);
void check_expect_free(gpointer p);

/* Reads one line: a setting or a step. False, with *error (g_free) set. */
bool check_expect_read_line(expect_script *script, unsigned line, const char *text, char **error);

/* When all lines were read. */
bool check_expect_finish(expect_script *script, char **error);

/* The value that a field of a frame has; false if the type has no such field. */
bool check_expect_field(const check_frame *frame, int field, uint64_t *value);
const char *check_expect_field_name(int field);
#define EXPECT_BODY 0 /* the field of body= */

void check_expect_run_free(struct expect_run *run);

#endif
