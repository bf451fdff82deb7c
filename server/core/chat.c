/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/chat.h"

#include "common/encode.h"
#include "core/commit.h"
#include "core/resend.h"

struct chat *chat_find(struct core *core, uint64_t session_id)
{
    const id_key key = id_key_make(core->config.hash_seed, session_id);
    return g_hash_table_lookup(core->chats, &key);
}

static struct chat *chat_add(struct core *core, uint64_t session_id, uint64_t chat_id)
{
    struct chat *chat = g_new0(struct chat, 1);
    chat->session_id = session_id;
    chat->chat_id = chat_id;
    chat->key = id_key_make(core->config.hash_seed, session_id);
    chat->members = g_ptr_array_new();
    chat->changed_link.data = chat;
    chat->log_size_link.data = chat;
    chat->empty_link.data = chat;
    g_queue_init(&chat->log);
    g_queue_push_tail_link(&core->empty, &chat->empty_link); /* its first member is to come */
    g_hash_table_insert(core->chats, &chat->key, chat);
    return chat;
}

struct chat *chat_find_or_add(struct core *core, uint64_t session_id)
{
    struct chat *chat = chat_find(core, session_id);
    if (chat != NULL)
        return chat;
    if (g_hash_table_size(core->chats) >= core->config.max_sessions &&
        !g_queue_is_empty(&core->empty))
        chat_remove(core, g_queue_peek_head(&core->empty));
    chat = chat_add(core, session_id, core->commit.on ? core->commit.next_chat_id++ : 0);
    commit_chat(core, chat);
    return chat;
}

struct chat *chat_restore(struct core *core, const chat_record *kept, uint64_t now_ms)
{
    struct chat *chat = chat_add(core, kept->session_id, kept->chat_id);
    chat->last_msg_id = kept->last_msg_id;
    chat->empty_since_ms = now_ms;
    core_due(core, now_ms + core->config.state_ttl_ms);
    return chat;
}

void chat_join(struct core *core, struct chat *chat, struct member *member)
{
    if (chat->members->len == 0) {
        g_queue_unlink(&core->empty, &chat->empty_link);
        core->stats.sessions++;
    }
    member->chat = chat;
    member->cursor = chat->last_msg_id;
    member->next_msg_id = chat->last_msg_id + 1;
    member->index = chat->members->len;
    g_ptr_array_add(chat->members, member);
    core->stats.memberships++;
}

/* The last member takes the place of the one who goes: its cost must not grow with their number. */
void chat_leave(struct core *core, struct member *member, uint64_t now_ms)
{
    struct chat *chat = member->chat;
    g_ptr_array_remove_index_fast(chat->members, member->index);
    if (member->index < chat->members->len)
        ((struct member *)g_ptr_array_index(chat->members, member->index))->index = member->index;
    core->stats.memberships--;
    if (chat->members->len > 0)
        return;
    if (!core->commit.on)
        chat_log_clear(core, chat); /* later members do not get it */
    chat->empty_since_ms = now_ms;
    g_queue_push_tail_link(&core->empty, &chat->empty_link);
    core->stats.sessions--;
    core_due(core, now_ms + core->config.state_ttl_ms);
}

void chat_remove(struct core *core, struct chat *chat)
{
    commit_gone_chat(core, chat);
    chat_log_clear(core, chat);
    g_queue_unlink(&core->empty, &chat->empty_link);
    g_hash_table_remove(core->chats, &chat->key);
    g_ptr_array_unref(chat->members);
    g_free(chat);
}

static GBytes *encode_push(uint64_t msg_id, uint64_t session_id, plato_span body)
{
    const plato_head head = {.msg_type = PLATO_PUSH,
                             .push = {.msg_id = msg_id, .session_id = session_id}};
    return encode_frame(&head, body);
}

/* The only copy of a body that the relay makes: from the input into the frame all members share. */
const log_entry *chat_accept(struct core *core, struct member *sender, plato_span body)
{
    struct chat *chat = sender->chat;
    log_entry *entry = g_new0(log_entry, 1);
    entry->chat = chat;
    entry->msg_id = ++chat->last_msg_id;
    entry->sender = sender->device->device_id;
    entry->batch_no = commit_open_no(core);
    entry->body_len = body.n;
    entry->push = encode_push(entry->msg_id, chat->session_id, body);
    chat_log_add(core, entry);
    commit_chat(core, chat);
    core->stats.accepted++;
    return entry;
}

