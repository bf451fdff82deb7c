/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What analysis costs per frame, in time and in memory, as captures grow: it must not rise. The
 * memory is all that was allocated in between; the frames themselves take none.
 */
#define _DEFAULT_SOURCE
#include "analysis/analysis.h"

#include "random.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DEVICES 100u
#define SESSIONS 20u

/* The traffic of one run. */
typedef struct traffic {
    rng r;
    uint64_t step;
    uint64_t clients[SESSIONS], messages[SESSIONS];
} traffic;

typedef struct frame_made {
    plato_head head;
    uint32_t connection;
    analysis_direction direction;
    plato_framing framing;
} frame_made;

typedef void maker(traffic *t, frame_made *f);

/* One member speaks; the message goes out to two others, who acknowledge it. */
static void make_chat(traffic *t, frame_made *f)
{
    const uint64_t step = t->step % 6, s = t->step / 6 % SESSIONS;
    f->connection = (uint32_t)(s * 3 + (step < 2 ? 0 : 1 + step % 2));
    if (step == 0) {
        f->head.msg_type = PLATO_UP;
        f->head.up = (plato_head_up){.client_id = ++t->clients[s], .session_id = s};
    } else if (step == 1) {
        f->head.msg_type = PLATO_ACK;
        f->head.ack = (plato_head_ack){.type = PLATO_UP,
                                       .client_id = t->clients[s],
                                       .session_id = s,
                                       .msg_id = ++t->messages[s]};
    } else if (step < 4) {
        f->head.msg_type = PLATO_PUSH;
        f->head.push = (plato_head_push){t->messages[s], s};
    } else {
        f->head.msg_type = PLATO_ACK;
        f->head.ack =
            (plato_head_ack){.type = PLATO_PUSH, .session_id = s, .msg_id = t->messages[s]};
    }
    f->direction =
        f->head.msg_type == PLATO_UP || step >= 4 ? ANALYSIS_UPSTREAM : ANALYSIS_DOWNSTREAM;
}

/* UPs with ids from anywhere, never acknowledged. */
static void make_random_ids(traffic *t, frame_made *f)
{
    f->head.msg_type = PLATO_UP;
    f->head.up = (plato_head_up){.client_id = rng_next(&t->r), .session_id = 1};
}

static void make_descending_ids(traffic *t, frame_made *f)
{
    f->head.msg_type = PLATO_PUSH;
    f->head.push = (plato_head_push){UINT64_MAX - t->step, 1};
    f->direction = ANALYSIS_DOWNSTREAM;
}

/* Every other id, then what lies between, from above. */
static void make_holes(traffic *t, frame_made *f)
{
    const uint64_t round = t->step / 1000, at = t->step % 1000;
    f->head.msg_type = PLATO_PUSH;
    f->head.push.session_id = 1;
    f->head.push.msg_id = round * 1000 + (at < 500 ? 2 * at : 1999 - 2 * at);
    f->direction = ANALYSIS_DOWNSTREAM;
}

/* A session for each frame. */
static void make_sessions(traffic *t, frame_made *f)
{
    f->head.msg_type = PLATO_UP;
    f->head.up = (plato_head_up){.client_id = 1, .session_id = rng_next(&t->r)};
}

/* One ACK in ten thousand covers what came before. */
static void make_late_acks(traffic *t, frame_made *f)
{
    f->head.msg_type = PLATO_PUSH;
    f->head.push = (plato_head_push){t->step, 1};
    f->direction = ANALYSIS_DOWNSTREAM;
    if (t->step % 10000 == 9999) {
        f->head.msg_type = PLATO_ACK;
        f->head.ack = (plato_head_ack){.type = PLATO_PUSH, .session_id = 1, .msg_id = t->step};
        f->direction = ANALYSIS_UPSTREAM;
    }
}

/* In MsgCmd framing a server sends one Push for ever. */
static void make_one_push(traffic *t, frame_made *f)
{
    (void)t;
    f->head.msg_type = PLATO_PUSH;
    f->direction = ANALYSIS_DOWNSTREAM;
    f->framing = PLATO_FRAMING_MSGCMD;
}

/* Any type, any fields. */
static void make_anything(traffic *t, frame_made *f)
{
    f->connection = (uint32_t)rng_below(&t->r, DEVICES);
    f->head.msg_type = (uint32_t)rng_below(&t->r, 7);
    f->head.ack = (plato_head_ack){.code = (uint32_t)rng_below(&t->r, 3),
                                   .type = (uint32_t)rng_below(&t->r, 7),
                                   .conn_id = rng_number(&t->r),
                                   .client_id = rng_number(&t->r),
                                   .session_id = rng_below(&t->r, SESSIONS),
                                   .msg_id = rng_number(&t->r)};
    if (f->head.msg_type == PLATO_UP)
        f->head.up = (plato_head_up){.client_id = rng_number(&t->r),
                                     .conn_id = rng_number(&t->r),
                                     .session_id = rng_below(&t->r, SESSIONS)};
}

static const struct {
    const char *name;
    maker *make;
} kinds[] = {
    {"chat, fan-out 2", make_chat},          {"random ids, no ACK", make_random_ids},
    {"descending ids", make_descending_ids}, {"holes, filled", make_holes},
    {"a session each", make_sessions},       {"one ACK in 10000", make_late_acks},
    {"one Push for ever", make_one_push},    {"anything", make_anything},
};

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double bytes_allocated(void)
{
    const struct mallinfo2 m = mallinfo2();
    return (double)m.uordblks + (double)m.hblkhd;
}

static void run(const char *name, maker *make, uint32_t frames)
{
    traffic t = {.r = {1}};
    const double bytes = bytes_allocated(), start = now_ns();
    analysis_state *a = analysis_new(NULL, NULL);
    for (uint32_t n = 1; n <= frames; n++, t.step++) {
        frame_made f = {.framing = PLATO_FRAMING_HEADER};
        make(&t, &f);
        const analysis_observation o = {.number = n,
                                        .connection = f.connection,
                                        .direction = f.direction,
                                        .framing = f.framing,
                                        .time_ns = (int64_t)n * 1000,
                                        .head = &f.head,
                                        .content_len = 10};
        if (analysis_frame(a, &o) == NULL)
            exit(EXIT_FAILURE);
    }
    const double used = bytes_allocated() - bytes, took = now_ns() - start;
    analysis_free(a);
    printf("  %-20s %9" PRIu32 " %10.0f %12.1f %14.0f\n", name, frames, took / frames,
           used / frames, (now_ns() - start - took) / frames);
}

int main(void)
{
    static const uint32_t sizes[] = {100000, 300000, 1000000};
    printf("  %-20s %9s %10s %12s %14s\n", "", "frames", "ns/frame", "bytes/frame",
           "ns/frame, free");
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
            run(kinds[k].name, kinds[k].make, sizes[s]);
    return EXIT_SUCCESS;
}
