/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames that a client sends. Each result is the caller's to unref. */
#ifndef PLATO_CLIENT_COMPOSE_H
#define PLATO_CLIENT_COMPOSE_H

#include "plato/head.h"
#include "plato/schema/plato.pb-c.h"

#include <glib.h>

/* `token` may be NULL. */
GBytes *compose_login(uint64_t device_id, const GArray *session_ids, const char *token);
GBytes *compose_reconn(uint64_t conn_id);
GBytes *compose_heartbeat(void);
GBytes *compose_heartbeat_ack(void);
GBytes *compose_push_ack(uint64_t session_id, uint64_t msg_id);
GBytes *compose_sync(uint64_t session_id, uint64_t from_msg_id, uint64_t to_msg_id);
GBytes *compose_up(const plato_head_up *up, GBytes *body);

/* The body of an UP: a ChatMessage of `sender_id`, said now. */
GBytes *compose_message(uint64_t sender_id, Plato__ContentType content_type, const void *content,
                        size_t n);

/* `n` bytes of text that depend on nothing but n. To be freed. */
char *compose_filler(size_t n);

#endif
