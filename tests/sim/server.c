/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include "client.h"
#include "disk.h"
#include "store/store.h"

#define DEAD_MS 400u /* most that a restart takes */

struct server {
    world *world;
    unsigned life;
    struct core *core; /* NULL while it is down */
    struct store *store;
    core_reader reader;
    core_config config;
    store_options options;
    records *batch;    /* on its way to the disk */
    GHashTable *wires; /* conn_key -> wire, of the process that runs */
    uint64_t next_tick_ms;
};

static void start(world *w, void *what, uint64_t number, GBytes *bytes);

/* The process is over, and perhaps the power: what was handed out and not yet sent is lost. */
static void end(struct server *server, bool power_failure)
{
    GHashTableIter iter;
    gpointer value;
    world *w = server->world;
    world_say(w, "the server ends%s", power_failure ? ", and the power fails" : "");
    server->life++;
    w->crashes++;
    if (server->core != NULL)
        w->resent += (unsigned)core_get_stats(server->core).resent;
    g_hash_table_iter_init(&iter, server->wires);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        wire_server_gone(value);
    g_hash_table_remove_all(server->wires);
    g_clear_pointer(&server->core, core_free);
    if (!disk_has_struck())
        disk_arm(DISK_CUT, 1); /* a process that is killed does not tidy up either */
    store_close(g_steal_pointer(&server->store), false);
    g_clear_pointer(&server->batch, records_free);
    disk_crash(power_failure);
    world_at(w, w->now_ms + world_below(w, DEAD_MS), start, server, 0, NULL);
}

static void pump(struct server *server);

static void on_tick(world *w, void *what, uint64_t life, GBytes *bytes)
{
    struct server *server = what;
    (void)bytes;
    if (life != server->life || server->core == NULL)
        return;
    server->next_tick_ms = UINT64_MAX;
    core_tick(server->core, w->now_ms);
    pump(server);
}

static void on_commit(world *w, void *what, uint64_t life, GBytes *bytes)
{
    struct server *server = what;
    char *error = NULL;
    (void)bytes;
    if (life != server->life || server->core == NULL)
        return;
    records *batch = g_steal_pointer(&server->batch);
    const uint64_t batch_no = batch->batch_no;
    const bool ok = store_write(server->store, batch, &error);
    records_free(batch);
    if (ok &&
        !(disk_has_struck() && world_below(w, 2))) { /* cut after the commit: reported or not */
        core_committed(server->core, w->now_ms, batch_no);
        pump(server);
    }
    if (!ok && !disk_has_struck())
        world_fail(w, "a disk that works cannot be written: %s", error);
    const bool tidy = ok && store_tidy(server->store, &error);
    if (!tidy || disk_has_struck()) {
        w->faults++;
        world_say(w, "batch %" G_GUINT64_FORMAT ": %s", batch_no, error != NULL ? error : "cut");
        end(server, world_below(w, 2));
    }
    g_free(error);
}

static void carry_out(struct server *server, core_action *action)
{
    world *w = server->world;
    struct wire *wire = g_hash_table_lookup(server->wires, &action->conn);
    if (action->kind == CORE_COMMIT) {
        if (server->batch != NULL)
            world_fail(w, "two batches are under way");
        server->batch = g_steal_pointer(&action->batch);
        world_at(w, w->now_ms + world_below(w, 20), on_commit, server, server->life, NULL);
    } else if (action->kind == CORE_FAIL) {
        world_fail(w, "%s", action->text);
    } else if (action->kind == CORE_LOG) {
        world_say(w, "   log: %s", action->text);
    } else if (wire == NULL) {
        return;
    } else if (action->kind == CORE_SEND) {
        wire_to_client(wire, g_steal_pointer(&action->bytes));
    } else if (action->kind == CORE_PAUSE || action->kind == CORE_RESUME) {
        wire_pause(wire, action->kind == CORE_PAUSE);
    } else {
        wire_end(wire);
    }
}

static void pump(struct server *server)
{
    core_action action;
    while (core_take_action(server->core, &action)) {
        carry_out(server, &action);
        core_action_clear(&action);
    }
    const uint64_t due = core_deadline(server->core);
    if (due >= server->next_tick_ms)
        return;
    server->next_tick_ms = due;
    world_at(server->world, due, on_tick, server, server->life, NULL);
}

/* What a start fails with: the fault that was planned, or a thing that must not be. */
static void start_failed(struct server *server, char *error)
{
    world *w = server->world;
    if (!disk_has_struck())
        world_fail(w, "the server does not start: %s", error);
    world_say(w, "start: %s", error);
    g_free(error);
    w->faults++;
    end(server, world_below(w, 2));
}

