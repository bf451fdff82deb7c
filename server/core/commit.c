/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/commit.h"

typedef struct held_action {
    core_action action;
    uint64_t batch_no; /* leaves once this is committed */
} held_action;

void commit_init(struct core *core)
{
    struct commit *commit = &core->commit;
    commit->on = core->config.reader != NULL;
    commit->due_ms = UINT64_MAX;
    commit->lazy_due_ms = UINT64_MAX;
    commit->next_chat_id = 1;
    commit->open = records_new();
}

void commit_clear(struct core *core)
{
    held_action *held;
    while ((held = g_queue_pop_head(&core->commit.held)) != NULL) {
        core_action_clear(&held->action);
        g_free(held);
    }
    g_clear_pointer(&core->commit.open, records_free);
}

static void mark(const struct core *core, GQueue *changed, GList *link, bool *is_changed)
{
    if (!core->commit.on || *is_changed)
        return;
    *is_changed = true;
    g_queue_push_tail_link(changed, link);
}

static void unmark(GQueue *changed, GList *link, bool *is_changed)
{
    if (*is_changed)
        g_queue_unlink(changed, link);
    *is_changed = false;
}

void commit_chat(struct core *core, struct chat *chat)
{
    mark(core, &core->commit.chats, &chat->changed_link, &chat->changed);
}

void commit_member(struct core *core, struct member *member)
{
    mark(core, &core->commit.members, &member->changed_link, &member->changed);
}

void commit_device(struct core *core, struct device *device)
{
    mark(core, &core->commit.devices, &device->changed_link, &device->changed);
}

void commit_gone_chat(struct core *core, struct chat *chat)
{
    unmark(&core->commit.chats, &chat->changed_link, &chat->changed);
    if (core->commit.on)
        g_array_append_val(core->commit.open->gone_chats, chat->chat_id);
}

void commit_gone_member(struct core *core, struct member *member)
{
    const member_key key = {member->chat->chat_id, member->device->device_id};
    unmark(&core->commit.members, &member->changed_link, &member->changed);
    if (core->commit.on)
        g_array_append_val(core->commit.open->gone_members, key);
}

void commit_gone_device(struct core *core, struct device *device)
{
    unmark(&core->commit.devices, &device->changed_link, &device->changed);
    if (core->commit.on)
        g_array_append_val(core->commit.open->gone_devices, device->device_id);
}

void commit_message(struct core *core, const log_entry *entry, uint64_t client_id)
{
    if (!core->commit.on)
        return;
    gsize n;
    const uint8_t *frame = g_bytes_get_data(entry->push, &n);
    const message_record record = {
        .chat_id = entry->chat->chat_id,
        .msg_id = entry->msg_id,
        .sender = entry->sender,
        .client_id = client_id,
        .body = {frame + (n - entry->body_len), entry->body_len},
        .frame = g_bytes_ref(entry->push),
    };
    g_array_append_val(core->commit.open->messages, record);
    core->stats.uncommitted_bytes += n;
}

static uint64_t open_no(const struct core *core)
{
    return core->commit.sealed_no + 1;
}

uint64_t commit_open_no(const struct core *core)
{
    return core->commit.on ? open_no(core) : 0;
}

void commit_must(struct core *core, uint64_t now_ms)
{
    struct commit *commit = &core->commit;
    if (!commit->on)
        return;
    commit->barrier_no = open_no(core);
    commit->due_ms = MIN(commit->due_ms, now_ms + core->config.commit_wait_ms);
}

void commit_later(struct core *core, uint64_t now_ms)
{
    struct commit *commit = &core->commit;
    if (commit->on)
        commit->lazy_due_ms = MIN(commit->lazy_due_ms, now_ms + core->config.lazy_commit_ms);
}

static void take_chats(struct commit *commit)
{
    GList *link;
    while ((link = g_queue_pop_head_link(&commit->chats)) != NULL) {
        struct chat *chat = link->data;
        const chat_record record = {chat->chat_id, chat->session_id, chat->last_msg_id};
        chat->changed = false;
        g_array_append_val(commit->open->chats, record);
    }
}

static void take_members(struct commit *commit)
{
    GList *link;
    while ((link = g_queue_pop_head_link(&commit->members)) != NULL) {
        struct member *member = link->data;
        const member_record record = {.key = {member->chat->chat_id, member->device->device_id},
                                      .last_client_id = member->last_client_id,
                                      .last_up_msg_id = member->last_up_msg_id,
                                      .cursor = member->cursor};
        member->changed = false;
        g_array_append_val(commit->open->members, record);
    }
}

