/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The growing arrays of the reader, sorted by an offset that each item has. */
#include "reader_internal.h"

#include <string.h>

void *stream_array_insert(stream_reader *reader, stream_array *array, size_t index, size_t size)
{
    if (array->count == array->room) {
        const size_t room = array->room == 0 ? 4 : array->room * 2;
        void *items = reader->allocator.resize(reader->allocator.user, array->items, room * size);
        if (items == NULL)
            return NULL;
        array->items = items;
        array->room = room;
    }
    char *place = (char *)array->items + index * size;
    memmove(place + size, place, (array->count - index) * size);
    array->count++;
    return place;
}

void stream_array_remove(stream_array *array, size_t index, size_t size)
{
    char *place = (char *)array->items + index * size;
    memmove(place, place + size, (array->count - index - 1) * size);
    array->count--;
}

void stream_array_free(stream_reader *reader, stream_array *array)
{
    if (array->items != NULL)
        reader->allocator.release(reader->allocator.user, array->items);
    *array = (stream_array){0};
}

size_t stream_array_find(const stream_array *array, size_t size, size_t key, uint64_t offset)
{
    size_t low = 0, high = array->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        uint64_t found;
        memcpy(&found, (const char *)array->items + middle * size + key, sizeof found);
        if (found < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
