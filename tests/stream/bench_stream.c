/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nanoseconds of processor time for a segment, beside those of copying its bytes once; and bytes
 * for a connection. Figures, never tests.
 */
#define _DEFAULT_SOURCE
#include "random.h"
#include "stream/tcp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECTIONS 1000u
#define ROUNDS 400u
#define LEN 200u

typedef struct order {
    const char *name;
    unsigned swapped, lost, repeated; /* of 1,000 segments */
    unsigned message;                 /* bytes: a reader takes as many at a time */
    bool acks;
} order;

static const order orders[] = {
    {"in order, whole messages", 0, 0, 0, LEN, false},
    {"in order, with ACKs", 0, 0, 0, LEN, true},
    {"in order, messages over segments", 0, 0, 0, 270, true},
    {"5 in 1,000 swapped", 5, 0, 10, LEN, true},
    {"half of them swapped", 500, 0, 0, LEN, true},
    {"1 in 100 lost", 0, 10, 0, LEN, true},
    {"swapped, lost, repeated", 100, 50, 50, 270, true},
};

static uint8_t bytes[CONNECTIONS * LEN + 65536];
static uint64_t segments;

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void read_all(stream_conn *conn, unsigned message)
{
    stream_run run;
    for (unsigned direction = 0; direction < 2; direction++) {
        while (stream_next_changed(conn, direction, &run)) {
            if (run.before == STREAM_EDGE_WAITING)
                continue;
            while (run.len >= message) {
                if (stream_bytes(conn, direction, run.offset, message) == NULL)
                    abort();
                stream_consume(conn, direction, run.offset, message);
                run.offset += message;
                run.len -= message;
            }
            if (run.after == STREAM_EDGE_GIVEN_UP) /* the rest of that message is lost */
                stream_consume(conn, direction, run.offset, run.len);
        }
    }
}

static void give(stream_conn *conn, stream_segment *s, unsigned message)
{
    segments++;
    s->packet = (uint32_t)segments;
    s->time_ns = (int64_t)segments * 1000;
    if (stream_conn_segment(conn, s) != STREAM_TAKEN)
        abort();
    read_all(conn, message);
    (void)stream_conn_keep(conn);
}

static void send(stream_conn *conn, const order *o, unsigned c, uint32_t k)
{
    stream_segment s = {.flags = STREAM_ACK,
                        .seq = k * LEN,
                        .len = LEN,
                        .captured = LEN,
                        .bytes = bytes + c * (size_t)LEN};
    give(conn, &s, o->message);
}

static void run_round(stream_conn **conns, const order *o, uint32_t k, rng *r)
{
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        const size_t x = rng_below(r, 1000);
        if (x < o->swapped) {
            send(conns[c], o, c, k + 1);
            send(conns[c], o, c, k);
        } else {
            if (x >= o->swapped + o->lost)
                send(conns[c], o, c, k);
            send(conns[c], o, c, k + 1);
        }
        if (rng_below(r, 1000) < o->repeated)
            send(conns[c], o, c, k + 1);
        if (o->acks) {
            stream_segment ack = {.direction = 1, .flags = STREAM_ACK, .ack = (k + 2) * LEN};
            give(conns[c], &ack, o->message);
        }
    }
}

static double copy_ns(void)
{
    static uint8_t to[LEN];
    const double start = now_ns();
    for (uint64_t i = 0; i < (uint64_t)CONNECTIONS * ROUNDS; i++) {
        memcpy(to, bytes + i % CONNECTIONS * LEN, LEN);
        __asm__ volatile("" : : "r"(to) : "memory");
    }
    return (now_ns() - start) / (CONNECTIONS * (double)ROUNDS);
}

static void measure(const order *o, double unit)
{
    static stream_conn *conns[CONNECTIONS];
    stream_budget *budget = stream_budget_new(0, NULL);
    rng r = {1};
    segments = 0;
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        const stream_segment syn = {.flags = STREAM_SYN, .seq = UINT32_MAX};
        conns[c] = stream_conn_new(NULL, budget, NULL);
        (void)stream_conn_segment(conns[c], &syn);
    }
    const double start = now_ns();
    for (uint32_t k = 0; k < ROUNDS; k++)
        run_round(conns, o, k * 2, &r);
    const double each = (now_ns() - start) / (double)segments;
    printf("%-34s %7.1f ns a segment %6.1f copies %7zu bytes a connection\n", o->name, each,
           each / unit, stream_budget_used(budget) / CONNECTIONS);
    for (unsigned c = 0; c < CONNECTIONS; c++)
        stream_conn_free(conns[c]);
    stream_budget_free(budget);
}

int main(void)
{
    const double unit = copy_ns();
    printf("copying %u bytes: %.1f ns; a connection: %u at a time, in turn\n", LEN, unit,
           CONNECTIONS);
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        measure(&orders[i], unit);
    return EXIT_SUCCESS;
}
