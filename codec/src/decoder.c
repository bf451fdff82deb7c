/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/decoder.h"

#include "frame_internal.h"
#include "memory.h"

#include <assert.h>
#include <string.h>

/*
 * A frame passes through these in order; those whose event is not wanted are skipped.
 * PLATO_EVENT_HEADER has none of its own: it is handed out as soon as the header is parsed.
 */
typedef enum decoder_state {
    AT_HEADER,   /* gathering the bytes before the payload */
    AT_VAR_HEAD, /* PLATO_EVENT_VAR_HEAD due */
    AT_BODY,     /* PLATO_EVENT_BODY due */
    AT_FRAME,    /* PLATO_EVENT_FRAME due */
    AT_END,      /* the frame was handed out; its spans live until the next call */
    FAILED,
} decoder_state;

/* Results of a step, besides a plato_err. */
enum { NEED_INPUT = 0, HAVE_EVENT = 1, GO_ON = 2 };

#define FIRST_BUFFER 256u /* bytes of the first allocation for a payload */
#define SMALL_FRAMES_BEFORE_SHRINKING 64u

struct plato_decoder {
    plato_decoder_config config;
    plato_allocator allocator;
    plato_error error;
    decoder_state state;

    const uint8_t *in; /* borrowed input; in[in_pos] is the next byte not yet used */
    size_t in_len;
    size_t in_pos;

    uint64_t frame_offset; /* stream offset of the current frame */
    plato_frame frame;
    uint8_t header[PLATO_HEADER_LEN]; /* a header that came in pieces */
    size_t header_have;

    uint64_t payload_len;  /* var_head_len + msg_len */
    uint64_t payload_have; /* bytes of it that were used up */
    bool streaming;        /* the body is handed out in pieces and not gathered */
    uint32_t crc;          /* over the header and what was used up of the payload */

    uint8_t *buf; /* the gathered payload, buf_have bytes */
    size_t buf_have;
    size_t buf_cap;
    unsigned small_frames; /* frames in a row that could do with keep_buffer */
};

void plato_decoder_config_init(plato_decoder_config *config)
{
    const plato_limits limits = PLATO_LIMITS_DEFAULT;
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    config->framing = PLATO_FRAMING_HEADER;
    config->limits = limits;
    config->events = PLATO_EVENT_FRAME;
    config->keep_buffer = 65536;
}

plato_err plato_decoder_new(const plato_decoder_config *config, const plato_allocator *allocator,
                            plato_decoder **decoder)
{
    const plato_allocator memory = plato_allocator_or_default(allocator);
    plato_decoder_config own;
    plato_decoder_config_init(&own);
    if (config != NULL) {
        /* a caller compiled against an older header knows fewer members */
        if (config->size == 0 || config->size > sizeof own)
            return PLATO_ERR_ARGUMENT;
        memcpy(&own, config, config->size);
    }
    if (own.framing != PLATO_FRAMING_HEADER && own.framing != PLATO_FRAMING_MSGCMD)
        return PLATO_ERR_ARGUMENT;
    plato_decoder *d = memory.alloc(memory.user, sizeof *d);
    if (d == NULL)
        return PLATO_ERR_NO_MEMORY;
    memset(d, 0, sizeof *d);
    d->config = own;
    d->allocator = memory;
    plato_decoder_reset(d, 0);
    *decoder = d;
    return PLATO_OK;
}

void plato_decoder_free(plato_decoder *d)
{
    if (d == NULL)
        return;
    if (d->buf != NULL)
        d->allocator.release(d->allocator.user, d->buf);
    d->allocator.release(d->allocator.user, d);
}

static void begin_frame(plato_decoder *d)
{
    d->state = AT_HEADER;
    d->header_have = 0;
    d->payload_len = 0;
    d->payload_have = 0;
    d->buf_have = 0;
    d->streaming = false;
}

void plato_decoder_reset(plato_decoder *d, uint64_t offset)
{
    memset(&d->error, 0, sizeof d->error);
    d->error.name = plato_err_name(PLATO_OK);
    d->error.text = plato_strerror(PLATO_OK);
    plato_decoder_input(d, NULL, 0);
    d->frame_offset = offset;
    begin_frame(d);
}

void plato_decoder_input(plato_decoder *d, const uint8_t *p, size_t n)
{
    static const uint8_t nothing[1];
    d->in = n > 0 ? p : nothing;
    d->in_len = n;
    d->in_pos = 0;
}

const plato_error *plato_decoder_error(const plato_decoder *d)
{
    return &d->error;
}

uint64_t plato_decoder_offset(const plato_decoder *d)
{
    return d->state == AT_END ? d->frame_offset + plato_frame_total(&d->frame) : d->frame_offset;
}

