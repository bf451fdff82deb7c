/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include "unit/random.h"

#include <glib.h>
#include <sqlite3.h>
#include <string.h>

#define SECTOR 512

/* A write or a change of length that was not synced. */
typedef struct change {
    sqlite3_int64 offset;
    GBytes *bytes; /* NULL: the file ends at `offset` */
} change;

typedef struct disk_file {
    GByteArray *now;    /* as programs see it */
    GByteArray *synced; /* as it is certain to survive */
    GArray *changes;    /* from the one to the other */
    GPtrArray *shared;  /* regions of shared memory */
    unsigned shm_readers[SQLITE_SHM_NLOCK];
    bool shm_writer[SQLITE_SHM_NLOCK];
    unsigned readers; /* locks on the file */
    bool reserved, pending, exclusive;
} disk_file;

/* What SQLite holds of an open file. */
typedef struct handle {
    sqlite3_file base;
    disk_file *file;
    int lock;
    uint16_t shm_shared, shm_exclusive; /* bits of the locks held */
} handle;

static struct {
    GHashTable *files; /* name -> disk_file */
    rng random;
    disk_fault fault;
    unsigned countdown, operations;
    bool struck;
} disk;

static void clear_change(gpointer data)
{
    g_clear_pointer(&((change *)data)->bytes, g_bytes_unref);
}

static disk_file *new_file(void)
{
    disk_file *file = g_new0(disk_file, 1);
    file->now = g_byte_array_new();
    file->synced = g_byte_array_new();
    file->changes = g_array_new(FALSE, FALSE, sizeof(change));
    g_array_set_clear_func(file->changes, clear_change);
    file->shared = g_ptr_array_new_with_free_func(g_free);
    return file;
}

static void free_file(gpointer data)
{
    disk_file *file = data;
    g_byte_array_unref(file->now);
    g_byte_array_unref(file->synced);
    g_array_unref(file->changes);
    g_ptr_array_unref(file->shared);
    g_free(file);
}

static void set_length(GByteArray *bytes, size_t n)
{
    const guint before = bytes->len;
    g_byte_array_set_size(bytes, (guint)n);
    if (n > before)
        memset(bytes->data + before, 0, n - before);
}

static void put_bytes(GByteArray *to, sqlite3_int64 offset, const uint8_t *p, size_t n)
{
    const size_t end = (size_t)offset + n;
    if (n == 0)
        return;
    if (end > to->len)
        set_length(to, end);
    memcpy(to->data + offset, p, n);
}

static void apply(GByteArray *to, const change *c)
{
    gsize n;
    if (c->bytes == NULL) {
        set_length(to, (size_t)c->offset);
    } else {
        const uint8_t *p = g_bytes_get_data(c->bytes, &n);
        put_bytes(to, c->offset, p, n);
    }
}

/* Of a write, the sectors that chance has brought to the disk. */
static void apply_torn(GByteArray *to, const change *c)
{
    gsize n;
    const uint8_t *p = c->bytes != NULL ? g_bytes_get_data(c->bytes, &n) : NULL;
    if (p == NULL) {
        if ((unsigned)rng_below(&disk.random, 2))
            apply(to, c);
        return;
    }
    for (size_t at = 0; at < n;) {
        const size_t end = MIN(n, at + SECTOR - ((size_t)c->offset + at) % SECTOR);
        if ((unsigned)rng_below(&disk.random, 2))
            put_bytes(to, c->offset + (sqlite3_int64)at, p + at, end - at);
        at = end;
    }
}

static void lose_power(disk_file *file)
{
    const unsigned how = (unsigned)rng_below(&disk.random, 4);
    const guint n = file->changes->len;
    const guint kept = how == 0   ? 0
                       : how == 1 ? n
                       : how == 2 ? (unsigned)rng_below(&disk.random, n + 1)
                                  : 0;
    for (guint i = 0; i < kept; i++)
        apply(file->synced, &g_array_index(file->changes, change, i));
    for (guint i = 0; how == 3 && i < n; i++)
        apply_torn(file->synced, &g_array_index(file->changes, change, i));
    g_byte_array_set_size(file->now, 0);
    g_byte_array_append(file->now, file->synced->data, file->synced->len);
    g_array_set_size(file->changes, 0);
}

void disk_crash(bool power_failure)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, disk.files);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        disk_file *file = value;
        g_ptr_array_set_size(file->shared, 0);
        memset(file->shm_readers, 0, sizeof file->shm_readers);
        memset(file->shm_writer, 0, sizeof file->shm_writer);
        file->readers = 0;
        file->reserved = file->pending = file->exclusive = false;
        if (power_failure)
            lose_power(file);
    }
    disk_arm(DISK_FINE, 0);
}

