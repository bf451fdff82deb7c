/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that the tables of rules.c and rules_commands.c name. */
#ifndef CHECK_RULES_H
#define CHECK_RULES_H

#include "capture.h"

/* A parameter of many rules. */
#define GRACE                                                                                      \
    {                                                                                              \
        "grace", KIND_TIME, "5s", "what comes later than this before the end is not judged"        \
    }

#define RULE_FRAME(name)                                                                           \
    void name(check_capture *capture, check_instance *rule, const check_frame *frame)
#define RULE_END(name) void name(check_capture *capture, check_instance *rule)

/* rule_frames.c: each frame by itself */
RULE_FRAME(check_rule_crc);
RULE_FRAME(check_rule_malformed);
RULE_FRAME(check_rule_types);
RULE_FRAME(check_rule_versions);
RULE_FRAME(check_rule_flag); /* detail: the verdict's flag */
RULE_FRAME(check_rule_duplicates);
RULE_END(check_rule_duplicates_end);
RULE_FRAME(check_rule_ack_codes);
RULE_FRAME(check_rule_messages);
RULE_END(check_rule_messages_end);
RULE_FRAME(check_rule_capture);
RULE_END(check_rule_capture_end);
void check_rule_continuation(check_instance *rule, const check_bytes *bytes);
RULE_FRAME(check_rule_direction);
RULE_FRAME(check_rule_ack_fields);
RULE_FRAME(check_rule_empty_bodies);
RULE_FRAME(check_rule_sync_range);

/* rule_gaps.c */
RULE_FRAME(check_rule_gaps);
RULE_END(check_rule_gaps_end);

/* rule_times.c */
RULE_END(check_rule_unacked);
/* Counts a time against the limit of param 0, of which param 1 percent may not be over: that is for
 * check_rule_time_end(). Returns whether this one is. */
bool check_rule_count_time(check_instance *rule, int64_t ns);
/* The words and the longest time as the rule's summary, if it has judged anything. */
void check_rule_sum_up_longest(check_instance *rule, const char *words);
RULE_FRAME(check_rule_response_time);
RULE_END(check_rule_time_end);
RULE_FRAME(check_rule_delivery_time);
RULE_END(check_rule_delivery_end);
RULE_FRAME(check_rule_heartbeat);
RULE_END(check_rule_heartbeat_end);
RULE_FRAME(check_rule_first_frame);
RULE_FRAME(check_rule_frame_time);
RULE_END(check_rule_frame_time_end);
RULE_FRAME(check_rule_silence);
RULE_END(check_rule_silence_end);
RULE_FRAME(check_rule_resend);

/* rule_conns.c */
RULE_FRAME(check_rule_login_first);
RULE_FRAME(check_rule_login_gate);
RULE_FRAME(check_rule_answers); /* detail: the message type */
RULE_END(check_rule_answers_end);
RULE_FRAME(check_rule_ack_pairs);
RULE_FRAME(check_rule_conn_ids);
RULE_FRAME(check_rule_state_kept);
RULE_FRAME(check_rule_close);
RULE_END(check_rule_close_end);

/* rule-obligations.c */
RULE_FRAME(check_rule_repeat_answered);
RULE_END(check_rule_repeat_answered_end);
RULE_FRAME(check_rule_reconn_resend);
RULE_END(check_rule_reconn_resend_end);
RULE_FRAME(check_rule_hole_asked);
RULE_END(check_rule_hole_asked_end);
RULE_FRAME(check_rule_resend_due);
RULE_END(check_rule_resend_due_end);
RULE_END(check_rule_delivered_end);

/* rule_ids.c */
RULE_FRAME(check_rule_client_ids);
RULE_FRAME(check_rule_window);
RULE_FRAME(check_rule_reconnect_ids);
RULE_FRAME(check_rule_accept_order);
RULE_FRAME(check_rule_same_msg_id);
RULE_FRAME(check_rule_msg_ids);
RULE_FRAME(check_rule_no_echo);
RULE_FRAME(check_rule_push_window);
RULE_FRAME(check_rule_push_ack);
RULE_FRAME(check_rule_resume);
RULE_FRAME(check_rule_sync_complete);

/* rule_commands.c: the latency and command protocols */
#define RULE_MESSAGE(name)                                                                         \
    void name(check_capture *capture, check_instance *rule, const check_message *message)
RULE_MESSAGE(check_rule_command_form);
RULE_MESSAGE(check_rule_command_fits);
RULE_MESSAGE(check_rule_command_errors);
RULE_END(check_rule_command_errors_end);
RULE_MESSAGE(check_rule_command_capture);
RULE_END(check_rule_command_capture_end);
RULE_MESSAGE(check_rule_command_time);
RULE_MESSAGE(check_rule_command_probes);
RULE_END(check_rule_command_probes_end);
RULE_MESSAGE(check_rule_command_pace);
RULE_MESSAGE(check_rule_command_answered);
RULE_END(check_rule_command_answered_end);
/* rule_servers.c: the four rules for every server of docs/commands.md */
RULE_MESSAGE(check_rule_format_refused);
RULE_END(check_rule_format_refused_end);
RULE_MESSAGE(check_rule_format_closed);
RULE_END(check_rule_format_closed_end);
RULE_MESSAGE(check_rule_unknown);
RULE_END(check_rule_unknown_end);
RULE_MESSAGE(check_rule_flood_refused);
RULE_MESSAGE(check_rule_flood_closed);
RULE_MESSAGE(check_rule_command_nothing);
RULE_END(check_rule_command_idle_end);
RULE_END(check_rule_command_slow_end);

/* expect.c */
RULE_FRAME(check_rule_expect);
RULE_END(check_rule_expect_end);

#endif