/* May close the connection, when its reader is too slow. */
static void push_to(struct core *core, const struct member *member, GBytes *push, uint64_t now_ms)
{
    core->stats.pushed++;
    core_send(core, member->device->connection, push, now_ms);
}

/*
 * Half of the limit is left for answers: a reader is not closed for our haste, nor for that of who
 * sends to it. What does not fit waits in the log, for core_drained().
 */
static bool has_room(const struct core *core, const struct member *member)
{
    const connection *conn = member->device->connection;
    return conn != NULL && conn->output <= core->config.max_output / 2;
}

/* To members that follow live: those that lag will find it in the log. */
void chat_deliver(struct core *core, const log_entry *entry, uint64_t now_ms)
{
    const GPtrArray *members = entry->chat->members;
    for (guint i = 0; i < members->len; i++) {
        struct member *member = g_ptr_array_index(members, i);
        if (member->device->connection == NULL || member->next_msg_id != entry->msg_id)
            continue;
        if (member->device->device_id == entry->sender) {
            flight_skip(core, member);
        } else if (!flight_is_full(core, member) && has_room(core, member)) {
            flight_add(core, member, now_ms);
            push_to(core, member, entry->push, now_ms);
        }
    }
}

/* A message on its way from the log or the store; false if no more is wanted. */
typedef bool (*push_fn)(void *user, uint64_t msg_id, GBytes *push);

typedef struct from_store {
    const struct chat *chat;
    push_fn each;
    void *user;
    bool more;
} from_store;

static bool pass_on(void *user, const stored_message *message)
{
    from_store *from = user;
    GBytes *push = encode_push(message->msg_id, from->chat->session_id, message->body);
    from->more = from->each(from->user, message->msg_id, push);
    g_bytes_unref(push);
    return from->more;
}

/* Messages first..last that others have sent: from the store as far as the log does not reach. */
static void for_each_push(struct core *core, struct member *member, uint64_t first, uint64_t last,
                          push_fn each, void *user)
{
    struct chat *chat = member->chat;
    const core_reader *reader = core->config.reader;
    const uint64_t oldest = chat_log_oldest(chat), device_id = member->device->device_id;
    from_store from = {chat, each, user, true};
    if (reader != NULL && first < oldest && first <= last &&
        !reader->messages(reader->user, chat->chat_id, first, MIN(last, oldest - 1), device_id,
                          pass_on, &from)) {
        core_fail(core, "messages cannot be read from the store");
        return;
    }
    for (const GList *l = chat_log_seek(chat, first); l != NULL && from.more; l = l->next) {
        const log_entry *entry = l->data;
        if (entry->msg_id > last)
            break;
        if (entry->sender != device_id)
            from.more = each(user, entry->msg_id, entry->push);
    }
}

/* What is being sent to a member, and how far that has got. */
typedef struct range {
    struct core *core;
    struct member *member;
    uint64_t now_ms;
    uint64_t done;
} range;

static bool send_asked(void *user, uint64_t msg_id, GBytes *push)
{
    range *r = user;
    if (!has_room(r->core, r->member)) {
        r->done = msg_id - 1;
        return false;
    }
    push_to(r->core, r->member, push, r->now_ms);
    return true;
}

/* The oldest message that can still be sent; the one after the last if there is none. */
static uint64_t oldest_kept(struct core *core, const struct chat *chat, uint64_t wanted)
{
    uint64_t stored = 0, oldest = chat_log_oldest(chat);
    const core_reader *reader = core->config.reader;
    if (reader == NULL || wanted >= oldest)
        return oldest;
    if (!reader->oldest(reader->user, chat->chat_id, &stored))
        core_fail(core, "the store cannot be read");
    return stored != 0 ? MIN(stored, oldest) : oldest;
}

/* Messages that one SYNC goes through, the member's own among them: everybody waits for it. */
#define MOST_SYNCED 1024u