void disk_arm(disk_fault fault, unsigned n)
{
    disk.fault = fault;
    disk.countdown = n;
    disk.struck = false;
}

bool disk_has_struck(void)
{
    return disk.struck;
}

unsigned disk_operations(void)
{
    return disk.operations;
}

/* True if this operation goes wrong. */
static bool strikes(void)
{
    disk.operations++;
    if (disk.fault == DISK_FINE)
        return false;
    if (disk.struck)
        return disk.fault == DISK_CUT;
    disk.struck = disk.countdown <= 1;
    disk.countdown--;
    return disk.struck;
}

static bool is_cut(void)
{
    return disk.struck && disk.fault == DISK_CUT;
}

static int do_close(sqlite3_file *f)
{
    (void)f;
    return SQLITE_OK;
}

static int do_read(sqlite3_file *f, void *p, int n, sqlite3_int64 offset)
{
    const GByteArray *bytes = ((handle *)f)->file->now;
    const sqlite3_int64 there = MAX(0, MIN((sqlite3_int64)n, (sqlite3_int64)bytes->len - offset));
    if (is_cut())
        return SQLITE_IOERR_READ;
    if (there > 0)
        memcpy(p, bytes->data + offset, (size_t)there);
    if (there == n)
        return SQLITE_OK;
    memset((uint8_t *)p + there, 0, (size_t)(n - there));
    return SQLITE_IOERR_SHORT_READ;
}

static void write_now(disk_file *file, const void *p, size_t n, sqlite3_int64 offset)
{
    const change c = {offset, g_bytes_new(p, n)};
    put_bytes(file->now, offset, p, n);
    g_array_append_val(file->changes, c);
}

static int do_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 offset)
{
    disk_file *file = ((handle *)f)->file;
    const bool longer = offset + n > (sqlite3_int64)file->now->len;
    const bool struck = strikes();
    if (disk.fault == DISK_FULL && disk.struck && (struck || longer))
        return SQLITE_FULL;
    if (struck && disk.fault == DISK_EIO)
        write_now(file, p, (unsigned)rng_below(&disk.random, (size_t)n + 1), offset);
    if (struck)
        return SQLITE_IOERR_WRITE;
    write_now(file, p, (size_t)n, offset);
    return SQLITE_OK;
}

static int do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    disk_file *file = ((handle *)f)->file;
    const change c = {size, NULL};
    if (strikes())
        return SQLITE_IOERR_TRUNCATE;
    apply(file->now, &c);
    g_array_append_val(file->changes, c);
    return SQLITE_OK;
}

static int do_sync(sqlite3_file *f, int flags)
{
    disk_file *file = ((handle *)f)->file;
    (void)flags;
    if (strikes())
        return SQLITE_IOERR_FSYNC;
    for (guint i = 0; i < file->changes->len; i++)
        apply(file->synced, &g_array_index(file->changes, change, i));
    g_array_set_size(file->changes, 0);
    return SQLITE_OK;
}

static int do_size(sqlite3_file *f, sqlite3_int64 *size)
{
    *size = ((handle *)f)->file->now->len;
    return SQLITE_OK;
}

static int do_unlock(sqlite3_file *f, int level)
{
    handle *h = (handle *)f;
    if (h->lock > SQLITE_LOCK_SHARED && level <= SQLITE_LOCK_SHARED)
        h->file->reserved = h->file->pending = h->file->exclusive = false;
    if (h->lock >= SQLITE_LOCK_SHARED && level == SQLITE_LOCK_NONE)
        h->file->readers--;
    h->lock = MIN(h->lock, level);
    return SQLITE_OK;
}

static int do_lock(sqlite3_file *f, int level)
{
    handle *h = (handle *)f;
    disk_file *file = h->file;
    if (level <= h->lock)
        return SQLITE_OK;
    if (h->lock == SQLITE_LOCK_NONE) {
        if (file->pending || file->exclusive)
            return SQLITE_BUSY;
        file->readers++;
        h->lock = SQLITE_LOCK_SHARED;
    }
    if (level >= SQLITE_LOCK_RESERVED && h->lock < SQLITE_LOCK_RESERVED) {
        if (file->reserved)
            return SQLITE_BUSY;
        file->reserved = true;
        h->lock = SQLITE_LOCK_RESERVED;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE) {
        file->pending = true;
        h->lock = SQLITE_LOCK_PENDING;
        if (file->readers > 1)
            return SQLITE_BUSY;
        file->exclusive = true;
    }
    h->lock = level;
    return SQLITE_OK;
}

static int do_is_reserved(sqlite3_file *f, int *reserved)
{
    *reserved = ((handle *)f)->file->reserved;
    return SQLITE_OK;
}

