/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on stdout for each thing that happened, for people or as JSON. */
#ifndef PLATO_CLIENT_PRINT_H
#define PLATO_CLIENT_PRINT_H

#include "plato/head.h"

#include <stdbool.h>

/* A message of somebody else; `body` should be a ChatMessage, but may be anything. */
void print_push(bool json, uint64_t session_id, uint64_t msg_id, plato_span body);

/* Messages that will not come. */
void print_lost(bool json, uint64_t session_id, uint64_t first, uint64_t last);

/* An ACK of the server, of any kind. */
void print_ack(bool json, const plato_head_ack *ack);

#endif
