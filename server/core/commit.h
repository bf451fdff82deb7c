/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Durability. State changes at once in memory; what has changed is collected in the open batch, and
 * one batch at a time is under way to the store. Whatever is sent waits until the batch is
 * committed that was open when it was sent: so nobody outside ever learns of a state that a crash
 * could undo, and the order of frames stays as it was.
 *
 * What need not be durable before anybody hears of it (what readers acknowledge, what is forgotten)
 * goes with the next batch, or after lazy_commit_ms; sends do not wait for it.
 */
#ifndef PLATO_SERVER_COMMIT_H
#define PLATO_SERVER_COMMIT_H

#include "core/chat_log.h"

void commit_init(struct core *core);
void commit_clear(struct core *core);

/* The row has changed. */
void commit_chat(struct core *core, struct chat *chat);
void commit_member(struct core *core, struct member *member);
void commit_device(struct core *core, struct device *device);

/* The row is about to go. */
void commit_gone_chat(struct core *core, struct chat *chat);
void commit_gone_member(struct core *core, struct member *member);
void commit_gone_device(struct core *core, struct device *device);

/* A new message, sent with this client_id. */
void commit_message(struct core *core, const log_entry *entry, uint64_t client_id);

/* What has changed is to be durable before what is sent from now on leaves. */
void commit_must(struct core *core, uint64_t now_ms);

/* What has changed may wait for a while. */
void commit_later(struct core *core, uint64_t now_ms);

/* Hands the open batch out if it is time to. */
void commit_check(struct core *core, uint64_t now_ms);

/* When commit_check() is to be called; UINT64_MAX for never. */
uint64_t commit_deadline(const struct core *core);

/* An action for a connection has to wait; it is kept until it may leave. */
bool commit_hold(struct core *core, const core_action *action);

/* True if the message may be dropped from the log: it is in the store, or there is no store. */
bool commit_is_done(const struct core *core, const log_entry *entry);

/* Too much waits for the store: stops reading from the connection that adds to it. */
void commit_throttle(struct core *core, connection *conn);

/* The connection goes. */
void commit_forget_connection(struct core *core, connection *conn);

#endif
