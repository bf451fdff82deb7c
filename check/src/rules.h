/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions behind the tables of rules.c and rules-talk.c. */
#ifndef PLATO_CHECK_RULES_H
#define PLATO_CHECK_RULES_H

#include "world.h"

/* A parameter of many rules. */
#define GRACE                                                                                      \
    {                                                                                              \
        "grace", KIND_TIME, "5s", "what comes later than this before the end is not judged"        \
    }

#define RULE_FRAME(name)                                                                           \
    void name(check_world *world, check_instance *rule, const check_frame *frame)
#define RULE_END(name) void name(check_world *world, check_instance *rule)

/* rule-frames.c: each frame by itself */
RULE_FRAME(rule_crc);
RULE_FRAME(rule_malformed);
RULE_FRAME(rule_types);
RULE_FRAME(rule_versions);
RULE_FRAME(rule_flag); /* detail: the verdict's flag */
RULE_FRAME(rule_duplicates);
RULE_END(rule_duplicates_end);
RULE_FRAME(rule_ack_codes);
RULE_FRAME(rule_messages);
RULE_END(rule_messages_end);
RULE_FRAME(rule_capture);
RULE_END(rule_capture_end);
void rule_continuation(check_instance *rule, const check_bytes *bytes);
RULE_FRAME(rule_direction);
RULE_FRAME(rule_ack_fields);
RULE_FRAME(rule_empty_bodies);
RULE_FRAME(rule_sync_range);

/* rule-gaps.c */
RULE_FRAME(rule_gaps);
RULE_END(rule_gaps_end);

/* rule-times.c */
RULE_END(rule_unacked);
/* Counts a time against the limit of param 0, of which param 1 percent may not be over: that is for
 * rule_time_end(). Returns whether this one is. */
bool rule_count_time(check_instance *rule, int64_t ns);
/* The words and the longest time as the rule's summary, if it has judged anything. */
void rule_sum_up_longest(check_instance *rule, const char *words);
RULE_FRAME(rule_response_time);
RULE_END(rule_time_end);
RULE_FRAME(rule_delivery_time);
RULE_END(rule_delivery_end);
RULE_FRAME(rule_heartbeat);
RULE_END(rule_heartbeat_end);
RULE_FRAME(rule_first_frame);
RULE_FRAME(rule_frame_time);
RULE_END(rule_frame_time_end);
RULE_FRAME(rule_silence);
RULE_END(rule_silence_end);
RULE_FRAME(rule_resend);

/* rule-conns.c */
RULE_FRAME(rule_login_first);
RULE_FRAME(rule_login_gate);
RULE_FRAME(rule_answers); /* detail: the message type */
RULE_END(rule_answers_end);
RULE_FRAME(rule_ack_pairs);
RULE_FRAME(rule_conn_ids);
RULE_FRAME(rule_state_kept);
RULE_FRAME(rule_close);
RULE_END(rule_close_end);

/* rule-debts.c */
RULE_FRAME(rule_repeat_answered);
RULE_END(rule_repeat_answered_end);
RULE_FRAME(rule_reconn_resend);
RULE_END(rule_reconn_resend_end);
RULE_FRAME(rule_hole_asked);
RULE_END(rule_hole_asked_end);
RULE_FRAME(rule_resend_due);
RULE_END(rule_resend_due_end);
RULE_END(rule_delivered_end);

/* rule-ids.c */
RULE_FRAME(rule_client_ids);
RULE_FRAME(rule_window);
RULE_FRAME(rule_reconnect_ids);
RULE_FRAME(rule_accept_order);
RULE_FRAME(rule_same_msg_id);
RULE_FRAME(rule_msg_ids);
RULE_FRAME(rule_no_echo);
RULE_FRAME(rule_push_window);
RULE_FRAME(rule_push_ack);
RULE_FRAME(rule_resume);
RULE_FRAME(rule_sync_complete);

/* rule-talk.c: the latency and command protocols */
#define RULE_MESSAGE(name)                                                                         \
    void name(check_world *world, check_instance *rule, const check_message *message)
RULE_MESSAGE(rule_talk_form);
RULE_MESSAGE(rule_talk_fits);
RULE_MESSAGE(rule_talk_errors);
RULE_END(rule_talk_errors_end);
RULE_MESSAGE(rule_talk_capture);
RULE_END(rule_talk_capture_end);
RULE_MESSAGE(rule_talk_time);
RULE_MESSAGE(rule_talk_probes);
RULE_END(rule_talk_probes_end);
RULE_MESSAGE(rule_talk_pace);
RULE_MESSAGE(rule_talk_answered);
RULE_END(rule_talk_answered_end);
/* rule-safety.c: the four rules for every server of docs/commands.md */
RULE_MESSAGE(rule_format_refused);
RULE_END(rule_format_refused_end);
RULE_MESSAGE(rule_format_closed);
RULE_END(rule_format_closed_end);
RULE_MESSAGE(rule_unknown);
RULE_END(rule_unknown_end);
RULE_MESSAGE(rule_flood_refused);
RULE_MESSAGE(rule_flood_closed);
RULE_MESSAGE(rule_talk_nothing);
RULE_END(rule_talk_idle_end);
RULE_END(rule_talk_slow_end);

/* expect.c */
RULE_FRAME(rule_expect);
RULE_END(rule_expect_end);

#endif
