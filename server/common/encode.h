/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames for sending, as counted buffers that can be shared and queued. */
#ifndef PLATO_SERVER_ENCODE_H
#define PLATO_SERVER_ENCODE_H

#include "plato/head.h"

#include <glib.h>

/*
 * The frame of type head->msg_type with this head and body. The body is copied once, into the
 * frame. The result is the caller's to unref. Ends the program when there is no memory.
 */
GBytes *encode_frame(const plato_head *head, plato_span body);

#endif
