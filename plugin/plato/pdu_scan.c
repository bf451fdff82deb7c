/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From bytes to frames, one after the other, whatever the bytes are.
 *
 * In sync, the lengths of each header say where the next one is; only an impossible length, or a
 * bad CRC with a provable frame inside, is not believed. Out of sync (the capture starts inside a
 * frame, bytes are missing, a length was damaged) a frame is taken for one on proof only, and what
 * lies in front of it is shown as `plato.continuation`. The work of searching is bounded for each
 * call.
 */
#include "plato/pdu_scan.h"

#include "plato/pdu/analysis_feed.h"
#include "plato/pdu/checksum.h"
#include "plato/pdu/framing.h"
#include "plato/pdu/pdu_fragment.h"
#include "plato/pdu/pdu_info.h"
#include "plato/pdu/prefs.h"
#include "plato/tree/tree_frame.h"
#include "taps/tap.h"

#include <string.h>

/* Behind a search that ended on something undecided, no more than this is asked for again: every
 * segment that comes would have it searched anew. Bytes. */
#define LONGEST_UNDECIDED 1024

typedef struct walk {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    plato_conversation *conversation;
    const walk_start *start;
    bool may_ask;
    bool reassembled;
    int offset;   /* of the next byte not yet used */
    int reported; /* bytes of the tvb, with those that the snaplen cut off */
    int captured; /* bytes of it that are here */
    plato_framing framing;
    bool in_sync;
    bool gap;                   /* the next frame is the first behind missing bytes */
    bool goes_on;               /* what comes next may be what an earlier packet left under way */
    bool resplit;               /* a frame was cut short because its length was damaged */
    wmem_array_t *pieces;       /* those since it was looked around, if they are to be kept */
    plato_resync_budget budget; /* what is left of it for this call */
    walk_end end;
} walk;

static int captured_left(const walk *w)
{
    return w->captured > w->offset ? w->captured - w->offset : 0;
}

static int reported_left(const walk *w)
{
    return w->reported - w->offset;
}

static const uint8_t *bytes_at(const walk *w, int offset)
{
    return tvb_get_ptr(w->tvb, offset, w->captured - offset);
}

/* From here on it is looked at what stands around: later passes have to be told what came of it. */
static void look_around(walk *w)
{
    if (w->pieces == NULL && w->start->remember)
        w->pieces = wmem_array_new(w->pinfo->pool, sizeof(piece));
}

/* The bytes of a piece; those of a frame that was examined whole are there already. */
static tvbuff_t *bytes_of(const walk *w, const piece *made, const frame_facts *examined)
{
    if (examined != NULL && made->kind == PIECE_FRAME)
        return examined->tvb;
    if (made->kind == PIECE_CUT)
        return tvb_new_subset_length_caplen(w->tvb, made->offset, made->length, (int)made->total);
    return tvb_new_subset_length(w->tvb, made->offset, made->length);
}

/* Shows a piece and uses it up. A frame was examined before, if `facts` is not NULL. */
static void show(walk *w, const piece *made, frame_facts *examined)
{
    frame_facts facts;
    tvbuff_t *tvb = bytes_of(w, made, examined);
    if (w->pieces != NULL)
        wmem_array_append_one(w->pieces, *made);
    w->offset = made->offset + made->length;
    const bool goes_on = w->goes_on;
    w->goes_on = false;
    if (made->kind == PIECE_SKIPPED) {
        plato_show_continuation(tvb, w->pinfo, w->tree);
        plato_tap_bytes_skipped(w->pinfo, tvb_reported_length(tvb), w->gap || w->start->gap);
        return;
    }
    if (examined == NULL) {
        plato_examine_frame(tvb, w->pinfo, w->conversation, w->framing, &facts);
        examined = &facts;
    }
    if (made->kind == PIECE_SHORTENED) {
        plato_shorten_frame(examined, made->length);
        examined->crc = made->crc;
    }
    examined->capture_gap = made->gap;
    if (goes_on)
        examined->begin = plato_begun_take(w->pinfo, w->conversation, examined->position);
    const frame_judgement judgement = plato_judge_frame(w->pinfo, w->conversation, examined);
    plato_show_frame(examined, &judgement, tvb, w->pinfo, w->tree);
    plato_tap_frame(w->pinfo, examined, &judgement);
}