static int fail(plato_decoder *d, int code, uint64_t field_offset, uint64_t got, uint64_t limit)
{
    d->state = FAILED;
    d->error.code = (plato_err)code;
    d->error.name = plato_err_name(code);
    d->error.text = plato_strerror(code);
    d->error.frame_offset = d->frame_offset;
    d->error.offset = d->frame_offset + field_offset;
    d->error.got = got;
    d->error.limit = limit;
    return code;
}

static bool is_msgcmd(const plato_decoder *d)
{
    return d->config.framing == PLATO_FRAMING_MSGCMD;
}

static bool wants(const plato_decoder *d, unsigned kinds)
{
    return (d->config.events & kinds) != 0;
}

static size_t available(const plato_decoder *d)
{
    return d->in_len - d->in_pos;
}

static size_t smaller(uint64_t a, uint64_t b)
{
    return (size_t)(a < b ? a : b);
}

static int emit(plato_decoder *d, plato_event_kind kind, plato_span body, plato_event *event)
{
    event->kind = kind;
    event->offset = d->frame_offset;
    event->body_offset = 0;
    event->crc = PLATO_CRC_UNCHECKED;
    event->body = body;
    event->frame = &d->frame;
    return HAVE_EVENT;
}

static const plato_span no_body = {NULL, 0};

/* The header's bytes in one place, or NULL while they are not all there. */
static const uint8_t *take_header(plato_decoder *d)
{
    const size_t need = plato_prefix_len(d->config.framing);
    if (d->header_have == 0 && available(d) >= need) {
        const uint8_t *p = d->in + d->in_pos;
        d->in_pos += need;
        return p;
    }
    const size_t n = smaller(need - d->header_have, available(d));
    if (n == 0) /* as after every frame at the end of an input */
        return NULL;
    memcpy(d->header + d->header_have, d->in + d->in_pos, n);
    d->header_have += n;
    d->in_pos += n;
    return d->header_have == need ? d->header : NULL;
}

static int header_error(plato_decoder *d, plato_err err)
{
    const plato_limits *limits = &d->config.limits;
    if (err == PLATO_ERR_VAR_HEAD_TOO_LONG)
        return fail(d, err, 6, d->frame.var_head_len, limits->max_var_head_len);
    if (err == PLATO_ERR_BODY_TOO_LONG)
        return fail(d, err, is_msgcmd(d) ? 0 : 2, d->frame.msg_len, limits->max_msg_len);
    return fail(d, err, 0, 0, 1);
}

/*
 * Whether the whole payload lies in the input: then it is looked at there and not copied. Once a
 * body is streamed it stays so, also where no byte of it was there yet.
 */
static bool payload_in_input(const plato_decoder *d)
{
    return !d->streaming && d->payload_have == 0 && available(d) >= d->payload_len;
}

static int header_is_known(plato_decoder *d, plato_event *event)
{
    /* an empty body is one empty event, however the frame was cut: it is not streamed */
    d->streaming =
        d->config.stream_body && !is_msgcmd(d) && d->frame.msg_len > 0 && !payload_in_input(d);
    if (wants(d, PLATO_EVENT_VAR_HEAD | PLATO_EVENT_BODY) || d->streaming)
        d->state = AT_VAR_HEAD;
    else
        d->state = AT_FRAME;
    return wants(d, PLATO_EVENT_HEADER) ? emit(d, PLATO_EVENT_HEADER, no_body, event) : GO_ON;
}

static int read_header(plato_decoder *d, plato_event *event)
{
    const uint8_t *p = take_header(d);
    if (p == NULL)
        return NEED_INPUT;
    plato_err err = plato_frame_parse_header(
        d->config.framing, p, plato_prefix_len(d->config.framing), &d->config.limits, &d->frame);
    if (err != PLATO_OK)
        return header_error(d, err);
    d->payload_len = (uint64_t)d->frame.var_head_len + d->frame.msg_len;
    d->crc = 0;
    if (d->config.crc.coverage == PLATO_CRC_FRAME && !is_msgcmd(d))
        d->crc = plato_crc32(d->config.crc.polynomial, 0, p, PLATO_HEADER_CRC_OFFSET);
    return header_is_known(d, event);
}

/* Adds `n` payload bytes, which begin at payload offset `at`, to the CRC as far as it covers them.
 */
static void add_to_crc(plato_decoder *d, uint64_t at, const uint8_t *p, size_t n)
{
    if (d->config.crc.coverage == PLATO_CRC_NONE || is_msgcmd(d))
        return;
    if (d->config.crc.coverage == PLATO_CRC_BODY && at < d->frame.var_head_len) {
        const size_t head = smaller(d->frame.var_head_len - at, n);
        p += head;
        n -= head;
    }
    d->crc = plato_crc32(d->config.crc.polynomial, d->crc, p, n);
}

