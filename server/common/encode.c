/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/encode.h"

GBytes *encode_frame(const plato_head *head, plato_span body)
{
    uint64_t size = 0;
    size_t written = 0;
    uint8_t small[128];
    const size_t head_size = plato_head_size(head);
    uint8_t *head_bytes = head_size <= sizeof small ? small : g_malloc(head_size);
    if (plato_head_write(head, head_bytes, head_size, &written) != PLATO_OK)
        g_error("a head of type %u cannot be written", head->msg_type);
    const plato_frame frame = {.framing = PLATO_FRAMING_HEADER,
                               .version = PLATO_VERSION_ON_WIRE,
                               .msg_type = head->msg_type,
                               .var_head = {head_bytes, written},
                               .body = body};
    if (plato_frame_encoded_size(&frame, &size) != PLATO_OK)
        g_error("a frame of type %u cannot be encoded", head->msg_type);
    uint8_t *bytes = g_malloc((size_t)size);
    if (plato_frame_encode(&frame, bytes, (size_t)size, &written) != PLATO_OK)
        g_error("a frame of type %u cannot be encoded", head->msg_type);
    if (head_bytes != small)
        g_free(head_bytes);
    return g_bytes_new_take(bytes, written);
}