/* Shows a frame that begins at `offset`, as the first behind missing bytes if it is. */
static void take(walk *w, piece_kind kind, int length, uint64_t total, frame_facts *examined)
{
    piece made = {
        .kind = kind, .offset = w->offset, .length = length, .total = total, .gap = w->gap};
    if (kind == PIECE_SHORTENED)
        made.crc = examined->crc;
    w->gap = false;
    show(w, &made, examined);
}

/* Shows `length` bytes that belong to no frame. */
static void skip(walk *w, int length)
{
    const piece made = {.kind = PIECE_SKIPPED, .offset = w->offset, .length = length};
    if (length > 0)
        show(w, &made, NULL);
}

/*
 * Ends the walk here: the bytes from `offset` on are wanted again, with `wanted` more behind them.
 * Of a reassembled tvb only the last segment can be had again; what lies in front was shown, and
 * TCP would have it shown twice. False if they cannot be asked for.
 */
static bool ask(walk *w, uint32_t wanted)
{
    if (!w->may_ask || w->captured < w->reported)
        return false;
    if (w->reassembled && w->offset > 0 && (w->resplit || (uint32_t)w->offset <= w->start->carried))
        return false;
    w->end.used = (uint64_t)w->offset;
    w->end.in_sync = w->in_sync;
    w->end.wanted = wanted;
    return true;
}

/* Everything is used up; what comes next begins with a frame, or nobody knows. */
static void finish(walk *w, bool in_sync)
{
    w->offset = w->reported;
    w->end.used = (uint64_t)w->reported;
    w->end.in_sync = in_sync;
    w->end.wanted = 0;
}

static bool is_found(const plato_resync_result *result)
{
    return result->verdict == PLATO_RESYNC_FOUND || result->verdict == PLATO_RESYNC_LIKELY;
}

/* Searches for the next frame that proves itself, within what is left of the budget. */
static plato_resync_result search(walk *w, int offset)
{
    const plato_limits limits = plato_pref_limits();
    const crc_candidates kinds = plato_crc_candidates(w->pinfo, w->conversation);
    const size_t n = (size_t)(w->captured - offset);
    plato_resync_result result;
    if (w->framing == PLATO_FRAMING_MSGCMD)
        result = plato_msgcmd_resync(bytes_at(w, offset), n, &limits, &w->budget);
    else
        result = plato_resync_among(bytes_at(w, offset), n, &limits, kinds.coverages,
                                    kinds.polynomials, &w->budget);
    const uint64_t looked_at = is_found(&result) ? result.skipped + 1 : n;
    w->budget.max_bytes -= looked_at < w->budget.max_bytes ? looked_at : w->budget.max_bytes;
    w->budget.max_crc_bytes -= result.crc_bytes;
    return result;
}

/*
 * Whether the bytes at `offset` look like a header: a known version and type, and lengths that can
 * be; as far as they are here. Chance gives fourteen such bytes less than once in 2^30.
 */
static bool looks_like_header(const walk *w, int offset)
{
    const plato_limits limits = plato_pref_limits();
    const int n = w->captured - offset;
    plato_frame frame;
    if (n < 2)
        return n == 1 && *bytes_at(w, offset) == PLATO_VERSION_ON_WIRE;
    const uint8_t *p = bytes_at(w, offset);
    const plato_err err =
        plato_frame_parse_header(PLATO_FRAMING_HEADER, p, (size_t)n, &limits, &frame);
    return p[0] == PLATO_VERSION_ON_WIRE && plato_msg_type_name(p[1]) != NULL &&
           (err == PLATO_OK || err == PLATO_NEED_MORE);
}

/*
 * Whether the header at `offset` can be believed although nothing led here: its frame is whole and
 * proves itself, whatever its version and type; or it looks like one, and its frame ends with the
 * bytes or in front of another header (then it is the frame that was damaged).
 */
static bool believable(walk *w)
{
    const plato_limits limits = plato_pref_limits();
    const uint8_t *p = bytes_at(w, w->offset);
    const size_t n = (size_t)captured_left(w);
    plato_frame frame;
    if (w->framing == PLATO_FRAMING_MSGCMD)
        return plato_msgcmd_is_proof(p, n, &limits);
    if (plato_frame_parse(PLATO_FRAMING_HEADER, p, n, &limits, &frame) != PLATO_OK)
        return false;
    if (plato_crc_proves(w->pinfo, w->conversation, &frame))
        return true;
    const int end = w->offset + (int)plato_frame_total(&frame);
    return looks_like_header(w, w->offset) && (end == w->captured || looks_like_header(w, end));
}

