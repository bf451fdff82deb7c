/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From bytes to frames, one after the other, whatever the bytes are.
 *
 * In sync, the lengths of each header say where the next one is; only an impossible length, or a
 * bad CRC with a provable frame inside, is not believed. Out of sync (the capture starts inside a
 * frame, segments are missing, a length was damaged) a frame is taken for one on proof only, and
 * the bytes before it are shown as `plato.continuation`. The work of searching is bounded for each
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

/* After a search that ended on something undecided, at most this many bytes are requested again:
 * each segment that comes would search them again. */
#define LONGEST_UNDECIDED 1024

typedef struct pdu_scan {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    plato_conversation *conversation;
    const scan_start *start;
    bool can_desegment;
    bool reassembled;
    int offset;   /* of the first byte not yet consumed */
    int reported; /* bytes of the tvb, with those that the snaplen cut off */
    int captured; /* bytes of it that are here */
    plato_framing framing;
    bool in_sync;
    bool after_unseen;          /* the next frame is the first after unseen segments */
    bool continues_pdu;         /* the next frame may have begun in an earlier packet */
    bool resplit;               /* a frame was cut short because its length was damaged */
    wmem_array_t *spans;        /* since record_spans(); NULL: they need not be kept */
    plato_resync_budget budget; /* what is left of it for this call */
    scan_end end;
} pdu_scan;

static int captured_left(const pdu_scan *scan)
{
    return scan->captured > scan->offset ? scan->captured - scan->offset : 0;
}

static int reported_left(const pdu_scan *scan)
{
    return scan->reported - scan->offset;
}

static const uint8_t *bytes_at(const pdu_scan *scan, int offset)
{
    return tvb_get_ptr(scan->tvb, offset, scan->captured - offset);
}

/*
 * From here on bytes around a frame decide, of which TCP hands over fewer on later passes: those
 * need what was decided here.
 */
static void record_spans(pdu_scan *scan)
{
    if (scan->spans == NULL && scan->start->remember)
        scan->spans = wmem_array_new(scan->pinfo->pool, sizeof(scan_span));
}

/* The bytes of a span; those of a frame that was examined whole are there already. */
static tvbuff_t *bytes_of(const pdu_scan *scan, const scan_span *span, const pdu_info *examined)
{
    if (examined != NULL && span->kind == SPAN_PDU)
        return examined->tvb;
    if (span->kind == SPAN_TRUNCATED)
        return tvb_new_subset_length_caplen(scan->tvb, span->offset, span->length,
                                            (int)span->total);
    return tvb_new_subset_length(scan->tvb, span->offset, span->length);
}

/* Notes a span for later passes, and goes on after it. Returns its bytes. */
static tvbuff_t *consume_span(pdu_scan *scan, const scan_span *span, const pdu_info *examined)
{
    tvbuff_t *tvb = bytes_of(scan, span, examined);
    if (scan->spans != NULL)
        wmem_array_append_one(scan->spans, *span);
    scan->offset = span->offset + span->length;
    return tvb;
}

/* Bytes that belong to no frame. */
static void process_skipped(pdu_scan *scan, const scan_span *span)
{
    tvbuff_t *tvb = consume_span(scan, span, NULL);
    scan->continues_pdu = false;
    plato_dissect_continuation(tvb, scan->pinfo, scan->tree);
    plato_tap_bytes_skipped(scan->pinfo, tvb_reported_length(tvb),
                            scan->after_unseen || scan->start->after_unseen);
}

/* Adds what the scan knows of a frame and its bytes do not say. */
static void complete_pdu_info(const pdu_scan *scan, const scan_span *span, bool continues_pdu,
                              pdu_info *facts)
{
    if (span->kind == SPAN_SHORTENED) {
        plato_shorten_pdu(facts, span->length);
        facts->crc = span->crc;
    }
    facts->capture_gap = span->after_unseen;
    if (continues_pdu)
        facts->begin = plato_take_fragment(scan->pinfo, scan->conversation, facts->position);
}

/* Facts, analysis, tree and columns, taps. `examined`: its facts, if they are known already. */
static void process_pdu(pdu_scan *scan, const scan_span *span, pdu_info *examined)
{
    pdu_info facts;
    tvbuff_t *tvb = consume_span(scan, span, examined);
    const bool continues_pdu = scan->continues_pdu;
    scan->continues_pdu = false;
    if (examined == NULL) {
        plato_examine_pdu(tvb, scan->pinfo, scan->conversation, scan->framing, &facts);
        examined = &facts;
    }
    complete_pdu_info(scan, span, continues_pdu, examined);
    const pdu_analysis analysis = plato_analyze_pdu(scan->pinfo, scan->conversation, examined);
    plato_dissect_pdu(examined, &analysis, tvb, scan->pinfo, scan->tree);
    plato_tap_frame(scan->pinfo, examined, &analysis);
}

