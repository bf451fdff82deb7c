/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario: which connections are treated how, and from which byte on. */
#ifndef PLATO_CHAOS_SCENARIO_H
#define PLATO_CHAOS_SCENARIO_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum chaos_kind {
    /* over a range of bytes */
    CHAOS_RESEGMENT,   /* value = bytes of a segment, extra = ms between two */
    CHAOS_MERGE,       /* value = bytes to gather, extra = ms to wait for them */
    CHAOS_THROTTLE,    /* value = bytes a second */
    CHAOS_FLIP_ONE_IN, /* value = one bit is flipped in this many bytes, on average */
    /* at one byte */
    CHAOS_STALL,      /* value = ms */
    CHAOS_FLIP,       /* value = bit, 0 the lowest */
    CHAOS_CUT,        /* end both directions, in order */
    CHAOS_RESET,      /* end both directions with a RST */
    CHAOS_HALF_CLOSE, /* end this direction; the other one goes on */
    CHAOS_REPLAY,     /* send what has gone up so far once more, on a connection of its own */
    CHAOS_KINDS,
} chaos_kind;

typedef struct chaos_action {
    const char *name;
    bool over_range;  /* else at one byte */
    bool up_only;     /* makes no sense for the other direction */
    const char *unit; /* of the value, for error messages; NULL = the action has none */
    uint64_t least, most;
    const char *extra; /* keyword of the second value; NULL = none */
    uint64_t extra_default;
} chaos_action;

/* One row for each kind. */
extern const chaos_action chaos_actions[CHAOS_KINDS];

#define CHAOS_NO_END UINT64_MAX

/* A number of bytes; drawn from least to most for each connection. */
typedef struct chaos_offset {
    uint64_t least, most;
} chaos_offset;

typedef struct chaos_rule {
    unsigned line;        /* of the file, from 1 */
    uint64_t first, last; /* connections, numbered from 1 in the order of their coming */
    uint64_t every;       /* of these every Nth, beginning with the first */
    double odds;          /* with which it applies to a connection */
    bool up, down;
    chaos_offset begin, end; /* end: only over a range; the byte after its last */
    chaos_kind kind;
    uint64_t value, extra;
} chaos_rule;

typedef struct scenario {
    GArray *rules; /* chaos_rule, in the order of the file */
    uint64_t seed;
} scenario;

/* The text of `name`. NULL after an error, which `*error` says as "NAME:LINE: ..."; free it. */
scenario *scenario_parse(const char *name, const char *text, char **error);

/* The same from a file. */
scenario *scenario_read(const char *path, char **error);

/* NULL is allowed. */
void scenario_free(scenario *s);

#endif