/* Gets in sync: true if a frame begins at `offset` now. */
static bool find_frame(walk *w)
{
    if (w->captured - w->offset <= 0) {
        finish(w, false);
        return false;
    }
    look_around(w);
    w->in_sync = believable(w);
    if (w->in_sync)
        return true;
    const plato_resync_result found = search(w, w->offset);
    if (is_found(&found)) {
        skip(w, (int)found.skipped);
        w->in_sync = true;
        return true;
    }
    const int left = captured_left(w) - (int)found.skipped;
    if (found.verdict == PLATO_RESYNC_NOT_YET && left > 0 && left <= LONGEST_UNDECIDED) {
        skip(w, (int)found.skipped);
        if (ask(w, DESEGMENT_ONE_MORE_SEGMENT))
            return false;
    }
    skip(w, captured_left(w));
    finish(w, false);
    return false;
}

/*
 * How many bytes an impossible header has for its own: up to where the next frame proves itself, or
 * to what may still turn out to be one (but then the header is shown whole), or all there is.
 */
static int impossible_length(const walk *w, const plato_resync_result *found, int header)
{
    const int left = captured_left(w);
    const int behind = (int)found->skipped + 1;
    if (is_found(found))
        return behind;
    if (found->verdict == PLATO_RESYNC_NOT_YET && w->may_ask && left - behind <= LONGEST_UNDECIDED)
        return behind > header ? behind : header;
    return left;
}

/* A header whose length cannot be. */
static void take_impossible(walk *w)
{
    const int header = (int)plato_header_len(w->framing);
    look_around(w);
    const plato_resync_result found = search(w, w->offset + 1);
    const int length = impossible_length(w, &found, header);
    w->in_sync = is_found(&found);
    if (length < header)
        skip(w, length);
    else
        take(w, PIECE_FRAME, length, 0, NULL);
}

/*
 * A frame with a bad CRC: was its length damaged? Then no header follows it, and a frame that
 * proves itself lies inside. Returns how many bytes it has in truth.
 */
static int true_length(walk *w, const frame_facts *facts)
{
    const int total = (int)facts->total;
    if (facts->crc.status != PROTO_CHECKSUM_E_BAD)
        return total;
    look_around(w);
    if (looks_like_header(w, w->offset + total))
        return total;
    const plato_resync_result inside = search(w, w->offset + 1);
    const int length = (int)inside.skipped + 1;
    if (inside.verdict != PLATO_RESYNC_FOUND || length >= total || length <= PLATO_HEADER_LEN)
        return total;
    w->resplit = true;
    return length;
}

static void take_whole(walk *w, uint64_t total)
{
    frame_facts facts;
    tvbuff_t *tvb = tvb_new_subset_length(w->tvb, w->offset, (int)total);
    plato_examine_frame(tvb, w->pinfo, w->conversation, w->framing, &facts);
    const int length = true_length(w, &facts);
    const bool bad = facts.crc.status == PROTO_CHECKSUM_E_BAD;
    take(w, length < (int)total ? PIECE_SHORTENED : PIECE_FRAME, length, total, &facts);
    /* a bad CRC may mean a length that is too short */
    w->in_sync = !bad || looks_like_header(w, w->offset);
}

/*
 * A frame whose end is not here and cannot be asked for. The next segment is read by its length; if
 * it ends among bytes that the snaplen cut off, we take the next segment to begin with a frame.
 */
static void take_cut(walk *w, uint64_t total)
{
    const uint64_t used = (uint64_t)w->offset + total;
    take(w, PIECE_CUT, captured_left(w), total, NULL);
    finish(w, true);
    if (used > (uint64_t)w->reported)
        w->end.used = used;
    else
        w->end.lost = used < (uint64_t)w->reported;
}