/* Dissects the frame at `offset`, as the first one after unseen segments if it is. */
static void dissect_pdu(pdu_scan *scan, span_kind kind, int length, uint64_t total,
                        pdu_info *examined)
{
    scan_span span = {.kind = kind,
                      .offset = scan->offset,
                      .length = length,
                      .total = total,
                      .after_unseen = scan->after_unseen};
    if (kind == SPAN_SHORTENED)
        span.crc = examined->crc;
    scan->after_unseen = false;
    process_pdu(scan, &span, examined);
}

/* Dissects `length` bytes that belong to no frame. */
static void dissect_skipped(pdu_scan *scan, int length)
{
    const scan_span span = {.kind = SPAN_SKIPPED, .offset = scan->offset, .length = length};
    if (length > 0)
        process_skipped(scan, &span);
}

/*
 * Ends the scan here: TCP is to hand over the bytes from `offset` on again, followed by
 * `desegment_len` more. Of a reassembled tvb only the last segment can be had again; what comes
 * before it was shown, and would be shown twice. False if more cannot be requested.
 */
static bool request_more(pdu_scan *scan, uint32_t desegment_len)
{
    if (!scan->can_desegment || scan->captured < scan->reported)
        return false;
    if (scan->reassembled && scan->offset > 0 &&
        (scan->resplit || (uint32_t)scan->offset <= scan->start->bytes_pending))
        return false;
    scan->end.consumed = (uint64_t)scan->offset;
    scan->end.in_sync = scan->in_sync;
    scan->end.desegment_len = desegment_len;
    return true;
}

/* Everything is consumed; `in_sync`: the next bytes begin with a frame. */
static void end_scan(pdu_scan *scan, bool in_sync)
{
    scan->offset = scan->reported;
    scan->end.consumed = (uint64_t)scan->reported;
    scan->end.in_sync = in_sync;
    scan->end.desegment_len = 0;
}

static bool is_found(const plato_resync_result *result)
{
    return result->verdict == PLATO_RESYNC_FOUND || result->verdict == PLATO_RESYNC_LIKELY;
}

/* Searches for the next frame that proves itself, within what is left of the budget. */
static plato_resync_result resync(pdu_scan *scan, int offset)
{
    const plato_limits limits = plato_pref_limits();
    const crc_candidates kinds = plato_crc_candidates(scan->pinfo, scan->conversation);
    const size_t n = (size_t)(scan->captured - offset);
    plato_resync_result result;
    if (scan->framing == PLATO_FRAMING_MSGCMD)
        result = plato_msgcmd_resync(bytes_at(scan, offset), n, &limits, &scan->budget);
    else
        result = plato_resync_among(bytes_at(scan, offset), n, &limits, kinds.coverages,
                                    kinds.polynomials, &scan->budget);
    const uint64_t examined_bytes = is_found(&result) ? result.skipped + 1 : n;
    scan->budget.max_bytes -=
        examined_bytes < scan->budget.max_bytes ? examined_bytes : scan->budget.max_bytes;
    scan->budget.max_crc_bytes -= result.crc_bytes;
    return result;
}

/*
 * Whether the bytes at `offset` look like a header: a known version and type, and lengths that can
 * be; as far as they are here. Chance gives fourteen such bytes less than once in 2^30.
 */
static bool looks_like_header(const pdu_scan *scan, int offset)
{
    const plato_limits limits = plato_pref_limits();
    const int n = scan->captured - offset;
    plato_frame frame;
    if (n < 2)
        return n == 1 && *bytes_at(scan, offset) == PLATO_VERSION_ON_WIRE;
    const uint8_t *p = bytes_at(scan, offset);
    const plato_err err =
        plato_frame_parse_header(PLATO_FRAMING_HEADER, p, (size_t)n, &limits, &frame);
    return p[0] == PLATO_VERSION_ON_WIRE && plato_msg_type_name(p[1]) != NULL &&
           (err == PLATO_OK || err == PLATO_NEED_MORE);
}

/*
 * Whether the header at `offset` can be believed although nothing led here: its frame is whole and
 * proves itself, whatever its version and type; or it looks like one, and its frame ends with the
 * bytes or is followed by another header (then it is the frame that was damaged).
 */
static bool is_credible(pdu_scan *scan)
{
    const plato_limits limits = plato_pref_limits();
    const uint8_t *p = bytes_at(scan, scan->offset);
    const size_t n = (size_t)captured_left(scan);
    plato_frame frame;
    if (scan->framing == PLATO_FRAMING_MSGCMD)
        return plato_msgcmd_is_proof(p, n, &limits);
    if (plato_frame_parse(PLATO_FRAMING_HEADER, p, n, &limits, &frame) != PLATO_OK)
        return false;
    if (plato_crc_proves(scan->pinfo, scan->conversation, &frame))
        return true;
    const int end = scan->offset + (int)plato_frame_total(&frame);
    return looks_like_header(scan, scan->offset) &&
           (end == scan->captured || looks_like_header(scan, end));
}

