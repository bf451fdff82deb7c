/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of plato-bench. */
#ifndef PLATO_BENCH_OPTIONS_H
#define PLATO_BENCH_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct bench_options {
    char *host;
    int port;
    bool tls, insecure;
    char *ca_file;     /* or NULL */
    char *server_name; /* the certificate's, or NULL for the host */
    char *token;       /* for LOGIN, or NULL */
    int mqtt_qos;      /* 1 or 2: speak MQTT 3.1.1 instead of Plato; 0 = Plato */

    int sessions;   /* 0 = no load, only what is below */
    int senders;    /* in each session */
    int receivers;  /* in each session, besides */
    double rate;    /* messages a second, of all senders together; 0 = as fast as windows allow */
    int size;       /* bytes of a message */
    int duration_s; /* of sending */
    uint64_t count; /* messages in all; 0 = until the duration is over */
    int window;     /* messages of a sender that are not acknowledged */
    int warmup_s;   /* before the duration: sent, but not measured */
    int drain_s;    /* how long to wait for what is missing at the end */
    uint64_t first_id; /* of devices and sessions */

    int idle;         /* connections that log in and say nothing */
    int slow_writers; /* connections that write one byte a second */
    int floods;       /* connections that send without a window */
    int malformed;    /* connections at a time that send nonsense, one after the other */
    uint64_t seed;    /* of the nonsense */

    int server_pid;     /* whose CPU and memory to report; 0 = nobody's */
    char *fsync_folder; /* where to measure fdatasync(), or NULL */
    bool json, progress;
} bench_options;

/* As server_options_parse(): -1 to go on, else the exit code. */
int bench_options_parse(int argc, char **argv, bench_options *options);

void bench_options_clear(bench_options *options);

#endif
