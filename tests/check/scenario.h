/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures as text, for tests of the check library: one packet an event, events apart by ';'. The
 * number of a packet is the place of its event, from 1.
 *
 *     TIME CONN WHAT [OPTION...]             TIME in ms
 *
 * CONN is a letter and a number: c, Plato; m, its length-prefixed variant; l, t, b: the latency,
 * text command and binary command protocols; u: latency probes as datagrams. In lower case the
 * connection's start was captured: a SYN stands with its first event. "-" is a packet of something
 * else. by=client and by=server say who sent what would come from the other.
 *
 * Plato:
 *     login 1001                   device_id
 *     reconn 7                     conn_id
 *     heartbeat
 *     up 42/1 hi                   session_id/client_id, content
 *     push 42/90 hi                session_id/msg_id, content
 *     sync 42/3-5                  session_id/from-to
 *     ack login conn=7             also client=, code=, msg=
 *     ack up 42/1 msg=90           session_id/client_id
 *     ack push 42/90, ack sync 42
 *     type77
 *   with: bad (its CRC), unverified (its CRC), cut, headless (that much was cut), shortened,
 * toolong, unreadable (its head), badbody, gap (bytes before it are missing), begin=MS (its first
 * byte, in the packet before), body=N (bytes), version=N, unfed (to the analysis) skipped 5 bytes
 * that belong to no frame; with: gap unfinished                   a frame that begins here and
 * never ends
 *
 * Commands and probes:
 *     ask KIND, reply KIND         with: code=N (an error reply), wrong, cut, outside, following=N,
 *                                  tls, odd (with a remark), text=X (content)
 *
 * TCP, for all of them:
 *     open, data, fin, rst         a segment alone; by the client unless it says by=server
 *     data cut                     the same, cut by the snaplen
 *     hole                         the same with bytes before it missing
 *     lost                         bytes that are not captured; with: bytes=N
 *     fill                         the missing bytes of either
 *     acks                         acknowledges all that the other side has sent, captured or not
 * A frame with "late" is in the missing bytes, not after all others.
 */
#ifndef TESTS_CHECK_SCENARIO_H
#define TESTS_CHECK_SCENARIO_H

#include "capture.h"
#include "settings.h"

/* Judges the events by `words` (check_settings_read()); the run has ended. Ends the program if the
 * words or an event make no sense. */
typedef struct scenario scenario;
scenario *scenario_run(const char *words, const char *events);
/* The same by a file of rules with this text, and the words "only". */
scenario *scenario_run_file(const char *rules, const char *events);
void scenario_free(scenario *s);

/* A file in the folder for temporary files. To be freed with g_free() and removed. */
char *scenario_file(const char *text, gssize length);

check_run *scenario_check(const scenario *s);

/* The i-th rule at work. Lives as long as the scenario. */
const check_instance *scenario_rule(const scenario *s, guint i);

/* The report. To be freed with g_free(). */
char *scenario_report(const scenario *s);

/* What a temporary file holds, which is closed. To be freed with g_free(). */
char *scenario_written(FILE *file);

/* Fails the running test if the file `name` in reports/ holds another text. With PRINT_REPORTS set
 * in the environment it is written again: look at what changes. */
void scenario_compare(const char *name, const char *text);

/* "3 5": the packets of findings; 0 is the capture as a whole. To be freed with g_free(). */
char *scenario_packets(const check_findings *findings);

#endif