/* Gets in sync: true if a frame begins at `offset` now. */
static bool find_pdu(pdu_scan *scan)
{
    if (scan->captured - scan->offset <= 0) {
        end_scan(scan, false);
        return false;
    }
    record_spans(scan);
    scan->in_sync = is_credible(scan);
    if (scan->in_sync)
        return true;
    const plato_resync_result found = resync(scan, scan->offset);
    if (is_found(&found)) {
        dissect_skipped(scan, (int)found.skipped);
        scan->in_sync = true;
        return true;
    }
    const int left = captured_left(scan) - (int)found.skipped;
    if (found.verdict == PLATO_RESYNC_NOT_YET && left > 0 && left <= LONGEST_UNDECIDED) {
        dissect_skipped(scan, (int)found.skipped);
        if (request_more(scan, DESEGMENT_ONE_MORE_SEGMENT))
            return false;
    }
    dissect_skipped(scan, captured_left(scan));
    end_scan(scan, false);
    return false;
}

/*
 * How many bytes an impossible header has for its own: up to where the next frame proves itself, or
 * to what may still turn out to be one (but then the header is shown whole), or all there is.
 */
static int impossible_length(const pdu_scan *scan, const plato_resync_result *found, int header)
{
    const int left = captured_left(scan);
    const int own = (int)found->skipped + 1;
    if (is_found(found))
        return own;
    if (found->verdict == PLATO_RESYNC_NOT_YET && scan->can_desegment &&
        left - own <= LONGEST_UNDECIDED)
        return own > header ? own : header;
    return left;
}

/* A header whose length cannot be. */
static void dissect_impossible(pdu_scan *scan)
{
    const int header = (int)plato_header_len(scan->framing);
    record_spans(scan);
    const plato_resync_result found = resync(scan, scan->offset + 1);
    const int length = impossible_length(scan, &found, header);
    scan->in_sync = is_found(&found);
    if (length < header)
        dissect_skipped(scan, length);
    else
        dissect_pdu(scan, SPAN_PDU, length, 0, NULL);
}

/*
 * A frame with a bad CRC: was its length damaged? Then no header follows it, and a frame that
 * proves itself lies inside. Returns how many bytes it has in truth.
 */
static int true_length(pdu_scan *scan, const pdu_info *facts)
{
    const int total = (int)facts->total;
    if (facts->crc.status != PROTO_CHECKSUM_E_BAD)
        return total;
    record_spans(scan);
    if (looks_like_header(scan, scan->offset + total))
        return total;
    const plato_resync_result inside = resync(scan, scan->offset + 1);
    const int length = (int)inside.skipped + 1;
    if (inside.verdict != PLATO_RESYNC_FOUND || length >= total || length <= PLATO_HEADER_LEN)
        return total;
    scan->resplit = true;
    return length;
}

static void dissect_whole(pdu_scan *scan, uint64_t total)
{
    pdu_info facts;
    tvbuff_t *tvb = tvb_new_subset_length(scan->tvb, scan->offset, (int)total);
    plato_examine_pdu(tvb, scan->pinfo, scan->conversation, scan->framing, &facts);
    const int length = true_length(scan, &facts);
    const bool bad = facts.crc.status == PROTO_CHECKSUM_E_BAD;
    dissect_pdu(scan, length < (int)total ? SPAN_SHORTENED : SPAN_PDU, length, total, &facts);
    /* a bad CRC may mean a length that is too short */
    scan->in_sync = !bad || looks_like_header(scan, scan->offset);
}

/*
 * A frame whose end is not here and cannot be requested. The next segment is read by its length; if
 * it ends among bytes that the snaplen cut off, we take the next segment to begin with a frame.
 */
static void dissect_truncated(pdu_scan *scan, uint64_t total)
{
    const uint64_t consumed = (uint64_t)scan->offset + total;
    dissect_pdu(scan, SPAN_TRUNCATED, captured_left(scan), total, NULL);
    end_scan(scan, true);
    if (consumed > (uint64_t)scan->reported)
        scan->end.consumed = consumed;
    else
        scan->end.after_truncated = consumed < (uint64_t)scan->reported;
}