static int do_control(sqlite3_file *f, int what, void *argument)
{
    (void)f;
    (void)what;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int do_sector_size(sqlite3_file *f)
{
    (void)f;
    return SECTOR;
}

static int do_characteristics(sqlite3_file *f)
{
    (void)f;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as SQLite assumes of real disks */
}

static int do_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **p)
{
    GPtrArray *shared = ((handle *)f)->file->shared;
    *p = NULL;
    if (is_cut())
        return SQLITE_IOERR_SHMMAP;
    while (extend && shared->len <= (guint)region)
        g_ptr_array_add(shared, g_malloc0((gsize)size));
    if (shared->len > (guint)region)
        *p = g_ptr_array_index(shared, region);
    return SQLITE_OK;
}

static int do_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    handle *h = (handle *)f;
    disk_file *file = h->file;
    for (int i = offset; i < offset + n; i++) {
        const bool mine = h->shm_shared >> i & 1;
        if ((flags & SQLITE_SHM_LOCK) && file->shm_writer[i] && !(h->shm_exclusive >> i & 1))
            return SQLITE_BUSY;
        if ((flags & SQLITE_SHM_LOCK) && (flags & SQLITE_SHM_EXCLUSIVE) &&
            file->shm_readers[i] > (mine ? 1u : 0u))
            return SQLITE_BUSY;
    }
    for (int i = offset; i < offset + n; i++) {
        uint16_t *held = flags & SQLITE_SHM_SHARED ? &h->shm_shared : &h->shm_exclusive;
        const uint16_t bit = (uint16_t)(1u << i);
        const bool had = *held & bit, has = flags & SQLITE_SHM_LOCK;
        *held = (uint16_t)(has ? *held | bit : *held & ~bit);
        if (flags & SQLITE_SHM_EXCLUSIVE)
            file->shm_writer[i] = has;
        else
            file->shm_readers[i] += (unsigned)has - (unsigned)had;
    }
    return SQLITE_OK;
}

static void do_shm_barrier(sqlite3_file *f)
{
    (void)f;
}

static int do_shm_unmap(sqlite3_file *f, int remove)
{
    if (remove)
        g_ptr_array_set_size(((handle *)f)->file->shared, 0);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_is_reserved,
    .xFileControl = do_control,
    .xSectorSize = do_sector_size,
    .xDeviceCharacteristics = do_characteristics,
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap,
};

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    handle *h = (handle *)f;
    disk_file *file = name != NULL ? g_hash_table_lookup(disk.files, name) : NULL;
    (void)vfs;
    memset(h, 0, sizeof *h);
    if (name == NULL || is_cut() || (file == NULL && !(flags & SQLITE_OPEN_CREATE)))
        return SQLITE_CANTOPEN;
    if (file == NULL) {
        file = new_file();
        g_hash_table_insert(disk.files, g_strdup(name), file);
    }
    h->base.pMethods = &methods;
    h->file = file;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

/* Open handles keep no deleted files here: SQLite does not need it. */
static int do_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)sync;
    if (strikes())
        return SQLITE_IOERR_DELETE;
    g_hash_table_remove(disk.files, name);
    return SQLITE_OK;
}

static int do_access(sqlite3_vfs *vfs, const char *name, int flags, int *there)
{
    const disk_file *file = g_hash_table_lookup(disk.files, name);
    (void)vfs;
    *there = file != NULL && (flags != SQLITE_ACCESS_EXISTS || file->now->len > 0);
    return SQLITE_OK;
}

static int do_full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    g_strlcpy(out, name, (gsize)n);
    return SQLITE_OK;
}

static int do_randomness(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    for (int i = 0; i < n; i++)
        out[i] = (char)(unsigned)rng_below(&disk.random, 256);
    return n;
}

static int do_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int do_time(sqlite3_vfs *vfs, double *julian_day)
{
    (void)vfs;
    *julian_day = 2461000.5;
    return SQLITE_OK;
}

static sqlite3_vfs vfs = {
    .iVersion = 1,
    .szOsFile = sizeof(handle),
    .mxPathname = 100,
    .zName = DISK_VFS,
    .xOpen = do_open,
    .xDelete = do_delete,
    .xAccess = do_access,
    .xFullPathname = do_full_path,
    .xRandomness = do_randomness,
    .xSleep = do_sleep,
    .xCurrentTime = do_time,
};

void disk_start(uint64_t seed)
{
    memset(&disk, 0, sizeof disk);
    disk.files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_file);
    disk.random = (rng){seed};
    sqlite3_vfs_register(&vfs, 0);
}

void disk_stop(void)
{
    sqlite3_vfs_unregister(&vfs);
    g_clear_pointer(&disk.files, g_hash_table_unref);
}