static void start(world *w, void *what, uint64_t number, GBytes *bytes)
{
    struct server *server = what;
    char *error = NULL;
    (void)number;
    (void)bytes;
    if (w->failure != NULL)
        return;
    if (w->cut_at == 0 && world_mishap(w, 10))
        disk_arm(world_below(w, 2) ? DISK_CUT : DISK_EIO, 1 + (unsigned)world_below(w, 20));
    server->store = store_open(&server->options, &error);
    records *kept = server->store != NULL ? store_load(server->store, &error) : NULL;
    if (kept == NULL || disk_has_struck()) {
        records_free(kept);
        start_failed(server, error != NULL ? error : g_strdup("cut"));
        return;
    }
    server->reader = store_reader(server->store);
    server->config.reader = &server->reader;
    server->core = core_new(&server->config);
    const char *wrong = core_restore(server->core, w->now_ms, kept);
    if (wrong != NULL)
        world_fail(w, "what was stored makes no sense: %s", wrong);
    records_free(kept);
    server->next_tick_ms = UINT64_MAX;
    world_say(w, "the server is there");
    pump(server);
}

static void on_mishap(world *w, void *what, uint64_t number, GBytes *bytes)
{
    static const disk_fault faults[] = {DISK_CUT, DISK_CUT, DISK_EIO, DISK_FULL};
    struct server *server = what;
    (void)number;
    (void)bytes;
    if (server->core == NULL)
        return;
    if (world_below(w, 3) == 0)
        end(server, world_below(w, 2));
    else
        disk_arm(faults[world_below(w, G_N_ELEMENTS(faults))], 1 + (unsigned)world_below(w, 12));
}

static void on_quiet(world *w, void *what, uint64_t number, GBytes *bytes)
{
    (void)w;
    (void)what;
    (void)number;
    (void)bytes;
    if (!disk_has_struck())
        disk_arm(DISK_FINE, 0);
}

static void choose_config(world *w, core_config *config)
{
    core_config_init(config);
    config->log_messages = (unsigned)world_below(w, 20);
    config->push_window = 1 + (unsigned)world_below(w, 12);
    config->up_window = 1 + (unsigned)world_below(w, 12);
    config->commit_messages = 1 + (unsigned)world_below(w, 8);
    config->commit_wait_ms = (uint32_t)world_below(w, 20);
    config->max_output = 1024u << world_below(w, 8);
    config->dedup_window = 64;
    config->max_sessions = 4 + (unsigned)world_below(w, 2); /* guests' old ones are forgotten */
    config->idle_timeout_ms = 20000;
    config->state_ttl_ms = 2000000000;
}

struct server *server_new(world *w)
{
    struct server *server = g_new0(struct server, 1);
    server->world = w;
    server->life = 1;
    server->wires = g_hash_table_new(g_int64_hash, g_int64_equal);
    server->options = (store_options){
        .path = "store.db", .vfs = DISK_VFS, .wal_pages = 1 + (int)world_below(w, 60)};
    choose_config(w, &server->config);
    world_at(w, w->now_ms, start, server, 0, NULL);
    world_at(w, w->quiet_ms, on_quiet, server, 0, NULL);
    if (w->cut_at != 0)
        disk_arm(DISK_CUT, w->cut_at);
    for (uint64_t n = w->cut_at == 0 ? world_below(w, 6) : 0; n > 0; n--)
        world_at(w, w->now_ms + world_below(w, w->quiet_ms), on_mishap, server, 0, NULL);
    return server;
}

void server_free(struct server *server)
{
    if (server->core != NULL)
        server->world->resent += (unsigned)core_get_stats(server->core).resent;
    core_free(server->core);
    store_close(server->store, false);
    records_free(server->batch);
    g_hash_table_unref(server->wires);
    g_free(server);
}

bool server_is_up(const struct server *server)
{
    return server->core != NULL;
}

unsigned server_life(const struct server *server)
{
    return server->life;
}

conn_key server_connected(struct server *server, struct wire *wire)
{
    wire->key = core_connected(server->core, server->world->now_ms);
    g_hash_table_insert(server->wires, &wire->key, wire);
    pump(server);
    return wire->key;
}

void server_received(struct server *server, struct wire *wire, GBytes *bytes)
{
    gsize n;
    const void *p = g_bytes_get_data(bytes, &n);
    core_received(server->core, server->world->now_ms, wire->key, p, n);
    pump(server);
}

void server_disconnected(struct server *server, struct wire *wire)
{
    g_hash_table_remove(server->wires, &wire->key);
    core_disconnected(server->core, server->world->now_ms, wire->key);
    pump(server);
}

void server_drained(struct server *server, struct wire *wire, size_t n)
{
    core_drained(server->core, server->world->now_ms, wire->key, n);
    pump(server);
}
