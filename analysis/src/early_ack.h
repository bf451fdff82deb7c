/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACKs that were captured before what they answer: it may come late. */
#ifndef ANALYSIS_SRC_EARLY_ACK_H
#define ANALYSIS_SRC_EARLY_ACK_H

#include "state.h"

typedef struct early_ack {
    key key;
    GList link;
    analysis_record *ack;
    uint64_t session_id, msg_id, conn_id;
    bool ok; /* code 0 */
} early_ack;

void analysis_early_acks_init(analysis_state *a);
void analysis_early_acks_clear(analysis_state *a);

/* The ACK found no request. `scope` and `id` say which would be its own; the latest ACK counts. */
void analysis_early_ack_add(analysis_state *a, const void *scope, uint64_t id, const frame *f);

/*
 * The frame is a request that no ACK could find so far. If one came before, at most `within_ns`
 * ago, it is acknowledged, and `*found` is what is known of that. They are a pair only if its
 * packet is not a later one.
 */
bool analysis_early_ack_take(analysis_state *a, const void *scope, uint64_t id, const frame *f,
                             int64_t within_ns, early_ack *found);

#endif
