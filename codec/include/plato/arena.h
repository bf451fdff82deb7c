/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capped arena for those who unpack messages with protobuf-c, which by itself lets a hostile
 * message of 1 MiB take more than forty times its size. Run the wire reader over the bytes first:
 * it rejects what protobuf-c accepts.
 *
 *     ProtobufCAllocator *a = plato_arena_allocator(arena);
 *     Plato__ChatMessage *m = plato__chat_message__unpack(a, n, p);
 *     ...
 *     plato_arena_reset(arena);                 instead of plato__chat_message__free_unpacked()
 */
#ifndef PLATO_ARENA_H
#define PLATO_ARENA_H

#include "plato/allocator.h"
#include "plato/error.h"
#include "plato/export.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

PLATO_BEGIN

typedef struct plato_arena plato_arena;

/*
 * An arena that hands out at most `cap` bytes between two resets; then its allocator returns NULL
 * and unpacking fails cleanly. `allocator` NULL means malloc. PLATO_ERR_NO_MEMORY.
 */
PLATO_API plato_err plato_arena_new(size_t cap, const plato_allocator *allocator,
                                    plato_arena **arena);

/* NULL is allowed. Everything that was unpacked from it is gone. */
PLATO_API void plato_arena_free(plato_arena *arena);

/* What protobuf-c wants; lives as long as the arena. Freeing through it does nothing. */
PLATO_API ProtobufCAllocator *plato_arena_allocator(plato_arena *arena);

/* Takes everything back. Keeps one block, so that in the steady state nothing is allocated. */
PLATO_API void plato_arena_reset(plato_arena *arena);

/* Bytes handed out since the last reset, padding included. */
PLATO_API size_t plato_arena_used(const plato_arena *arena);

PLATO_END

#endif