/* Uses up `n` bytes of the payload. */
static void use(plato_decoder *d, size_t n)
{
    add_to_crc(d, d->payload_have, d->in + d->in_pos, n);
    d->in_pos += n;
    d->payload_have += n;
    assert(d->in_pos <= d->in_len && d->payload_have <= d->payload_len);
}

/* Makes space for `n` more bytes, which have arrived. Doubles: the cost per byte stays constant. */
static bool reserve(plato_decoder *d, size_t n)
{
    size_t cap = d->buf_cap >= FIRST_BUFFER ? d->buf_cap : FIRST_BUFFER;
    if (d->buf_have + n <= d->buf_cap)
        return true;
    while (cap < d->buf_have + n)
        cap *= 2;
    uint8_t *grown = d->buf == NULL ? d->allocator.alloc(d->allocator.user, cap)
                                    : d->allocator.resize(d->allocator.user, d->buf, cap);
    if (grown == NULL)
        return false;
    d->buf = grown;
    d->buf_cap = cap;
    return true;
}

/*
 * GO_ON with `*p` at the payload, once its first `upto` bytes are there. A payload that lies in the
 * input is only looked at: if the caller pauses now and comes back with other bytes, it is gathered
 * instead. Otherwise all that has arrived is gathered at once, since the input will go away.
 */
static int payload(plato_decoder *d, uint64_t upto, const uint8_t **p)
{
    if (payload_in_input(d)) {
        *p = d->in + d->in_pos;
        return GO_ON;
    }
    const uint64_t goal = d->streaming ? d->frame.var_head_len : d->payload_len;
    if (d->payload_have < goal) {
        const size_t n = smaller(goal - d->payload_have, available(d));
        if (!reserve(d, n))
            return fail(d, PLATO_ERR_NO_MEMORY, 0, (uint64_t)d->buf_have + n, d->buf_cap);
        if (n > 0) /* else there may be no buffer yet */
            memcpy(d->buf + d->buf_have, d->in + d->in_pos, n);
        d->buf_have += n;
        assert(d->buf_have <= d->buf_cap);
        use(d, n);
    }
    *p = d->buf != NULL ? d->buf : d->header;
    return d->payload_have >= upto ? GO_ON : NEED_INPUT;
}

static int at_var_head(plato_decoder *d, plato_event *event)
{
    const uint8_t *p;
    int rc = payload(d, d->frame.var_head_len, &p);
    if (rc != GO_ON)
        return rc;
    d->frame.var_head = (plato_span){p, d->frame.var_head_len};
    d->state = AT_BODY;
    if (is_msgcmd(d) || !wants(d, PLATO_EVENT_VAR_HEAD))
        return GO_ON;
    return emit(d, PLATO_EVENT_VAR_HEAD, no_body, event);
}

/* Whatever the input has of a body that is not gathered, as one event. */
static int body_piece(plato_decoder *d, plato_event *event)
{
    const plato_span piece = {d->in + d->in_pos,
                              smaller(d->payload_len - d->payload_have, available(d))};
    const uint64_t at = d->payload_have - d->frame.var_head_len;
    use(d, piece.n);
    if (d->payload_have == d->payload_len)
        d->state = AT_FRAME;
    else if (piece.n == 0)
        return NEED_INPUT;
    if (piece.n == 0 || !wants(d, PLATO_EVENT_BODY))
        return GO_ON;
    emit(d, PLATO_EVENT_BODY, piece, event);
    event->body_offset = at;
    return HAVE_EVENT;
}

/* Sets the spans from the payload, which is all there at `p`. */
static int open_payload(plato_decoder *d, const uint8_t *p)
{
    size_t at = 0;
    plato_err err = plato_frame_open_payload(&d->frame, p, &at);
    return err == PLATO_OK ? GO_ON : fail(d, err, plato_prefix_len(d->config.framing) + at, 0, 0);
}

static int at_body(plato_decoder *d, plato_event *event)
{
    const uint8_t *p;
    if (d->streaming)
        return body_piece(d, event);
    int rc = payload(d, d->payload_len, &p);
    if (rc == GO_ON)
        rc = open_payload(d, p);
    if (rc != GO_ON)
        return rc;
    d->state = AT_FRAME;
    return wants(d, PLATO_EVENT_BODY) ? emit(d, PLATO_EVENT_BODY, d->frame.body, event) : GO_ON;
}

static plato_crc_status crc_status(const plato_decoder *d)
{
    if (is_msgcmd(d) || d->config.crc.coverage == PLATO_CRC_NONE)
        return PLATO_CRC_UNCHECKED;
    return d->crc == d->frame.crc32 ? PLATO_CRC_GOOD : PLATO_CRC_BAD;
}