/* In sync: the frame at `offset`. False ends the walk. */
static bool take_frame(walk *w)
{
    const plato_limits limits = plato_pref_limits();
    const int header = (int)plato_header_len(w->framing);
    uint64_t total;
    if (reported_left(w) < header && ask(w, DESEGMENT_ONE_MORE_SEGMENT))
        return false;
    if (captured_left(w) < header) {
        const bool cut = reported_left(w) >= header;
        skip(w, captured_left(w));
        finish(w, cut);
        w->end.lost = cut;
        return false;
    }
    if (plato_frame_length(w->framing, bytes_at(w, w->offset), (size_t)captured_left(w), &limits,
                           &total) != PLATO_OK ||
        total > PLATO_LONGEST_FRAME) {
        take_impossible(w);
        return true;
    }
    if (total <= (uint64_t)captured_left(w)) {
        take_whole(w, total);
        return true;
    }
    if (total > (uint64_t)reported_left(w) &&
        ask(w, (uint32_t)(total - (uint64_t)reported_left(w))))
        return false;
    if (w->resplit && total > (uint64_t)reported_left(w)) {
        skip(w, captured_left(w));
        finish(w, false);
        return false;
    }
    take_cut(w, total);
    return false;
}

/* Bytes in front that an earlier call had shown, or that end a frame which was cut. */
static void skip_front(walk *w)
{
    const int length = (int)w->start->skip < w->captured ? (int)w->start->skip : w->captured;
    if (w->start->skip_is_cut)
        skip(w, length);
    else
        w->offset += length;
}

/* Does as the first pass did: frames by their lengths up to where that looked around, then these.
 */
static void replay(walk *w)
{
    const walk_start *start = w->start;
    const int from = start->piece_count > 0 ? start->pieces[0].offset : w->captured;
    while (w->in_sync && w->offset < from && take_frame(w))
        ;
    for (unsigned i = 0; i < start->piece_count; i++) {
        const piece *made = &start->pieces[i];
        if (made->offset + made->length > w->captured)
            break;
        show(w, made, NULL);
    }
}

static void walk_on(walk *w)
{
    while (w->offset < w->reported) {
        if (!w->in_sync && !find_frame(w))
            return;
        if (!take_frame(w))
            return;
    }
    w->end.used = (uint64_t)w->offset;
    w->end.in_sync = w->in_sync;
}

/* What later passes have to be told. */
static void keep_pieces(walk *w)
{
    if (w->pieces == NULL)
        return;
    const unsigned count = wmem_array_get_count(w->pieces);
    piece *kept = wmem_alloc_array(wmem_file_scope(), piece, count + 1);
    if (count > 0)
        memcpy(kept, wmem_array_get_raw(w->pieces), count * sizeof *kept);
    w->end.pieces = kept;
    w->end.piece_count = count;
}

walk_end plato_walk(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                    plato_conversation *conversation, const walk_start *start, bool may_ask,
                    bool reassembled)
{
    const plato_resync_budget budget = PLATO_RESYNC_BUDGET_DEFAULT;
    walk w = {
        .tvb = tvb,
        .pinfo = pinfo,
        .tree = tree,
        .conversation = conversation,
        .start = start,
        .may_ask = may_ask,
        .reassembled = reassembled,
        .reported = (int)tvb_reported_length(tvb),
        .captured = (int)tvb_captured_length(tvb),
        .in_sync = start->in_sync,
        .gap = start->gap,
        .goes_on = start->in_sync && !start->loss,
        .budget = budget,
    };
    w.end.used = (uint64_t)w.reported;
    w.end.in_sync = start->in_sync;
    if (start->repeated)
        return w.end;
    if (start->loss && !PINFO_FD_VISITED(pinfo))
        plato_judge_loss(pinfo, conversation);
    skip_front(&w);
    w.framing = start->framing;
    if (w.framing == 0 && w.captured > w.offset)
        w.framing = plato_find_framing(pinfo, conversation, bytes_at(&w, w.offset),
                                       (size_t)captured_left(&w), w.in_sync);
    w.end.framing = w.framing;
    if (start->pieces != NULL) {
        replay(&w);
        return w.end;
    }
    walk_on(&w);
    if (!PINFO_FD_VISITED(pinfo) && !start->late)
        plato_begun_leave(pinfo, conversation, w.framing, w.end.wanted != 0 && w.end.in_sync,
                          w.goes_on);
    w.end.gap = w.gap;
    keep_pieces(&w);
    return w.end;
}
