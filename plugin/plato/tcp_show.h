/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plato over plain TCP on later passes: what the first one found, each in its own packet. */
#ifndef PLATO_TCP_SHOW_H
#define PLATO_TCP_SHOW_H

#include "plato/pdu/pdu_info.h"
#include "plato/tcp_store.h"

/* Dissects what belongs to the packet. Returns the bytes used of `frame`: all, or 0. */
int tcp_show_packet(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree);

/* A part of a frame, or bytes that wait for missing ones. */
void tcp_show_part(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree, const stored_item *item);

/* An item as the facts about a frame want it. */
found_pdu tcp_show_found(const stored_item *item, uint32_t index);

/* Its bytes: in the packet's own, or from several packets, with a data source of their own. */
tvbuff_t *tcp_show_tvb(tvbuff_t *frame, packet_info *pinfo, const stored_item *item);

/* Its bytes at `offset` of `tvb`. */
tvbuff_t *tcp_show_subset(tvbuff_t *tvb, int offset, const stored_item *item);

#endif