uint64_t chat_send_range(struct core *core, struct member *member, uint64_t first, uint64_t last,
                         uint64_t now_ms)
{
    range r = {core, member, now_ms, MIN(last, member->chat->last_msg_id)};
    if (first > r.done)
        return r.done;
    first = MAX(first, oldest_kept(core, member->chat, first));
    r.done = MIN(r.done, first + MOST_SYNCED - 1);
    for_each_push(core, member, first, r.done, send_asked, &r);
    return r.done;
}

bool chat_is_kept(struct core *core, const struct chat *chat, uint64_t msg_id)
{
    return msg_id >= oldest_kept(core, chat, msg_id);
}

/* Moves a member to the oldest message there is; false if it has not missed any. */
static bool skip_lost(struct core *core, struct member *member, uint64_t *first, uint64_t *last)
{
    const uint64_t oldest = oldest_kept(core, member->chat, member->next_msg_id);
    if (member->next_msg_id >= oldest)
        return false;
    *first = member->next_msg_id;
    *last = oldest - 1;
    member->next_msg_id = oldest;
    core_log(core, CORE_LOG_WARNING, member->device->connection,
             "device %" G_GUINT64_FORMAT " misses messages %" G_GUINT64_FORMAT
             " to %" G_GUINT64_FORMAT " of session %" G_GUINT64_FORMAT ": they are no longer kept",
             member->device->device_id, *first, *last, member->chat->session_id);
    return true;
}

bool chat_resume(struct core *core, struct member *member, uint64_t *first, uint64_t *last)
{
    flight_reset(core, member);
    return skip_lost(core, member, first, last);
}

static bool send_next(void *user, uint64_t msg_id, GBytes *push)
{
    range *r = user;
    if (!has_room(r->core, r->member) || flight_is_full(r->core, r->member)) {
        r->done = msg_id - 1;
        return false;
    }
    r->member->next_msg_id = msg_id;
    flight_add(r->core, r->member, r->now_ms);
    push_to(r->core, r->member, push, r->now_ms);
    return true;
}

void chat_catch_up(struct core *core, struct member *member, uint64_t now_ms)
{
    uint64_t first, lost;
    range r = {core, member, now_ms, member->chat->last_msg_id};
    if (member->next_msg_id > r.done || !has_room(core, member) || flight_is_full(core, member))
        return;
    skip_lost(core, member, &first, &lost); /* the log goes on while the reader takes its time */
    for_each_push(core, member, member->next_msg_id, r.done, send_next, &r);
    if (member->device->connection != NULL)
        flight_skip_to(core, member, r.done + 1);
}

static bool send_first(void *user, uint64_t msg_id, GBytes *push)
{
    range *r = user;
    r->member->next_msg_id = msg_id;
    flight_add(r->core, r->member, r->now_ms);
    push_to(r->core, r->member, push, r->now_ms);
    return false;
}

void chat_begin(struct core *core, struct member *member, uint64_t now_ms)
{
    const uint64_t last = member->chat->last_msg_id;
    range r = {core, member, now_ms, last};
    if (member->n_in_flight > 0 || member->next_msg_id > last)
        return;
    for_each_push(core, member, member->next_msg_id, last, send_first, &r);
    if (member->device->connection != NULL && member->n_in_flight == 0)
        flight_skip_to(core, member, last + 1); /* nothing but its own */
}

static bool send_if_in_flight(void *user, uint64_t msg_id, GBytes *push)
{
    const range *r = user;
    const struct member *member = r->member;
    if (!has_room(r->core, r->member))
        return false;
    for (unsigned i = 0; i < member->n_in_flight && member->in_flight[i].msg_id <= msg_id; i++) {
        if (member->in_flight[i].msg_id != msg_id)
            continue;
        if (r->now_ms - member->in_flight[i].sent_ms < r->core->config.resend_first_ms)
            return false; /* it has more time, and so have those after it */
        r->core->stats.resent++;
        push_to(r->core, member, push, r->now_ms);
        break;
    }
    return true;
}

void chat_send_again(struct core *core, struct member *member, uint64_t now_ms)
{
    range r = {core, member, now_ms, 0};
    for_each_push(core, member, member->in_flight[0].msg_id,
                  member->in_flight[member->n_in_flight - 1].msg_id, send_if_in_flight, &r);
}
