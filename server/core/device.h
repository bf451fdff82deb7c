/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices: what outlives a connection. Membership of chat sessions, and the count of UPs in each.
 */
#ifndef PLATO_SERVER_DEVICE_H
#define PLATO_SERVER_DEVICE_H

#include "core/internal.h"

/* The device with this id; NULL if there is none. */
struct device *device_find(struct core *core, uint64_t device_id);

/* A new device that belongs to no session. The caller has checked max_devices. */
struct device *device_add(struct core *core, uint64_t device_id);

/* Leaves all sessions and forgets the device; it must not be connected, but at the very end. */
void device_remove(struct core *core, struct device *device, uint64_t now_ms);

/* The device whose present, last or last but one connection this was; NULL if unknown. */
struct device *device_by_conn_id(struct core *core, uint64_t conn_id);

/*
 * Gives `conn` to the device under a new conn_id. A connection that it had before is closed.
 * `lost_conn_id` is what RECONN named, 0 after LOGIN.
 */
void device_attach(struct core *core, struct device *device, connection *conn,
                   uint64_t lost_conn_id, uint64_t now_ms);

/* The connection is over; the device stays for state_ttl_ms. Does nothing before the login. */
void device_detach(struct core *core, connection *conn, uint64_t now_ms);

/*
 * Makes the device a member of exactly these sessions (ascending, each once). Those it belonged to
 * already go on with their counts.
 */
void device_join(struct core *core, struct device *device, const GArray *session_ids,
                 uint64_t now_ms);

/* The device's membership of a session; NULL if it is not a member. */
struct member *device_member(const struct core *core, const struct device *device,
                             uint64_t session_id);

/*
 * Every session is to be sent again from the one after the last message the device acknowledged.
 * Messages that are no longer kept are listed in `lost`, for people; nothing is added if there are
 * none.
 */
void device_resume(struct core *core, struct device *device, GString *lost);

/* Sends, in each session, what the device still lacks, as far as limits allow. */
void device_catch_up(struct core *core, struct device *device, uint64_t now_ms);

/* The UP `client_id` of this member got `msg_id`; client_id is last_client_id + 1. */
void member_remember(struct core *core, struct member *member, uint64_t client_id, uint64_t msg_id);

/* The msg_id that an earlier UP got; 0 when it is too long ago to be known. */
uint64_t member_recall(struct core *core, struct member *member, uint64_t client_id);

/*
 * After a restart: the device, then its memberships, each with its session, which is there already
 * (NULL if it is not). NULL, or what is wrong, as a constant text.
 */
const char *device_restore(struct core *core, const device_record *kept, uint64_t now_ms);
const char *member_restore(struct core *core, const member_record *kept, struct chat *chat);

#endif
