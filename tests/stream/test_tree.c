/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of ranges: balanced, and right about what is below, after any order of changes. */
#include "random.h"
#include "run_tests.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

#define RANGES 2000u

static stream_range ranges[RANGES];
static bool inside[RANGES];

/* The height; checks all that a range says of those below it. */
static int check_below(const stream_range *range, uint64_t *sum, uint8_t *below)
{
    uint64_t sums[2] = {0, 0};
    uint8_t bits[2] = {0, 0};
    if (range == NULL)
        return 0;
    const int left = check_below(range->left, &sums[0], &bits[0]);
    const int right = check_below(range->right, &sums[1], &bits[1]);
    *sum = sums[0] + sums[1] + (range->kind == STREAM_KIND_DATA ? range->len : 0);
    *below = bits[0] | bits[1] | stream_range_bits(range);
    const bool right_parents = (range->left == NULL || range->left->parent == range) &&
                               (range->right == NULL || range->right->parent == range);
    if (abs(left - right) > 1 || range->sum != *sum || range->below != *below || !right_parents)
        ck_abort_msg("a range is not what its children make it");
    return 1 + (left > right ? left : right);
}

static void check_tree(const stream_tree *tree)
{
    uint64_t sum = 0;
    uint8_t below = 0;
    (void)check_below(tree->root, &sum, &below);
}

/* The one inside with the next smaller number, or NULL. */
static stream_range *before(size_t i)
{
    while (i-- > 0) {
        if (inside[i])
            return &ranges[i];
    }
    return NULL;
}

static void insert(stream_tree *tree, size_t i, stream_kind kind)
{
    ranges[i] = (stream_range){.at = i * 10, .len = 1 + i % 9, .kind = (uint8_t)kind};
    stream_tree_insert(tree, before(i), &ranges[i]);
    inside[i] = true;
}

/* Ascending, descending, from both ends inwards, from the middle outwards. */
static size_t place(unsigned order, size_t i)
{
    const size_t half = i / 2;
    switch (order) {
    case 0:
        return i;
    case 1:
        return RANGES - 1 - i;
    case 2:
        return i % 2 == 0 ? half : RANGES - 1 - half;
    default:
        return i % 2 == 0 ? RANGES / 2 + half : RANGES / 2 - 1 - half;
    }
}

START_TEST(any_order_of_inserting)
{
    stream_tree tree = {NULL};
    memset(inside, 0, sizeof inside);
    for (size_t i = 0; i < RANGES; i++)
        insert(&tree, place((unsigned)_i, i), (stream_kind)(i % 4));
    check_tree(&tree);
    for (size_t i = 0; i < RANGES; i++) {
        stream_tree_remove(&tree, &ranges[place(((unsigned)_i + 1) % 4, i)]);
        if (i % 50 == 0)
            check_tree(&tree);
    }
    ck_assert_ptr_null(tree.root);
}
END_TEST

START_TEST(any_changes)
{
    stream_tree tree = {NULL};
    rng r = {(uint64_t)_i};
    memset(inside, 0, sizeof inside);
    for (unsigned step = 0; step < 3000; step++) {
        const size_t i = rng_below(&r, 200);
        if (!inside[i]) {
            insert(&tree, i, (stream_kind)rng_below(&r, 4));
        } else if (rng_below(&r, 3) == 0) {
            ranges[i].kind = (uint8_t)rng_below(&r, 4);
            ranges[i].len = 1 + rng_below(&r, 9);
            stream_tree_changed(&ranges[i]);
        } else {
            stream_tree_remove(&tree, &ranges[i]);
            inside[i] = false;
        }
        check_tree(&tree);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tree");
    TCase *tcase = tcase_create("tree");
    tcase_add_loop_test(tcase, any_order_of_inserting, 0, 4);
    tcase_add_loop_test(tcase, any_changes, 0, 20);
    suite_add_tcase(suite, tcase);
    return run_suites(&suite, 1);
}
