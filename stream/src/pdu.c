/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From contiguous bytes to PDUs. */
#include "stream/pdu.h"

#include <assert.h>

typedef struct scan {
    stream_pdu_reader *reader;
    const stream_pdu_bytes *bytes;
} scan;

bool stream_pdu_is_found(const plato_resync_result *result)
{
    return result->verdict == PLATO_RESYNC_FOUND || result->verdict == PLATO_RESYNC_LIKELY;
}

/* Without a whole frame that proves itself: one that seems to begin, and whose end is not here. */
static plato_resync_result search_msgcmd(const stream_pdu_reader *reader, const uint8_t *p,
                                         size_t n)
{
    plato_resync_result result = plato_msgcmd_resync(p, n, &reader->limits, &reader->budget);
    if (result.verdict != PLATO_RESYNC_NOT_YET)
        return result;
    for (size_t at = 0; at < n; at++) {
        uint64_t total = 0;
        const stream_pdu_look look =
            stream_pdu_look_at(PLATO_FRAMING_MSGCMD, &reader->limits, p + at, n - at);
        if (look == STREAM_PDU_NO_HEADER)
            continue;
        result.skipped = at;
        if (look == STREAM_PDU_MAYBE_HEADER)
            return result;
        if (plato_frame_length(PLATO_FRAMING_MSGCMD, p + at, n - at, &reader->limits, &total) !=
                PLATO_OK ||
            total <= n - at)
            continue; /* all of it is here, and it is none */
        result.verdict = PLATO_RESYNC_LIKELY;
        result.frame_len = total;
        return result;
    }
    result.skipped = n;
    return result;
}

plato_resync_result stream_pdu_search(stream_pdu_reader *reader, const uint8_t *p, size_t n)
{
    const stream_checksum_kinds kinds = stream_checksum_proving(reader->checksum);
    plato_resync_budget *budget = &reader->budget;
    plato_resync_result result;
    if (reader->framing == PLATO_FRAMING_MSGCMD)
        result = search_msgcmd(reader, p, n);
    else
        result =
            plato_resync_among(p, n, &reader->limits, kinds.coverages, kinds.polynomials, budget);
    const uint64_t looked_at = stream_pdu_is_found(&result) ? result.skipped + 1 : n;
    budget->max_bytes -= looked_at < budget->max_bytes ? looked_at : budget->max_bytes;
    budget->max_crc_bytes -= result.crc_bytes;
    return result;
}

/* Whether the bytes at `offset` look like a header, as far as they are here. */
static bool looks_like_header(const scan *s, uint64_t offset)
{
    const stream_pdu_bytes *b = s->bytes;
    return offset < b->captured &&
           stream_pdu_look_at(PLATO_FRAMING_HEADER, &s->reader->limits, b->p + offset,
                              b->captured - (size_t)offset) != STREAM_PDU_NO_HEADER;
}

/*
 * Whether a header can be believed although nothing led here: its frame is whole and proves itself,
 * whatever its version and type; or it looks like one, and its frame ends with the bytes or before
 * another header (then it is the frame that was damaged), or the bytes before it were cut off.
 */
static bool is_believable(const scan *s)
{
    const stream_pdu_bytes *b = s->bytes;
    plato_frame frame;
    if (b->after_cut && stream_pdu_look_at(s->reader->framing, &s->reader->limits, b->p,
                                           b->captured) == STREAM_PDU_IS_HEADER)
        return true;
    if (s->reader->framing == PLATO_FRAMING_MSGCMD)
        return plato_msgcmd_is_proof(b->p, b->captured, &s->reader->limits);
    if (plato_frame_parse(PLATO_FRAMING_HEADER, b->p, b->captured, &s->reader->limits, &frame) !=
        PLATO_OK)
        return false;
    if (stream_checksum_proves(s->reader->checksum, &frame))
        return true;
    const uint64_t end = plato_frame_total(&frame);
    return looks_like_header(s, 0) && (end == b->captured || looks_like_header(s, end));
}

static stream_pdu need_more(uint64_t length)
{
    return (stream_pdu){.kind = STREAM_PDU_NEED_MORE, .length = length};
}

static stream_pdu skipped(scan *s, uint64_t length, bool in_sync)
{
    s->reader->in_sync = in_sync;
    return (stream_pdu){.kind = STREAM_PDU_SKIPPED, .length = length, .consume = length};
}

/* All there is belongs to no frame, with what the snaplen cut off after it. */
static stream_pdu skip_all(scan *s, bool in_sync, bool frames_lost)
{
    stream_pdu pdu = skipped(s, s->bytes->captured, in_sync);
    pdu.consume = s->bytes->reported;
    pdu.frames_lost = frames_lost;
    return pdu;
}

static stream_pdu take_frame(scan *s);

/* Out of sync: bytes that belong to no frame, unless a frame is likely to begin here. */
static stream_pdu find_frame(scan *s)
{
    const stream_pdu_bytes *b = s->bytes;
    const plato_resync_result found = stream_pdu_search(s->reader, b->p, b->captured);
    if (stream_pdu_is_found(&found) && found.skipped == 0) {
        s->reader->in_sync = true;
        return take_frame(s);
    }
    if (stream_pdu_is_found(&found))
        return skipped(s, found.skipped, true);
    const uint64_t left = b->captured - found.skipped;
    if (found.verdict == PLATO_RESYNC_NOT_YET && b->more && b->captured == b->reported &&
        left > 0 && left <= STREAM_PDU_UNDECIDED) {
        if (found.skipped == 0)
            return need_more(b->captured + 1);
        return skipped(s, found.skipped, false);
    }
    return skip_all(s, false, false);
}