static int at_frame(plato_decoder *d, plato_event *event)
{
    const bool whole = payload_in_input(d);
    const uint8_t *p;
    int rc = payload(d, d->payload_len, &p);
    if (rc != GO_ON)
        return rc;
    if (d->streaming) {
        d->frame.var_head = (plato_span){p, d->frame.var_head_len};
        d->frame.body = no_body;
    } else {
        rc = open_payload(d, p);
        if (rc != GO_ON)
            return rc;
    }
    if (whole)
        use(d, (size_t)d->payload_len);
    const plato_crc_status status = crc_status(d);
    if (status == PLATO_CRC_BAD && !d->config.accept_bad_crc)
        return fail(d, PLATO_ERR_CRC, PLATO_HEADER_CRC_OFFSET, d->frame.crc32, d->crc);
    d->state = AT_END;
    if (!wants(d, PLATO_EVENT_FRAME))
        return GO_ON;
    emit(d, PLATO_EVENT_FRAME, no_body, event);
    event->crc = status;
    return HAVE_EVENT;
}

/* Gives memory back when frames of that size have become rare. */
static void maybe_shrink(plato_decoder *d)
{
    if (d->buf_cap <= d->config.keep_buffer)
        return;
    d->small_frames = d->payload_len > d->config.keep_buffer ? 0 : d->small_frames + 1;
    if (d->small_frames < SMALL_FRAMES_BEFORE_SHRINKING)
        return;
    d->allocator.release(d->allocator.user, d->buf);
    d->buf = NULL;
    d->buf_cap = 0;
    d->small_frames = 0;
}

static int at_end(plato_decoder *d, plato_event *event)
{
    d->frame_offset += plato_frame_total(&d->frame);
    maybe_shrink(d);
    begin_frame(d);
    return read_header(d, event);
}

static int step(plato_decoder *d, plato_event *event)
{
    switch (d->state) {
    case AT_HEADER:
        return read_header(d, event);
    case AT_VAR_HEAD:
        return at_var_head(d, event);
    case AT_BODY:
        return at_body(d, event);
    case AT_FRAME:
        return at_frame(d, event);
    case AT_END:
        return at_end(d, event);
    case FAILED:
        break;
    }
    return (int)d->error.code;
}

int plato_decoder_next(plato_decoder *d, plato_event *event)
{
    int rc;
    do {
        rc = step(d, event);
    } while (rc == GO_ON);
    return rc;
}

ptrdiff_t plato_decoder_feed(plato_decoder *d, const uint8_t *p, size_t n)
{
    plato_event event;
    int rc;
    plato_decoder_input(d, p, n);
    while ((rc = plato_decoder_next(d, &event)) > 0) {
        if (d->config.handler != NULL && d->config.handler(d->config.user, &event) == PLATO_PAUSE)
            break;
    }
    return rc < 0 ? rc : (ptrdiff_t)d->in_pos;
}

plato_err plato_decoder_finish(plato_decoder *d)
{
    const uint64_t prefix = plato_prefix_len(d->config.framing);
    if (d->state == FAILED)
        return d->error.code;
    if (d->state == AT_END || (d->state == AT_HEADER && d->header_have == 0))
        return PLATO_OK;
    if (d->state == AT_HEADER)
        return (plato_err)fail(d, PLATO_ERR_TRUNCATED, d->header_have, d->header_have, prefix);
    if (d->payload_have == d->payload_len) /* paused: only events are due */
        return PLATO_OK;
    const uint64_t got = prefix + d->payload_have;
    return (plato_err)fail(d, PLATO_ERR_TRUNCATED, got, got, prefix + d->payload_len);
}

uint64_t plato_decoder_hint(const plato_decoder *d)
{
    const uint64_t prefix = plato_prefix_len(d->config.framing);
    uint64_t goal = d->payload_len;
    switch (d->state) {
    case FAILED:
        return 0;
    case AT_END:
        return prefix;
    case AT_HEADER:
        return prefix - d->header_have;
    case AT_VAR_HEAD:
        if (wants(d, PLATO_EVENT_VAR_HEAD) && !is_msgcmd(d))
            goal = d->frame.var_head_len;
        else if (d->streaming && wants(d, PLATO_EVENT_BODY))
            goal = (uint64_t)d->frame.var_head_len + 1;
        break;
    case AT_BODY:
        if (d->streaming && wants(d, PLATO_EVENT_BODY))
            goal = d->payload_have + 1;
        break;
    default:
        break;
    }
    return goal > d->payload_have ? goal - d->payload_have : 1;
}
