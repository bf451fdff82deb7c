/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames after a hole that may still be filled: those that prove themselves, and no others. */
#include "reader_internal.h"

#include <stddef.h>

#include <plato/head.h>

#define CHAIN 3 /* frames without CRC, one after the other, that prove themselves */

/* A chain begins with a segment; those that began longer ago are not tried again. Bytes. */
#define CHAIN_REACH 65536u
#define CHAIN_TRIES 16 /* places within a run, for each segment */

/* Index of the search of the run at `offset`, or where it belongs. */
static size_t search_index(const stream_array *searches, uint64_t offset)
{
    return stream_array_find(searches, sizeof(stream_search), offsetof(stream_search, offset),
                             offset);
}

static stream_search *search_of(stream_reader *reader, unsigned direction, uint64_t offset)
{
    stream_array *searches = &reader->flows[direction].searches;
    const size_t index = search_index(searches, offset);
    stream_search *items = searches->items;
    if (index < searches->count && items[index].offset == offset)
        return &items[index];
    stream_search *search = stream_array_insert(reader, searches, index, sizeof *search);
    if (search != NULL)
        *search = (stream_search){.offset = offset, .from = offset};
    return search;
}

void stream_search_forget(stream_reader *reader, unsigned direction, uint64_t offset)
{
    stream_array *searches = &reader->flows[direction].searches;
    const size_t index = search_index(searches, offset);
    const stream_search *items = searches->items;
    if (index < searches->count && items[index].offset == offset)
        stream_array_remove(searches, index, sizeof *items);
}

void stream_searches_clear(stream_reader *reader, unsigned direction)
{
    stream_array_free(reader, &reader->flows[direction].searches);
}

/* Whether a segment ends at `offset`. */
static bool segment_ends_at(const stream_reader *reader, unsigned direction, uint64_t offset)
{
    stream_piece piece;
    return stream_piece_at(reader->conn, direction, offset - 1, &piece) &&
           piece.offset + piece.len == offset;
}

/* Whether the connection's frames carry nothing that proves one by itself. */
static bool without_proof(const stream_reader *reader, plato_framing framing)
{
    const stream_checksum *checksum = &reader->checksum;
    const plato_crc_coverage coverage =
        checksum->fixed ? checksum->kind.coverage : (plato_crc_coverage)checksum->coverage;
    return framing == PLATO_FRAMING_MSGCMD ||
           ((checksum->fixed || checksum->coverage != STREAM_CHECKSUM_AUTO) &&
            coverage == PLATO_CRC_NONE);
}

/* Length of a frame at p[0] that parses with nothing unknown; 0: there is none. */
static uint64_t parsed_frame(const stream_reader *reader, plato_framing framing, const uint8_t *p,
                             size_t n)
{
    plato_frame frame;
    if (plato_frame_parse(framing, p, n, &reader->config->limits, &frame) != PLATO_OK)
        return 0;
    if (framing == PLATO_FRAMING_MSGCMD
            ? !plato_msgcmd_is_proof(p, n, &reader->config->limits)
            : frame.version != PLATO_VERSION_ON_WIRE || frame.crc32 != 0 ||
                  !plato_head_is_proof(frame.msg_type, frame.var_head.p, frame.var_head.n))
        return 0;
    return plato_frame_total(&frame);
}

/* Whether a chain of frames begins at `offset` that is long enough, or ends with a segment. */
static bool is_chain(const stream_reader *reader, unsigned direction, plato_framing framing,
                     const stream_run *run, const uint8_t *p, uint64_t offset)
{
    uint64_t at = offset - run->offset;
    for (unsigned i = 0; i < CHAIN; i++) {
        const uint64_t len = parsed_frame(reader, framing, p + at, (size_t)(run->len - at));
        if (len == 0)
            return false;
        at += len;
        if (segment_ends_at(reader, direction, run->offset + at))
            return true;
    }
    return true;
}

/* By a chain of frames of the length-prefixed framing that begins anywhere. */
static bool find_msgcmd_chain(stream_reader *reader, unsigned direction, const stream_run *run,
                              const uint8_t *p, uint64_t from, uint64_t *found)
{
    plato_resync_budget *budget = &reader->flows[direction].pdu.budget;
    for (unsigned i = 0; i < CHAIN_TRIES && from < run->offset + run->len; i++) {
        const size_t at = (size_t)(from - run->offset);
        const size_t n = (size_t)run->len - at;
        const plato_resync_result result =
            plato_msgcmd_resync(p + at, n, &reader->config->limits, budget);
        budget->max_bytes -=
            result.skipped < budget->max_bytes ? result.skipped : budget->max_bytes;
        budget->max_crc_bytes -= result.crc_bytes;
        if (result.verdict != PLATO_RESYNC_FOUND)
            return false;
        *found = from + result.skipped;
        if (is_chain(reader, direction, PLATO_FRAMING_MSGCMD, run, p, *found))
            return true;
        from = *found + 1;
    }
    return false;
}