/*
 * How many bytes an impossible header has for its own: up to where the next frame proves itself, or
 * to what may still turn out to be one (but then the header is shown whole), or all there is.
 */
static uint64_t impossible_length(const scan *s, const plato_resync_result *found, uint64_t header)
{
    const uint64_t before = (uint64_t)found->skipped + 1;
    const uint64_t left = s->bytes->captured - before;
    if (stream_pdu_is_found(found))
        return before;
    if (found->verdict == PLATO_RESYNC_NOT_YET && s->bytes->more && left <= STREAM_PDU_UNDECIDED)
        return before > header ? before : header;
    return s->bytes->captured;
}

/* A header whose length cannot be. */
static stream_pdu take_impossible(scan *s, uint64_t total)
{
    const stream_pdu_bytes *b = s->bytes;
    const uint64_t header = stream_pdu_header_len(s->reader->framing);
    const plato_resync_result found = stream_pdu_search(s->reader, b->p + 1, b->captured - 1);
    const uint64_t length = impossible_length(s, &found, header);
    const bool in_sync = stream_pdu_is_found(&found);
    if (length < header)
        return skipped(s, length, in_sync);
    s->reader->in_sync = in_sync;
    stream_pdu pdu = {.kind = STREAM_PDU_FRAME,
                      .length = length,
                      .total = total,
                      .consume = length,
                      .impossible = true};
    if (length == b->captured)
        pdu.consume = b->reported;
    return pdu;
}

/*
 * A frame with a bad CRC: was its length damaged? Then no header follows it, and a frame that
 * proves itself lies inside. Returns how many bytes it has in truth.
 */
static uint64_t true_length(scan *s, uint64_t total)
{
    if (looks_like_header(s, total))
        return total;
    const plato_resync_result inside =
        stream_pdu_search(s->reader, s->bytes->p + 1, s->bytes->captured - 1);
    const uint64_t length = (uint64_t)inside.skipped + 1;
    if (inside.verdict != PLATO_RESYNC_FOUND || length >= total || length <= PLATO_HEADER_LEN)
        return total;
    return length;
}

/* A frame all of whose bytes are here. */
static stream_pdu take_whole(scan *s, uint64_t total)
{
    stream_pdu_reader *r = s->reader;
    stream_pdu pdu = {.kind = STREAM_PDU_FRAME, .length = total, .total = total, .consume = total};
    plato_frame frame;
    r->in_sync = true;
    if (r->framing == PLATO_FRAMING_MSGCMD ||
        plato_frame_parse(r->framing, s->bytes->p, (size_t)total, &r->limits, &frame) != PLATO_OK)
        return pdu;
    pdu.checksum = stream_checksum_verify(r->checksum, &frame);
    if (pdu.checksum.status != STREAM_CHECKSUM_BAD)
        return pdu;
    pdu.length = pdu.consume = true_length(s, total);
    if (pdu.length < total)
        pdu.kind = STREAM_PDU_SHORTENED;
    /* a bad CRC may mean a length that is too short */
    r->in_sync = looks_like_header(s, pdu.length);
    return pdu;
}

/*
 * A frame whose end is not here and cannot be waited for. Its length says where the next one
 * begins, unless that is among bytes that the snaplen cut off.
 */
static stream_pdu take_cut(scan *s, uint64_t total)
{
    const stream_pdu_bytes *b = s->bytes;
    stream_pdu pdu = {.kind = STREAM_PDU_CUT, .length = b->captured, .total = total};
    pdu.consume = total > b->reported ? total : b->reported;
    pdu.frames_lost = total < b->reported;
    s->reader->in_sync = !pdu.frames_lost;
    return pdu;
}

/* In sync: the frame that begins here. */
static stream_pdu take_frame(scan *s)
{
    const stream_pdu_bytes *b = s->bytes;
    const uint64_t header = stream_pdu_header_len(s->reader->framing);
    uint64_t total;
    const bool cut = b->captured < b->reported;
    if (b->captured < header)
        return b->more && !cut ? need_more(header) : skip_all(s, false, cut);
    const plato_err err =
        plato_frame_length(s->reader->framing, b->p, b->captured, &s->reader->limits, &total);
    if (err != PLATO_OK || total > STREAM_PDU_LONGEST)
        return take_impossible(s, total);
    if (total <= b->captured)
        return take_whole(s, total);
    if (total > b->reported && b->more && !cut)
        return need_more(total);
    return take_cut(s, total);
}

stream_pdu stream_pdu_next(stream_pdu_reader *reader, const stream_pdu_bytes *bytes)
{
    scan s = {reader, bytes};
    assert(bytes->reported > 0 && bytes->captured <= bytes->reported);
    if (reader->in_sync)
        return take_frame(&s);
    if (bytes->captured == 0)
        return skip_all(&s, false, false);
    if (is_believable(&s)) {
        reader->in_sync = true;
        return take_frame(&s);
    }
    return find_frame(&s);
}
