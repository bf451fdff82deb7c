/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What outlives the process, as rows: what the core hands out to be made durable, and what it is
 * given back after a restart. Nothing here knows how they are kept.
 */
#ifndef PLATO_SERVER_RECORDS_H
#define PLATO_SERVER_RECORDS_H

#include "plato/frame.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A session gets a `chat_id` when it begins, and another one if it begins anew: never reused. */
typedef struct chat_record {
    uint64_t chat_id;
    uint64_t session_id;
    uint64_t last_msg_id;
} chat_record;

typedef struct member_key {
    uint64_t chat_id;
    uint64_t device_id;
} member_key;

typedef struct member_record {
    member_key key;
    uint64_t last_client_id; /* the newest UP that was accepted */
    uint64_t last_up_msg_id; /* and what it became; 0 before the first */
    uint64_t cursor;         /* every message up to here has arrived, or is the device's own */
} member_record;

typedef struct device_record {
    uint64_t device_id;
    uint64_t conn_id;
    uint64_t earlier_conn_id; /* or 0 */
} device_record;

typedef struct message_record {
    uint64_t chat_id;
    uint64_t msg_id;
    uint64_t sender; /* device_id */
    uint64_t client_id;
    plato_span body; /* points into `frame` */
    GBytes *frame;   /* owned */
} message_record;

/*
 * A batch: what has changed, in whole rows. What is `gone` is removed first, then the rest is added
 * or replaced; messages are only ever added. After a restart, everything that there is, without
 * messages.
 */
typedef struct records {
    uint64_t batch_no; /* 1, 2, 3 ... */
    uint64_t next_conn_id;
    uint64_t next_chat_id;
    GArray *messages;     /* message_record, in the order of acceptance */
    GArray *chats;        /* chat_record */
    GArray *members;      /* member_record */
    GArray *devices;      /* device_record */
    GArray *gone_chats;   /* chat_id; its messages can no longer be asked for */
    GArray *gone_members; /* member_key */
    GArray *gone_devices; /* device_id */
} records;

records *records_new(void);

/* NULL is allowed. */
void records_free(records *batch);

/* A message as it is read back. */
typedef struct stored_message {
    uint64_t msg_id;
    uint64_t sender;
    uint64_t client_id;
    plato_span body; /* borrowed for the call */
} stored_message;

/* Takes one message; false if it wants no more. */
typedef bool (*stored_message_fn)(void *user, const stored_message *message);

/*
 * How the core reads what it has handed out; it sees what has been committed. Each function returns
 * false if the store cannot be read or holds something false.
 */
typedef struct core_reader {
    void *user;
    /* The oldest message that is kept; 0 if there is none. */
    bool (*oldest)(void *user, uint64_t chat_id, uint64_t *msg_id);
    /* Messages first..last of all senders but `not_from`, ascending. */
    bool (*messages)(void *user, uint64_t chat_id, uint64_t first, uint64_t last, uint64_t not_from,
                     stored_message_fn each, void *to);
    /* Messages first..last of one sender, descending, without bodies. */
    bool (*sent_by)(void *user, uint64_t chat_id, uint64_t sender, uint64_t first, uint64_t last,
                    stored_message_fn each, void *to);
} core_reader;

#endif