/* By a chain of frames that begins with the run, or with one of its segments. */
static bool find_chain(stream_reader *reader, unsigned direction, plato_framing framing,
                       const stream_run *run, const uint8_t *p, stream_search *search,
                       uint64_t *found)
{
    stream_piece piece;
    if (run->len > CHAIN_REACH && search->from < run->offset + run->len - CHAIN_REACH)
        search->from = run->offset + run->len - CHAIN_REACH;
    uint64_t from = search->from;
    while (from < run->offset + run->len &&
           stream_piece_at(reader->conn, direction, from, &piece) &&
           piece.offset < run->offset + run->len) {
        const uint64_t at = piece.offset > run->offset ? piece.offset : run->offset;
        if (at >= from && is_chain(reader, direction, framing, run, p, at)) {
            *found = at;
            return true;
        }
        from = piece.offset + piece.len;
    }
    return framing == PLATO_FRAMING_MSGCMD &&
           find_msgcmd_chain(reader, direction, run, p, search->from, found);
}

/* While the connection's CRC is not known: a chain of frames that say that they have none. */
static bool find_zeros(stream_reader *reader, unsigned direction, const stream_run *run,
                       const uint8_t *p, uint64_t *found)
{
    stream_piece last;
    stream_search at_hand = {.from = run->offset};
    if (reader->checksum.fixed || reader->checksum.coverage != STREAM_CHECKSUM_AUTO)
        return false;
    if (stream_piece_at(reader->conn, direction, run->offset + run->len - 1, &last) &&
        last.offset > run->offset)
        at_hand.from = last.offset;
    return find_chain(reader, direction, PLATO_FRAMING_HEADER, run, p, &at_hand, found);
}

/*
 * A whole frame with the right CRC, whatever its version and type, where a segment begins: the
 * run's first, or the one at hand.
 */
static bool find_at_segment(const stream_reader *reader, unsigned direction, const stream_run *run,
                            const uint8_t *p, const stream_search *search, uint64_t *found)
{
    stream_piece last;
    const uint64_t starts[] = {
        run->offset,
        stream_piece_at(reader->conn, direction, run->offset + run->len - 1, &last) ? last.offset
                                                                                    : run->offset,
    };
    for (unsigned i = 0; i < 2; i++) {
        plato_frame frame;
        const uint64_t at = starts[i] > run->offset ? starts[i] - run->offset : 0;
        *found = run->offset + at;
        if ((i == 0 || *found >= search->from) &&
            plato_frame_parse(PLATO_FRAMING_HEADER, p + at, (size_t)(run->len - at),
                              &reader->config->limits, &frame) == PLATO_OK &&
            stream_checksum_proves(&reader->checksum, &frame))
            return true;
    }
    return false;
}

/* The likely frame of an earlier search: if all of it came, does its CRC prove it? */
static bool candidate_proves(const stream_reader *reader, const stream_run *run, const uint8_t *p,
                             const stream_search *search)
{
    const uint64_t at = search->candidate - run->offset;
    plato_frame frame;
    return plato_frame_parse(PLATO_FRAMING_HEADER, p + at, (size_t)(run->len - at),
                             &reader->config->limits, &frame) == PLATO_OK &&
           stream_checksum_proves(&reader->checksum, &frame);
}

/* By CRC; or, where the snaplen cut off the end, by as much of the frame as there is. */
static bool find_proof(stream_reader *reader, unsigned direction, const stream_run *run,
                       const uint8_t *p, stream_search *search, uint64_t *found)
{
    stream_pdu_reader *pdu = &reader->flows[direction].pdu;
    const uint64_t end = run->offset + run->len;
    if (search->candidate_len > 0 && search->candidate + search->candidate_len <= end) {
        *found = search->candidate;
        if (candidate_proves(reader, run, p, search))
            return true;
        search->from = search->candidate + 1;
        search->candidate_len = 0;
    }
    if (find_at_segment(reader, direction, run, p, search, found))
        return true;
    const uint64_t at = search->from - run->offset;
    const plato_resync_result result = stream_pdu_search(pdu, p + at, (size_t)(run->len - at));
    *found = search->from + result.skipped;
    if (result.verdict == PLATO_RESYNC_FOUND ||
        (result.verdict == PLATO_RESYNC_LIKELY && run->after == STREAM_EDGE_CUT))
        return true;
    search->from = *found;
    if (result.verdict == PLATO_RESYNC_LIKELY && search->candidate_len == 0) {
        search->candidate = *found;
        search->candidate_len = result.frame_len;
    }
    /* its end is waited for; what comes after it is searched, each byte once */
    if (search->candidate_len > 0)
        search->from = end > search->candidate + PLATO_HEADER_LEN ? end - PLATO_HEADER_LEN + 1
                                                                  : search->candidate + 1;
    return false;
}

bool stream_search_run(stream_reader *reader, unsigned direction, const stream_run *run,
                       uint64_t *found)
{
    stream_flow *flow = &reader->flows[direction];
    stream_search *search = search_of(reader, direction, run->offset);
    if (search == NULL || search->from >= run->offset + run->len)
        return false;
    const uint8_t *p = stream_bytes(reader->conn, direction, run->offset, (size_t)run->len);
    if (p == NULL)
        return false;
    const plato_framing framing = stream_find_framing(reader, p, (size_t)run->len, false);
    bool is_found;
    flow->pdu.framing = framing;
    if (without_proof(reader, framing))
        is_found = find_chain(reader, direction, framing, run, p, search, found);
    else
        is_found = find_proof(reader, direction, run, p, search, found) ||
                   find_zeros(reader, direction, run, p, found);
    if (is_found)
        stream_search_forget(reader, direction, run->offset);
    return is_found;
}
