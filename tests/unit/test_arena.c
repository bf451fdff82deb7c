/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/arena.h"

#include "counting_allocator.h"
#include "plato/schema/plato.pb-c.h"
#include "run_tests.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

static plato_arena *new_arena(size_t cap, counting *c)
{
    plato_arena *arena;
    const plato_allocator allocator = counting_allocator(c);
    ck_assert_int_eq(plato_arena_new(cap, &allocator, &arena), PLATO_OK);
    ck_assert_uint_eq(plato_arena_used(arena), 0);
    return arena;
}

static void *take(plato_arena *arena, size_t n)
{
    ProtobufCAllocator *a = plato_arena_allocator(arena);
    return a->alloc(a->allocator_data, n);
}

START_TEST(pieces_are_apart_and_aligned)
{
    counting c = {0};
    plato_arena *arena = new_arena(1 << 20, &c);
    uint8_t *pieces[200];
    for (size_t i = 0; i < 200; i++) {
        const size_t n = i * 7 % 500 + 1;
        pieces[i] = take(arena, n);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)i, n);
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t k = 0; k < i * 7 % 500 + 1; k++)
            ck_assert_uint_eq(pieces[i][k], (uint8_t)i);
    }
    plato_arena_free(arena);
    ck_assert_uint_eq(c.blocks, 0);
}
END_TEST

START_TEST(the_cap_holds)
{
    static const size_t caps[] = {0, 1, 16, 1000, 4096, 100000};
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        counting c = {0};
        plato_arena *arena = new_arena(caps[i], &c);
        size_t sum = 0;
        for (int round = 0; round < 2; round++) {
            for (sum = 0; take(arena, 48) != NULL; sum += 48)
                ck_assert_uint_le(sum, caps[i]);
            ck_assert_uint_le(sum, caps[i]);
            ck_assert_uint_gt(sum + 48, caps[i] < 64 ? 0 : caps[i] - 64); /* and it is used */
            ck_assert_uint_le(plato_arena_used(arena), caps[i]);
            ck_assert_ptr_null(take(arena, caps[i] + 1));
            ck_assert_ptr_null(take(arena, SIZE_MAX));
            plato_arena_reset(arena);
            ck_assert_uint_eq(plato_arena_used(arena), 0);
        }
        plato_arena_free(arena);
        ck_assert_uint_eq(c.live, 0);
    }
}
END_TEST

/* No cap: sizes near the end of the address space must not wrap around. */
START_TEST(enormous_sizes)
{
    counting c = {0};
    plato_arena *arena = new_arena(SIZE_MAX, &c);
    for (size_t less = 0; less < 100; less++)
        ck_assert_ptr_null(take(arena, SIZE_MAX - less));
    ck_assert_ptr_nonnull(take(arena, 10));
    plato_arena_free(arena);
}
END_TEST

START_TEST(steady_state_costs_nothing)
{
    counting c = {0};
    plato_arena *arena = new_arena(1 << 20, &c);
    size_t warm = 0;
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 300; i++)
            ck_assert_ptr_nonnull(take(arena, 100));
        plato_arena_reset(arena);
        if (round == 10)
            warm = c.calls;
    }
    ck_assert_uint_eq(c.calls, warm);
    ck_assert_uint_eq(c.blocks, 2); /* the arena and one block */
    plato_arena_free(arena);
    plato_arena_free(NULL);
}
END_TEST

/* 100,000 session ids in 100,000 bytes want 800,000: the arena says no, cleanly. */
START_TEST(unpacking_is_capped)
{
    static uint8_t hostile[100004];
    counting c = {0};
    memset(hostile, 1, sizeof hostile);
    memcpy(hostile, "\x1a\xa0\x8d\x06", 4); /* session_ids, 100,000 bytes */
    plato_arena *arena = new_arena(65536, &c);
    ck_assert_ptr_null(
        plato__login_body__unpack(plato_arena_allocator(arena), sizeof hostile, hostile));
    ck_assert_uint_le(c.peak, 65536 * 2 + 4096);
    plato_arena_reset(arena);
    const uint8_t small[] = {0x0a, 2, 'o', 'k', 0x1a, 3, 1, 2, 3};
    Plato__LoginBody *m =
        plato__login_body__unpack(plato_arena_allocator(arena), sizeof small, small);
    ck_assert_ptr_nonnull(m);
    ck_assert_str_eq(m->token, "ok");
    ck_assert_uint_eq(m->n_session_ids, 3);
    ck_assert_uint_eq(m->session_ids[2], 3);
    plato_arena_free(arena);
    ck_assert_uint_eq(c.blocks, 0);
}
END_TEST

static bool use_with_failure(size_t fail_at, counting *c)
{
    plato_arena *arena;
    bool ok = true;
    *c = (counting){.fail_at = fail_at};
    const plato_allocator allocator = counting_allocator(c);
    if (plato_arena_new(1 << 20, &allocator, &arena) != PLATO_OK) {
        ck_assert_uint_eq(c->blocks, 0);
        return false;
    }
    for (int i = 0; i < 200; i++)
        ok = take(arena, 500) != NULL && ok;
    plato_arena_reset(arena);
    ok = take(arena, 50000) != NULL && ok;
    plato_arena_free(arena);
    ck_assert_uint_eq(c->blocks, 0);
    return ok;
}

START_TEST(each_allocation_may_fail)
{
    counting c;
    ck_assert(use_with_failure(0, &c));
    const size_t calls = c.calls;
    ck_assert_uint_ge(calls, 3);
    for (size_t i = 1; i <= calls; i++)
        ck_assert(!use_with_failure(i, &c));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pieces_are_apart_and_aligned, the_cap_holds,       enormous_sizes,
        steady_state_costs_nothing,   unpacking_is_capped, each_allocation_may_fail,
    };
    return RUN_TESTS("arena", tests);
}
