/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

uint8_t stream_range_bits(const stream_range *range)
{
    switch (range->kind) {
    case STREAM_KIND_DATA:
        return STREAM_IS_PIECE | STREAM_IS_DATA;
    case STREAM_KIND_CUT:
        return STREAM_IS_PIECE | STREAM_IS_BREAK;
    case STREAM_KIND_DONE:
        return STREAM_IS_BREAK | STREAM_IS_STOP;
    default:
        break;
    }
    const uint8_t hole = STREAM_IS_BREAK | STREAM_IS_STOP | STREAM_IS_HOLE;
    if (range->state == STREAM_HOLE_WAITS)
        return hole | STREAM_IS_OPEN | STREAM_IS_WAITS;
    return range->state == STREAM_HOLE_IN_GRACE ? hole | STREAM_IS_OPEN : hole;
}

static int height(const stream_range *range)
{
    return range != NULL ? range->height : 0;
}

/* From the two children and the range itself; false if nothing changed. */
static bool refresh(stream_range *range)
{
    const stream_range *l = range->left, *r = range->right;
    const int tall = height(l) > height(r) ? height(l) : height(r);
    uint64_t sum = range->kind == STREAM_KIND_DATA ? range->len : 0;
    uint8_t below = stream_range_bits(range);
    if (l != NULL) {
        sum += l->sum;
        below |= l->below;
    }
    if (r != NULL) {
        sum += r->sum;
        below |= r->below;
    }
    const bool changed = range->height != tall + 1 || range->sum != sum || range->below != below;
    range->height = (uint8_t)(tall + 1);
    range->sum = sum;
    range->below = below;
    return changed;
}

static void replace_child(stream_tree *tree, stream_range *parent, const stream_range *old,
                          stream_range *child)
{
    if (parent == NULL)
        tree->root = child;
    else if (parent->left == old)
        parent->left = child;
    else
        parent->right = child;
    if (child != NULL)
        child->parent = parent;
}

/* The right child rises above `range`. */
static stream_range *rotate_left(stream_tree *tree, stream_range *range)
{
    stream_range *up = range->right;
    replace_child(tree, range->parent, range, up);
    range->right = up->left;
    if (range->right != NULL)
        range->right->parent = range;
    up->left = range;
    range->parent = up;
    (void)refresh(range);
    (void)refresh(up);
    return up;
}

static stream_range *rotate_right(stream_tree *tree, stream_range *range)
{
    stream_range *up = range->left;
    replace_child(tree, range->parent, range, up);
    range->left = up->right;
    if (range->left != NULL)
        range->left->parent = range;
    up->right = range;
    range->parent = up;
    (void)refresh(range);
    (void)refresh(up);
    return up;
}

static stream_range *balance(stream_tree *tree, stream_range *range)
{
    const int lean = height(range->left) - height(range->right);
    if (lean > 1) {
        if (height(range->left->left) < height(range->left->right))
            (void)rotate_left(tree, range->left);
        return rotate_right(tree, range);
    }
    if (lean < -1) {
        if (height(range->right->right) < height(range->right->left))
            (void)rotate_right(tree, range->right);
        return rotate_left(tree, range);
    }
    return range;
}

static void repair(stream_tree *tree, stream_range *range)
{
    while (range != NULL) {
        const bool changed = refresh(range);
        stream_range *top = balance(tree, range);
        if (!changed && top == range)
            return;
        range = top->parent;
    }
}

void stream_tree_changed(stream_range *range)
{
    while (range != NULL && refresh(range))
        range = range->parent;
}

static stream_range *leftmost(stream_range *range)
{
    while (range != NULL && range->left != NULL)
        range = range->left;
    return range;
}

static stream_range *rightmost(stream_range *range)
{
    while (range != NULL && range->right != NULL)
        range = range->right;
    return range;
}

stream_range *stream_tree_first(const stream_tree *tree)
{
    return leftmost(tree->root);
}

stream_range *stream_tree_last(const stream_tree *tree)
{
    return rightmost(tree->root);
}

stream_range *stream_tree_next(const stream_range *range)
{
    if (range->right != NULL)
        return leftmost(range->right);
    stream_range *up = range->parent;
    for (; up != NULL && up->right == range; up = up->parent)
        range = up;
    return up;
}

stream_range *stream_tree_prev(const stream_range *range)
{
    if (range->left != NULL)
        return rightmost(range->left);
    stream_range *up = range->parent;
    for (; up != NULL && up->left == range; up = up->parent)
        range = up;
    return up;
}