static void take_devices(struct commit *commit)
{
    GList *link;
    while ((link = g_queue_pop_head_link(&commit->devices)) != NULL) {
        struct device *device = link->data;
        const device_record record = {device->device_id, device->conn_id, device->earlier_conn_id};
        device->changed = false;
        g_array_append_val(commit->open->devices, record);
    }
}

/* Everything that has changed until now, so that the batch is one state of the whole. */
static void seal(struct core *core)
{
    struct commit *commit = &core->commit;
    records *batch = commit->open;
    take_chats(commit);
    take_members(commit);
    take_devices(commit);
    batch->batch_no = ++commit->sealed_no;
    batch->next_conn_id = core->next_conn_id;
    batch->next_chat_id = commit->next_chat_id;
    commit->bytes_under_way = core->stats.uncommitted_bytes;
    commit->due_ms = UINT64_MAX;
    commit->lazy_due_ms = UINT64_MAX;
    commit->open = records_new();
    core->stats.commits++;
    core_add_action(core, (core_action){.kind = CORE_COMMIT, .batch = batch});
}

void commit_check(struct core *core, uint64_t now_ms)
{
    const struct commit *commit = &core->commit;
    if (!commit->on || commit->sealed_no > commit->committed_no)
        return;
    if (MIN(commit->due_ms, commit->lazy_due_ms) <= now_ms ||
        commit->open->messages->len >= core->config.commit_messages)
        seal(core);
}

uint64_t commit_deadline(const struct core *core)
{
    const struct commit *commit = &core->commit;
    if (commit->sealed_no > commit->committed_no)
        return UINT64_MAX; /* the answer of the store comes first */
    return MIN(commit->due_ms, commit->lazy_due_ms);
}

bool commit_hold(struct core *core, const core_action *action)
{
    struct commit *commit = &core->commit;
    const bool is_for_a_peer = action->kind == CORE_SEND || action->kind == CORE_CLOSE_FLUSH ||
                               action->kind == CORE_CLOSE_NOW;
    if (!is_for_a_peer || commit->barrier_no <= commit->committed_no)
        return false;
    held_action *held = g_new(held_action, 1);
    *held = (held_action){*action, commit->barrier_no};
    g_queue_push_tail(&commit->held, held);
    return true;
}

static void release_held(struct core *core)
{
    struct commit *commit = &core->commit;
    held_action *held;
    while ((held = g_queue_peek_head(&commit->held)) != NULL &&
           held->batch_no <= commit->committed_no) {
        core_push_action(core, &held->action);
        g_free(g_queue_pop_head(&commit->held));
    }
}

bool commit_is_done(const struct core *core, const log_entry *entry)
{
    return entry->batch_no <= core->commit.committed_no;
}

/* Counted per connection since its UPs were last all committed: simple, and never too lenient. */
void commit_throttle(struct core *core, connection *conn)
{
    struct commit *commit = &core->commit;
    if (!commit->on || conn->closing)
        return;
    if (conn->up_batch_no <= commit->committed_no)
        conn->ups_waiting = 0;
    conn->up_batch_no = open_no(core);
    conn->ups_waiting++;
    if (conn->paused || (conn->ups_waiting <= core->config.up_window &&
                         core->stats.uncommitted_bytes <= core->config.max_uncommitted))
        return;
    conn->paused = true;
    conn->paused_link.data = conn;
    g_queue_push_tail_link(&commit->paused, &conn->paused_link);
    core_add_action(core, (core_action){.kind = CORE_PAUSE, .conn = conn->key});
}

void commit_forget_connection(struct core *core, connection *conn)
{
    if (conn->paused)
        g_queue_unlink(&core->commit.paused, &conn->paused_link);
    conn->paused = false;
}

static void resume_paused(struct core *core, uint64_t now_ms)
{
    GList *next;
    for (GList *l = core->commit.paused.head; l != NULL; l = next) {
        connection *conn = l->data;
        next = l->next;
        if (conn->up_batch_no > core->commit.committed_no)
            continue;
        commit_forget_connection(core, conn);
        conn->last_byte_ms = now_ms; /* it was not allowed to speak */
        conn->frame_since_ms = now_ms;
        core_due(core, now_ms); /* its times run again, and may be the only ones */
        core_add_action(core, (core_action){.kind = CORE_RESUME, .conn = conn->key});
    }
}

void core_committed(struct core *core, uint64_t now_ms, uint64_t batch_no)
{
    struct commit *commit = &core->commit;
    commit->committed_no = batch_no;
    core->stats.uncommitted_bytes -= commit->bytes_under_way;
    commit->bytes_under_way = 0;
    release_held(core);
    chat_log_trim_all(core);
    resume_paused(core, now_ms);
    commit_check(core, now_ms);
}
