/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the records of taps to those of the check library. */
#ifndef PLATOCHECK_RECORDS_H
#define PLATOCHECK_RECORDS_H

#include "taps/tap.h"

#include <check/record.h>

#include <epan/dissectors/packet-tcp.h>

/* ns since the epoch */
int64_t platocheck_time_of(const packet_info *pinfo);

/* What a record points to lives as long as the packet, but for `judged` and `exchange`, which live
 * as long as the file. */
check_frame_record platocheck_frame(const packet_info *pinfo, const plato_tap_record *record);
check_skipped_record platocheck_skipped(const packet_info *pinfo, const plato_tap_skipped *record);
check_message_record platocheck_message(const packet_info *pinfo, const plato_tap_message *record);
check_tcp_record platocheck_tcp(const packet_info *pinfo, const tcp_info_t *header);
check_unfinished platocheck_unfinished(const plato_unfinished *frame);

/* What Wireshark would call for a server's TCP port, with all preferences and Decode As. False:
 * none of the latency and command protocols. */
bool platocheck_protocol_of_port(uint16_t port, check_protocol *protocol, bool *over_tls);

#endif