/* In sync: the frame at `offset`. False ends the scan. */
static bool dissect_next(pdu_scan *scan)
{
    const plato_limits limits = plato_pref_limits();
    const int header = (int)plato_header_len(scan->framing);
    uint64_t total;
    if (reported_left(scan) < header && request_more(scan, DESEGMENT_ONE_MORE_SEGMENT))
        return false;
    if (captured_left(scan) < header) {
        const bool cut = reported_left(scan) >= header;
        dissect_skipped(scan, captured_left(scan));
        end_scan(scan, cut);
        scan->end.after_truncated = cut;
        return false;
    }
    if (plato_frame_length(scan->framing, bytes_at(scan, scan->offset), (size_t)captured_left(scan),
                           &limits, &total) != PLATO_OK ||
        total > PLATO_LONGEST_FRAME) {
        dissect_impossible(scan);
        return true;
    }
    if (total <= (uint64_t)captured_left(scan)) {
        dissect_whole(scan, total);
        return true;
    }
    if (total > (uint64_t)reported_left(scan) &&
        request_more(scan, (uint32_t)(total - (uint64_t)reported_left(scan))))
        return false;
    if (scan->resplit && total > (uint64_t)reported_left(scan)) {
        dissect_skipped(scan, captured_left(scan));
        end_scan(scan, false);
        return false;
    }
    dissect_truncated(scan, total);
    return false;
}

/* First bytes that an earlier call has shown, or that end a frame which was truncated. */
static void skip_front(pdu_scan *scan)
{
    const int length =
        (int)scan->start->skip < scan->captured ? (int)scan->start->skip : scan->captured;
    if (scan->start->skip_truncated)
        dissect_skipped(scan, length);
    else
        scan->offset += length;
}

/* Does as the first pass did: frames by their lengths, up to the spans that were recorded. */
static void replay(pdu_scan *scan)
{
    const scan_start *start = scan->start;
    const int from = start->span_count > 0 ? start->spans[0].offset : scan->captured;
    while (scan->in_sync && scan->offset < from && dissect_next(scan))
        ;
    for (unsigned i = 0; i < start->span_count; i++) {
        const scan_span *span = &start->spans[i];
        if (span->offset + span->length > scan->captured)
            break;
        if (span->kind == SPAN_SKIPPED)
            process_skipped(scan, span);
        else
            process_pdu(scan, span, NULL);
    }
}

static void scan_all(pdu_scan *scan)
{
    while (scan->offset < scan->reported) {
        if (!scan->in_sync && !find_pdu(scan))
            return;
        if (!dissect_next(scan))
            return;
    }
    scan->end.consumed = (uint64_t)scan->offset;
    scan->end.in_sync = scan->in_sync;
}

/* For later passes. */
static void keep_spans(pdu_scan *scan)
{
    if (scan->spans == NULL)
        return;
    const unsigned count = wmem_array_get_count(scan->spans);
    scan_span *kept = wmem_alloc_array(wmem_file_scope(), scan_span, count + 1);
    if (count > 0)
        memcpy(kept, wmem_array_get_raw(scan->spans), count * sizeof *kept);
    scan->end.spans = kept;
    scan->end.span_count = count;
}

scan_end plato_scan_pdus(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                         plato_conversation *conversation, const scan_start *start,
                         bool can_desegment, bool reassembled)
{
    const plato_resync_budget budget = PLATO_RESYNC_BUDGET_DEFAULT;
    pdu_scan scan = {
        .tvb = tvb,
        .pinfo = pinfo,
        .tree = tree,
        .conversation = conversation,
        .start = start,
        .can_desegment = can_desegment,
        .reassembled = reassembled,
        .reported = (int)tvb_reported_length(tvb),
        .captured = (int)tvb_captured_length(tvb),
        .in_sync = start->in_sync,
        .after_unseen = start->after_unseen,
        .continues_pdu = start->in_sync && !start->new_unseen,
        .budget = budget,
    };
    scan.end.consumed = (uint64_t)scan.reported;
    scan.end.in_sync = start->in_sync;
    if (start->retransmitted)
        return scan.end;
    if (start->new_unseen && !PINFO_FD_VISITED(pinfo))
        plato_report_unseen_segment(pinfo, conversation);
    skip_front(&scan);
    scan.framing = start->framing;
    if (scan.framing == 0 && scan.captured > scan.offset)
        scan.framing = plato_find_framing(pinfo, conversation, bytes_at(&scan, scan.offset),
                                          (size_t)captured_left(&scan), scan.in_sync);
    scan.end.framing = scan.framing;
    if (start->spans != NULL) {
        replay(&scan);
        return scan.end;
    }
    scan_all(&scan);
    if (!PINFO_FD_VISITED(pinfo) && !start->out_of_order)
        plato_set_fragment(pinfo, conversation, scan.framing,
                           scan.end.desegment_len != 0 && scan.end.in_sync, scan.continues_pdu);
    scan.end.after_unseen = scan.after_unseen;
    keep_spans(&scan);
    return scan.end;
}
