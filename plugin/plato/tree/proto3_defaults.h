/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_DEFAULTS_H
#define PLATO_DEFAULTS_H

#include "plato/tree/hf_schema.h"

#include <plato/head.h>

/*
 * proto3 leaves zeros out, so absence is meaning. Adds the fields by which people look for frames
 * as generated zeros where they are absent: `plato.ack.type == 0` then finds the ACK of a login.
 * `offset` is where in `tvb` they would stand.
 */
void plato_add_defaults(const plato_head *head, const message_view *view, tvbuff_t *tvb,
                        proto_tree *tree, int offset);

/* Whether a field of a whole head is shown: it is there, or a zero of those above. */
bool plato_shows_field(const plato_head *head, uint32_t number);

#endif
