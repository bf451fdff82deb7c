/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expert information: what is wrong or worth a look, by name and severity. */
#include "plato/tree/expert.h"

#include <plato/error.h>

static expert_field fields[EXPERT_COUNT];

static ei_register_info ei[] = {
    {&fields[EXPERT_CRC_BAD],
     {"plato.crc32.bad", PI_CHECKSUM, PI_ERROR, "Bad CRC: the frame was damaged", EXPFILL}},
    {&fields[EXPERT_MALFORMED],
     {"plato.malformed", PI_MALFORMED, PI_ERROR, "Malformed protobuf", EXPFILL}},
    {&fields[EXPERT_TOO_LARGE],
     {"plato.too_large", PI_MALFORMED, PI_ERROR, "Length over the limit", EXPFILL}},
    {&fields[EXPERT_VERSION],
     {"plato.version.unsupported", PI_UNDECODED, PI_WARN, "Unsupported version", EXPFILL}},
    {&fields[EXPERT_MSG_TYPE],
     {"plato.msg_type.unknown", PI_UNDECODED, PI_WARN, "Unknown message type", EXPFILL}},
    {&fields[EXPERT_REFUSED], {"plato.ack.refused", PI_RESPONSE_CODE, PI_NOTE, "Refused", EXPFILL}},
    {&fields[EXPERT_SKIPPED],
     {"plato.continuation.skipped", PI_REASSEMBLE, PI_NOTE, "Bytes outside any frame", EXPFILL}},
    {&fields[EXPERT_CAPTURE_GAP],
     {"plato.analysis.capture_gap", PI_SEQUENCE, PI_NOTE,
      "Bytes before this frame are missing from the capture", EXPFILL}},
    {&fields[EXPERT_SILENT],
     {"plato.analysis.silent", PI_SEQUENCE, PI_WARN,
      "After this frame the capture lacks its sender's bytes, which the peer acknowledges",
      EXPFILL}},
    {&fields[EXPERT_UNREADABLE],
     {"plato.analysis.unreadable", PI_SEQUENCE, PI_WARN,
      "Bytes that TLS or WebSocket needs are missing from the capture", EXPFILL}},
    {&fields[EXPERT_GAP],
     {"plato.analysis.gap", PI_SEQUENCE, PI_WARN, "The sender skipped ids", EXPFILL}},
    {&fields[EXPERT_GAP_FILLED],
     {"plato.analysis.gap_filled", PI_SEQUENCE, PI_CHAT, "Closes a gap", EXPFILL}},
    {&fields[EXPERT_DUPLICATE],
     {"plato.analysis.duplicate", PI_SEQUENCE, PI_NOTE, "Repeat of an earlier frame", EXPFILL}},
    {&fields[EXPERT_CONFLICT],
     {"plato.analysis.conflict", PI_SEQUENCE, PI_ERROR, "An id again, with other content",
      EXPFILL}},
    {&fields[EXPERT_OUT_OF_ORDER],
     {"plato.analysis.out_of_order", PI_SEQUENCE, PI_WARN, "Id below the highest seen", EXPFILL}},
    {&fields[EXPERT_UNACKED],
     {"plato.analysis.unacked", PI_SEQUENCE, PI_NOTE, "Never acknowledged", EXPFILL}},
    {&fields[EXPERT_SLOW_RESPONSE],
     {"plato.slow_response", PI_SEQUENCE, PI_NOTE, "Slow response", EXPFILL}},
    {&fields[EXPERT_HEARTBEAT_LATE],
     {"plato.heartbeat.late", PI_SEQUENCE, PI_NOTE, "Late heartbeat", EXPFILL}},
    {&fields[EXPERT_UTF8], {"plato.utf8.bad", PI_MALFORMED, PI_WARN, "Text is not UTF-8", EXPFILL}},
    {&fields[EXPERT_USER_MISMATCH],
     {"plato.user.mismatch", PI_UNDECODED, PI_WARN,
      "The body is not the message that the table of body types says", EXPFILL}},
};

expert_field *plato_expert(plato_expert_id id)
{
    return &fields[id];
}

void plato_expert_add_malformed(packet_info *pinfo, proto_item *item, int error, int error_offset)
{
    expert_add_info_format(pinfo, item, &fields[EXPERT_MALFORMED], "Malformed: %s (at byte %d)",
                           plato_strerror(error), error_offset);
}

void plato_register_expert(int proto)
{
    expert_register_field_array(expert_register_protocol(proto), ei, array_length(ei));
}
