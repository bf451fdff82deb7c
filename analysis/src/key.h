/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hash tables of elements that begin with (scope, id). */
#ifndef ANALYSIS_SRC_KEY_H
#define ANALYSIS_SRC_KEY_H

#include <glib.h>
#include <stdint.h>

/*
 * `id` is unique within `scope`, the address of an object. The sender of hostile ids cannot know
 * that address, so he cannot make them collide.
 */
typedef struct key {
    const void *scope;
    uint64_t id;
} key;

/* A set of structs that begin with their key; `release` frees one that is removed. */
GHashTable *analysis_key_set_new(GDestroyNotify release);

/* The element, or NULL. */
void *analysis_key_set_find(GHashTable *set, const void *scope, uint64_t id);

#endif