stream_range *stream_tree_find(const stream_tree *tree, uint64_t offset)
{
    stream_range *found = NULL;
    for (stream_range *range = tree->root; range != NULL;) {
        if (stream_range_end(range) > offset) {
            found = range;
            range = range->left;
        } else {
            range = range->right;
        }
    }
    return found;
}

static bool has(const stream_range *range, uint8_t bits)
{
    return range != NULL && (range->below & bits) != 0;
}

/* The first, or last, one with the bits in a subtree that has one. */
static stream_range *lowest_in(stream_range *range, uint8_t bits)
{
    for (;;) {
        if (has(range->left, bits))
            range = range->left;
        else if ((stream_range_bits(range) & bits) != 0)
            return range;
        else
            range = range->right;
    }
}

static stream_range *highest_in(stream_range *range, uint8_t bits)
{
    for (;;) {
        if (has(range->right, bits))
            range = range->right;
        else if ((stream_range_bits(range) & bits) != 0)
            return range;
        else
            range = range->left;
    }
}

stream_range *stream_tree_lowest(const stream_tree *tree, uint8_t bits)
{
    return has(tree->root, bits) ? lowest_in(tree->root, bits) : NULL;
}

stream_range *stream_tree_after(const stream_range *range, uint8_t bits)
{
    if (has(range->right, bits))
        return lowest_in(range->right, bits);
    for (stream_range *up = range->parent; up != NULL; range = up, up = up->parent) {
        if (up->left != range)
            continue;
        if ((stream_range_bits(up) & bits) != 0)
            return up;
        if (has(up->right, bits))
            return lowest_in(up->right, bits);
    }
    return NULL;
}

stream_range *stream_tree_before(const stream_range *range, uint8_t bits)
{
    if (has(range->left, bits))
        return highest_in(range->left, bits);
    for (stream_range *up = range->parent; up != NULL; range = up, up = up->parent) {
        if (up->right != range)
            continue;
        if ((stream_range_bits(up) & bits) != 0)
            return up;
        if (has(up->left, bits))
            return highest_in(up->left, bits);
    }
    return NULL;
}

uint64_t stream_tree_sum_after(const stream_range *range)
{
    uint64_t sum = range->right != NULL ? range->right->sum : 0;
    for (const stream_range *up = range->parent; up != NULL; range = up, up = up->parent) {
        if (up->left == range)
            sum += up->sum - range->sum;
    }
    return sum;
}

void stream_tree_insert(stream_tree *tree, stream_range *prev, stream_range *range)
{
    stream_range *parent = prev;
    range->left = range->right = NULL;
    if (prev == NULL || prev->right != NULL) {
        parent = prev == NULL ? leftmost(tree->root) : leftmost(prev->right);
        if (parent != NULL)
            parent->left = range;
        else
            tree->root = range;
    } else {
        parent->right = range;
    }
    range->parent = parent;
    (void)refresh(range);
    repair(tree, parent);
}

void stream_tree_remove(stream_tree *tree, stream_range *range)
{
    stream_range *from, *heir = NULL;
    if (range->left == NULL || range->right == NULL) {
        from = range->parent;
        replace_child(tree, from, range, range->left != NULL ? range->left : range->right);
    } else {
        heir = leftmost(range->right);
        from = heir->parent == range ? heir : heir->parent;
        if (heir->parent != range) {
            replace_child(tree, heir->parent, heir, heir->right);
            heir->right = range->right;
            heir->right->parent = heir;
        }
        heir->left = range->left;
        heir->left->parent = heir;
        replace_child(tree, range->parent, range, heir);
        /* what those above have seen here so far */
        heir->height = range->height;
        heir->sum = range->sum;
        heir->below = range->below;
    }
    repair(tree, from);
    if (heir != NULL) /* also where nothing changed below it */
        repair(tree, heir);
}

void stream_list_append(stream_list *list, stream_range *range)
{
    range->list = list;
    range->next = NULL;
    range->prev = list->tail;
    if (list->tail != NULL)
        list->tail->next = range;
    else
        list->head = range;
    list->tail = range;
}

void stream_list_insert_after(stream_range *where, stream_range *range)
{
    stream_list *list = where->list;
    range->list = list;
    range->prev = where;
    range->next = where->next;
    if (where->next != NULL)
        where->next->prev = range;
    else
        list->tail = range;
    where->next = range;
}

void stream_list_remove(stream_range *range)
{
    stream_list *list = range->list;
    if (list == NULL)
        return;
    if (range->prev != NULL)
        range->prev->next = range->next;
    else
        list->head = range->next;
    if (range->next != NULL)
        range->next->prev = range->prev;
    else
        list->tail = range->prev;
    range->list = NULL;
    range->prev = range->next = NULL;
}
