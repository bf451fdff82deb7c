/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a protocol has to do for a device. There are two: Plato, and MQTT to compare with. */
#ifndef PLATO_BENCH_WIRE_H
#define PLATO_BENCH_WIRE_H

#include "bench/device.h"

typedef struct wire {
    const char *name;
    void (*init)(device *d);
    void (*clear)(device *d);
    void (*greet)(device *d);                                    /* connected: log in */
    void (*bytes)(device *d, const uint8_t *p, size_t n);        /* from the server */
    void (*say)(device *d, uint64_t number, uint64_t due_ns);    /* one message */
    void (*confirm)(device *d);                                  /* PUSHes up to `complete` */
    void (*ask)(device *d, uint64_t first_id, uint64_t last_id); /* for what is missing */
    void (*heartbeat)(device *d);
    void (*lost)(device *d); /* the connection is gone, half frames with it */
} wire;

extern const wire wire_plato, wire_mqtt;

#endif
