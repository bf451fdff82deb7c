/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written is read back the same: frames of both framings, and heads. */
#include "fuzz_input.h"

#include "plato/head.h"

#include <string.h>

static bool same_span(plato_span a, plato_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static void frame_there_and_back(const plato_frame *frame)
{
    uint8_t prefix[PLATO_PREFIX_MAX];
    plato_span pieces[3];
    plato_frame back;
    uint64_t size, total;
    size_t written, count, gathered = 0;
    if (plato_frame_encoded_size(frame, &size) != PLATO_OK) {
        REQUIRE(plato_frame_encode_gather(frame, prefix, pieces, &count) == PLATO_ERR_ARGUMENT);
        return;
    }
    uint8_t *out = malloc((size_t)size);
    REQUIRE(out != NULL);
    REQUIRE(plato_frame_encode(frame, out, (size_t)size - 1, &written) ==
            PLATO_ERR_BUFFER_TOO_SMALL);
    REQUIRE(plato_frame_encode(frame, out, (size_t)size, &written) == PLATO_OK);
    REQUIRE(written == size);
    REQUIRE(plato_frame_encode_gather(frame, prefix, pieces, &count) == PLATO_OK);
    for (size_t i = 0; i < count; i++) {
        REQUIRE(memcmp(out + gathered, pieces[i].p, pieces[i].n) == 0);
        gathered += pieces[i].n;
    }
    REQUIRE(gathered == size);
    REQUIRE(plato_frame_length(frame->framing, out, written, NULL, &total) == PLATO_OK);
    REQUIRE(total == size);
    REQUIRE(plato_frame_parse(frame->framing, out, written, NULL, &back) == PLATO_OK);
    REQUIRE(back.msg_type == frame->msg_type);
    REQUIRE(same_span(back.var_head, frame->var_head) && same_span(back.body, frame->body));
    REQUIRE(plato_frame_check_crc(&back, (plato_crc_kind){PLATO_CRC_FRAME, PLATO_CRC_IEEE}));
    free(out);
}

static plato_head take_head(input *in)
{
    plato_head head = {.msg_type = take_byte(in) % 8};
    uint64_t numbers[6];
    for (size_t i = 0; i < 6; i++)
        numbers[i] = take_number(in, take_byte(in) % 9);
    if (head.msg_type == PLATO_ACK) {
        head.ack =
            (plato_head_ack){(uint32_t)numbers[0], (uint32_t)numbers[1], {NULL, 0}, numbers[2],
                             numbers[3],           numbers[4],           numbers[5]};
        head.ack.msg = take_span(in, take_byte(in) * 2u);
    } else {
        /* the other heads are up to three 64-bit numbers in a row */
        head.up = (plato_head_up){numbers[0], numbers[1], numbers[2], {NULL, 0}};
    }
    return head;
}

static void head_there_and_back(const plato_head *head)
{
    uint8_t out[700], again[700];
    plato_head back;
    size_t written, rewritten;
    const size_t size = plato_head_size(head);
    REQUIRE(size <= sizeof out);
    REQUIRE(plato_head_write(head, out, size, &written) == PLATO_OK);
    REQUIRE(written == size);
    REQUIRE(plato_head_read(head->msg_type, out, written, &back) == PLATO_OK);
    REQUIRE(back.unknown_fields == 0);
    REQUIRE((written > 0) == plato_head_is_proof(head->msg_type, out, written));
    REQUIRE(plato_head_write(&back, again, sizeof again, &rewritten) == PLATO_OK);
    REQUIRE(rewritten == written && memcmp(out, again, written) == 0);
    if (head->msg_type == PLATO_ACK) {
        REQUIRE(back.ack.code == head->ack.code && back.ack.type == head->ack.type);
        REQUIRE(back.ack.msg_id == head->ack.msg_id && back.ack.conn_id == head->ack.conn_id);
        REQUIRE(back.ack.msg.n <= head->ack.msg.n);
    }
    if (head->msg_type == PLATO_UP || head->msg_type == PLATO_SYNC)
        REQUIRE(memcmp(&back.sync, &head->sync, sizeof back.sync) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    const plato_head head = take_head(&in);
    plato_frame frame = {.version = take_byte(&in), .crc32 = 1, .msg_len = 2, .var_head_len = 3};
    frame.framing = (plato_framing)(take_byte(&in) % 4);
    frame.msg_type = (uint32_t)take_number(&in, take_byte(&in) % 5);
    if ((take_byte(&in) & 1) == 0)
        frame.var_head = take_span(&in, take_byte(&in));
    frame.body = take_span(&in, in.n);
    head_there_and_back(&head);
    frame_there_and_back(&frame);
    return 0;
}
