/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the analysis has to know of bytes that a TCP connection of the capture lacks. */
#ifndef PLATO_TCP_LOSS_H
#define PLATO_TCP_LOSS_H

#include "plato/tcp_store.h"

/* Of one connection; all zero at first. Changed on the first pass only. */
typedef struct tcp_losses {
    const plato_conversation *conversation; /* of what follows; another one begins anew */
    GArray *waiting;  /* losses that may still be filled; NULL: there never was one */
    GPtrArray *items; /* stored_item with a gap_reader; NULL: there never was one */
    bool filled;      /* bytes came that were missing */
    bool reported[2]; /* the loss before the next frame of the direction */
    bool any_frame[2];
    uint64_t last_frame[2]; /* position */
} tcp_losses;

/* What TCP noticed. `packet`: the one at hand. */
void tcp_losses_event(tcp_losses *losses, const stream_event *event, const flow_packet *packet,
                      plato_conversation *conversation);

/* Bytes of the direction are missing for good, and no frame came after them. */
void tcp_losses_report(tcp_losses *losses, unsigned direction, const flow_packet *packet,
                       plato_conversation *conversation);

/* A frame, before it is analysed. `gap`: it is the first one after missing bytes. */
void tcp_losses_frame(tcp_losses *losses, const stored_item *item, bool gap,
                      const flow_packet *packet);

/* After the frames of a segment were analysed: which losses it filled. */
void tcp_losses_settle(tcp_losses *losses, const stream_reader *reader);

/* `item`, which lives as long as the file, asks its gap_reader until the connection restarts. */
void tcp_losses_keep(tcp_losses *losses, stored_item *item);

/* Another connection begins on the same ports: the gaps stay what they are now. */
void tcp_losses_restart(tcp_losses *losses);

/* What has become of the gap stays, and its reader is asked no longer. */
void tcp_loss_fix_gap(stored_item *item);

void tcp_losses_clear(tcp_losses *losses);

/*
 * Whether the frame at `position` is the last of its sender in the capture although its peer goes
 * on acknowledging. Known after the first pass.
 */
bool tcp_loss_is_silent(uint64_t position);

void tcp_loss_register(void);

#endif
