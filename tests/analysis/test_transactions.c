/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and responses, what stays unanswered, heartbeats, and connections. */
#include "run_history.h"
#include "run_tests.h"

/* ---- LOGIN, RECONN, HEARTBEAT, SYNC ---- */

START_TEST(logins_and_reconns_are_answered_first_in_first_out)
{
    CHECK_ROWS({"0 c1 login 1001", "in=4"}, {"1 c1 login 1001", "in=6"}, {"2 c1 reconn 9", "in=5"},
               {"3 c1 ack login", "to=1 rt=3"}, {"4 c1 ack reconn code=8", "to=3 rt=2"},
               {"5 c1 ack login code=7", "to=2 rt=4"}, {"6 c1 ack login", "-"});
}
END_TEST

START_TEST(requests_of_a_connection_are_answered_on_it)
{
    CHECK_ROWS({"0 c1 login 1001", "-"}, {"1 c2 ack login", "-"}, {"2 c1 heartbeat", "-"},
               {"3 c2 ack heartbeat", "-"}, {"4 c1 sync 42", "-"}, {"5 c2 ack sync 42", "-"});
}
END_TEST

START_TEST(the_latest_heartbeat_is_answered_and_the_earlier_stay_unanswered)
{
    CHECK_ROWS({"0 c1 heartbeat", "-"}, {"1 c1 heartbeat", "in=3"},
               {"2 c1 ack heartbeat", "to=2 rt=1"}, {"3 c1 ack heartbeat", "-"});
}
END_TEST

START_TEST(syncs_of_a_session_are_answered_first_in_first_out)
{
    CHECK_ROWS({"0 c1 sync 42", "in=4"}, {"1 c1 sync 43", "in=5"}, {"2 c1 sync 42", "in=6"},
               {"3 c1 ack sync 42", "to=1 rt=3"}, {"4 c1 ack sync 43 code=9", "to=2 rt=3"},
               {"5 c1 ack sync 42", "to=3 rt=3"}, {"6 c1 ack sync 42", "-"});
}
END_TEST

START_TEST(acks_of_what_is_no_request_pair_with_nothing)
{
    CHECK_ROWS({"0 c1 login 1001", "-"}, {"1 c1 ack type77 code=2", "-"}, {"2 c1 ack ack", "-"},
               {"3 c1 type99", "-"});
}
END_TEST

/* ---- UP ---- */

START_TEST(every_ack_points_to_the_first_sending_and_repeats_share_its_response)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "in=3"}, {"1 c1 up 42/1 a", "dup=1 in=3"},
               {"2 c1 ack up 42/1 msg=90", "to=1 rt=2"}, {"3 c1 up 42/1 a", "dup=1 in=3"},
               {"4 c1 ack up 42/1 msg=90", "to=1 rt=4"});
}
END_TEST

START_TEST(an_ack_needs_the_ids_and_the_session)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "unacked"}, {"1 c1 ack up 43/1 msg=90", "-"},
               {"2 c1 ack up 42/2 msg=90", "-"});
}
END_TEST

START_TEST(across_reconn_an_ack_answers_an_up_of_the_old_connection)
{
    CHECK_ROWS({"0 c1 login 1001", "in=2 next=4"}, {"1 c1 ack login conn=7", "to=1 rt=1"},
               {"2 c1 up 42/1 a", "in=5"}, {"3 c2 reconn 7", "prev=1"},
               {"9 c2 ack up 42/1 msg=90", "to=3 rt=7"});
}
END_TEST

START_TEST(a_refusal_with_code_10_pairs_with_nothing)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "in=5"}, {"1 c1 up 42/5 b", "gap=2-4 unacked"},
               {"2 c1 ack up 42/1 code=10", "-"}, {"3 c1 ack up 42/5 code=10", "-"},
               {"4 c1 ack up 42/1 msg=9", "to=1 rt=4"});
}
END_TEST

START_TEST(other_refusals_pair_by_their_ids)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "in=2"}, {"1 c1 ack up 42/1 code=12", "to=1 rt=1"},
               {"2 c1 up 42/1 a", "dup=1 in=2"}, {"3 c1 ack up 42/1 msg=9", "to=1 rt=3"});
}
END_TEST

START_TEST(a_refusal_of_an_up_sent_before_its_login)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "in=3"}, {"1 c1 login 1001", "-"},
               {"2 c1 ack up 42/1 code=6", "to=1 rt=2"});
}
END_TEST

START_TEST(a_conflicting_frame_pairs_with_nothing)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "in=3"}, {"1 c1 up 42/1 b", "conflict"},
               {"2 c1 ack up 42/1 msg=9", "to=1 rt=2"}, {"3 c2 push 42/1 a", "in=6"},
               {"4 c2 push 42/1 b", "conflict"}, {"5 c2 ack push 42/1", "to=4 rt=2"});
}
END_TEST

/* ---- PUSH ---- */

START_TEST(an_ack_covers_every_push_up_to_its_id_and_responds_to_one)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "in=5"}, {"1 c1 push 42/2 a", "in=5"},
               {"2 c1 push 42/3 a", "in=6"}, {"3 c1 push 43/1 a", "unacked"},
               {"4 c1 ack push 42/2", "to=2 rt=3"}, {"5 c1 ack push 42/3", "to=3 rt=3"});
}
END_TEST

START_TEST(an_ack_may_cover_without_responding)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "in=2"}, {"1 c1 ack push 42/7", "-"});
}
END_TEST

START_TEST(a_repeated_push_and_further_acks)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "in=3"}, {"1 c1 push 42/1 a", "dup=1 in=3"},
               {"2 c1 ack push 42/1", "to=1 rt=2"}, {"3 c1 push 42/1 a", "dup=1 in=3"},
               {"4 c1 ack push 42/1", "to=1 rt=4"});
}
END_TEST

START_TEST(the_refusal_of_a_push_speaks_of_that_one_only)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 push 42/2 a", "in=3"},
               {"2 c1 ack push 42/2 code=13", "to=2 rt=1"});
}
END_TEST

/* The ACK came first, but says of message 2 that it has arrived. */
START_TEST(a_push_that_an_ack_has_covered_is_not_unacked)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "in=3"}, {"1 c1 push 42/3 a", "gap=2-2 in=3"},
               {"2 c1 ack push 42/3", "to=2 rt=1"}, {"3 c1 push 42/2 a", "late-id fills=2"},
               {"4 c1 push 42/4 a", "unacked"});
}
END_TEST

START_TEST(what_was_covered_stays_covered)
{
    CHECK_ROWS({"0 c1 ack push 42/9", "-"}, {"1 c1 ack push 42/3", "-"}, {"2 c1 push 42/7 a", "-"},
               {"3 c1 push 42/10 a", "gap=8-9 unacked"});
}
END_TEST

START_TEST(a_covered_push_still_gets_the_response_that_comes)
{
    CHECK_ROWS({"0 c1 ack push 42/3", "-"}, {"1 c1 push 42/2 a", "in=3"},
               {"2 c1 ack push 42/2", "to=2 rt=1"});
}
END_TEST

/* ---- unacked ---- */

START_TEST(only_the_first_sending_is_unacked)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "unacked"}, {"1 c1 up 42/1 a", "dup=1"},
               {"2 c1 up 42/1 b", "conflict"}, {"3 c1 push 42/1 a", "unacked"},
               {"4 c1 push 42/1 a", "dup=4"}, {"5 c1 heartbeat", "-"});
}
END_TEST

START_TEST(unacked_is_withheld_when_the_answer_may_be_missing)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "-"}, {"1 c1 push 42/1 a", "unacked"}, {"2 c1 loss down", ""},
               {"3 c1 up 42/2 a", "unacked"});
}
END_TEST

START_TEST(unacked_is_withheld_when_the_answer_may_be_missing_on_another_connection)
{
    CHECK_ROWS({"0 c1 login 1001", "-"}, {"1 c2 login 1001", "-"}, {"2 c3 login 1002", "-"},
               {"3 c1 up 42/1 a", "-"}, {"4 c3 up 42/1 a", "unacked"}, {"5 c2 loss down", ""});
}
END_TEST

/* The peer acknowledged bytes that were never captured, or only one direction was. */
START_TEST(unacked_is_withheld_when_nothing_follows_the_missing_bytes)
{
    CHECK_ROWS({"0 c1 login 1001", "-"}, {"1 c1 up 42/1 a", "-"}, {"2 c1 push 42/1 a", "unacked"},
               {"3 c1 up 42/2 a", "-"}, {"4 c1 loss down", ""});
}
END_TEST

START_TEST(unacked_is_withheld_when_the_answer_came_before_the_device_was_known)
{
    CHECK_ROWS({"0 c1 login 1001", "in=2 next=6"}, {"0 c1 ack login conn=7", "to=1 rt=0"},
               {"0 c1 up 42/1 a", "-"}, {"0 c1 push 42/1 a", "unacked"}, {"1 c2 loss down", ""},
               {"2 c2 reconn 7", "prev=1"}, {"3 c1 up 42/2 a", "unacked"});
}
END_TEST

START_TEST(unacked_is_said_once_the_missing_bytes_have_come)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "unacked"}, {"1 c1 loss down", ""}, {"2 c1 up 42/2 a", "in=5"},
               {"3 c1 heartbeat", "-"}, {"4 c1 ack up 42/2 msg=1", "was-missing to=3 rt=2"},
               {"5 c1 filled 2", ""});
}
END_TEST

START_TEST(unacked_is_withheld_by_every_loss_that_remains)
{
    CHECK_ROWS({"0 c1 login 1001", "-"}, {"0 c1 up 42/1 a", "-"}, {"1 c1 loss down", ""},
               {"2 c1 up 42/2 a", "-"}, {"3 c1 loss down", ""}, {"4 c1 up 42/3 a", "unacked"},
               {"5 c1 loss down", ""}, {"6 c1 filled 7", ""}, {"7 c2 login 1001", "-"},
               {"7 c2 loss down", ""}, {"8 c2 filled 10", ""}, {"9 c1 filled 3", ""});
}
END_TEST

/* Which device went on there is not known: it may be any. */
START_TEST(unacked_is_withheld_if_a_reconn_was_not_captured)
{
    CHECK_ROWS({"0 c1 login 1001", "-"}, {"1 c1 push 42/1 a", "-"}, {"1 m3 push 0/0 a", "-"},
               {"2 c2 ack reconn conn=8", "-"}, {"3 c1 push 42/2 a", "unacked"},
               {"4 c2 ack reconn conn=8", "-"});
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c2 ack reconn conn=8 code=8", "-"},
               {"2 m3 ack reconn conn=9", "-"}, {"3 c4 loss up", ""},
               {"4 c4 ack reconn conn=10", "-"}, {"5 c4 reconn 99", "was-missing"},
               {"6 c4 filled 4", ""}, {"7 c5 login 1001", "-"}, {"8 c5 ack reconn conn=11", "-"});
}
END_TEST

/* ---- the ACK was captured before its request ---- */

START_TEST(an_up_after_its_ack)
{
    CHECK_ROWS({"0 c1 ack up 42/1 msg=7", "-"}, {"1 c1 up 42/1 a", "in=5 for=4"},
               {"2 c1 up 42/1 a", "dup=2 in=5"}, {"3 c2 push 42/7 a", "of=2 dt=2 unacked"},
               {"4 c1 ack up 42/1 msg=8", "to=2 rt=3"}, {"5 c1 up 43/1 a", "unacked"});
}
END_TEST

/* Neither a conflict nor a repeat is what the ACK waits for. */
START_TEST(an_up_after_a_refusal_of_it)
{
    CHECK_ROWS({"0 c1 ack up 42/1 code=12", "-"}, {"1 c1 up 42/1 a", "-"},
               {"2 c1 up 42/1 b", "conflict"}, {"3 c1 ack up 42/2 code=10", "-"},
               {"4 c1 up 42/2 a", "unacked"});
}
END_TEST

START_TEST(an_up_after_its_ack_and_the_login_of_both)
{
    CHECK_ROWS({"0 c1 loss up", ""}, {"1 c1 ack up 42/1 msg=7", "-"},
               {"2 c1 login 1001", "was-missing"}, {"3 c1 up 42/1 a", "-"}, {"3 c1 filled 1", ""});
}
END_TEST

/* The ACK covers what is below, but which ACK that was is not kept. */
START_TEST(a_push_after_its_ack)
{
    CHECK_ROWS({"0 c1 ack push 42/2", "-"}, {"1 c1 push 42/1 a", "-"}, {"2 c1 push 42/2 a", "-"},
               {"3 c1 push 42/3 a", "in=5"}, {"4 c1 ack push 42/3 code=3", "to=4 rt=1"});
}
END_TEST

START_TEST(an_up_of_the_variant_after_its_ack)
{
    CHECK_ROWS({"0 m1 ack up 0/1", "-"}, {"1 m1 up roomA/1 a", "-"}, {"2 m1 up roomB/1 a", "in=4"},
               {"3 m1 ack up 0/1", "to=3 rt=1"});
}
END_TEST

START_TEST(a_request_without_id_comes_soon_after_its_ack)
{
    CHECK_ROWS({"0 c1 loss up", ""}, {"1 c1 ack sync 42", "-"}, {"3001 c1 sync 42", "missing"},
               {"3002 c1 ack sync 42", "-"}, {"6003 c1 sync 42", "-"});
}
END_TEST

/* Without an id they belong together only if the request may be among missing bytes, and soon. */
START_TEST(requests_without_id_after_their_ack)
{
    CHECK_ROWS({"0 c1 loss up", ""}, {"1 c1 ack login conn=7", "-"},
               {"2 c1 login 1001", "was-missing next=14"}, {"3 c1 ack sync 42", "-"},
               {"3 c1 sync 42", "-"}, {"4 c1 sync 42", "in=7"}, {"5 c1 ack sync 42", "to=6 rt=1"},
               {"6 c1 ack heartbeat", "-"}, {"4000 c1 heartbeat", "in=10"},
               {"4001 c1 ack heartbeat", "to=9 rt=1"}, {"4002 c1 filled 1", ""},
               {"4003 c1 ack sync 42", "-"}, {"4004 c1 sync 42", "-"},
               {"4005 c2 reconn 7", "prev=3"});
}
END_TEST

/* ---- time ---- */

START_TEST(a_slow_response_stands_on_the_ack)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "in=2"}, {"1000 c1 ack up 42/1 msg=1", "to=1 rt=1000"},
               {"1001 c1 ack up 42/1 msg=1", "to=1 rt=1001 slow"}, {"2000 c1 heartbeat", "in=5"},
               {"4000 c1 ack heartbeat", "to=4 rt=2000 slow"});
}
END_TEST

START_TEST(a_heartbeat_is_late_behind_one_and_a_half_intervals_of_silence)
{
    CHECK_ROWS({"0 c1 heartbeat", "-"}, {"45000 c1 heartbeat", "-"}, {"90001 c1 heartbeat", "late"},
               {"91000 c1 up 42/1 a", "unacked"}, {"135999 c1 heartbeat", "-"},
               {"135999 c1 push 42/9 a", "unacked"}, {"200000 c1 heartbeat", "late"});
}
END_TEST

START_TEST(a_heartbeat_is_not_late_when_nothing_is_known_of_the_time_before)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "-"}, {"90000 c1 heartbeat", "-"}, {"90001 c1 loss up", ""},
               {"190000 c1 heartbeat", "missing"}, {"190001 c1 loss down", ""},
               {"290000 c1 heartbeat", "late"}, {"590000 c2 heartbeat", "-"});
}
END_TEST

START_TEST(zero_turns_the_judgement_of_time_off)
{
    static const row rows[] = {{"0 c1 heartbeat", "-"},
                               {"90000 c1 heartbeat", "in=3"},
                               {"990000 c1 ack heartbeat", "to=2 rt=900000"}};
    const analysis_config off = {0, 0};
    check_rows(rows, 3, &off, NULL);
}
END_TEST

/* ---- connections ---- */

START_TEST(reconn_points_to_the_frame_that_opened_the_old_connection)
{
    CHECK_ROWS({"0 c1 login 1001", "in=2 next=3"}, {"1 c1 ack login conn=7", "to=1 rt=1"},
               {"2 c2 reconn 7", "in=4 prev=1 next=5"}, {"3 c2 ack reconn conn=8", "to=3 rt=1"},
               {"4 c3 reconn 8", "prev=3"}, {"5 c4 reconn 99", "-"}, {"6 c5 reconn 0", "-"});
}
END_TEST

START_TEST(reconn_points_to_the_first_frame_if_the_opening_was_not_captured)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "next=3 unacked"}, {"1 c1 up 42/1 a conn=7", "unacked"},
               {"2 c2 reconn 7", "prev=1"}, {"3 c3 ack login conn=9", "next=5"},
               {"4 c4 reconn 9", "prev=4"});
}
END_TEST

START_TEST(several_reconns_of_one_connection)
{
    CHECK_ROWS({"0 c1 login 1001", "in=2 next=3"}, {"1 c1 ack login conn=7", "to=1 rt=1"},
               {"2 c2 reconn 7", "prev=1"}, {"3 c3 reconn 7", "prev=1"});
}
END_TEST

START_TEST(a_refusal_teaches_no_conn_id)
{
    CHECK_ROWS({"0 c1 login 1001", "in=2"}, {"1 c1 ack login conn=7 code=7", "to=1 rt=1"},
               {"2 c2 reconn 7", "-"});
}
END_TEST

/* What is sent again after the RECONN still names the old connection. */
START_TEST(an_up_does_not_take_a_known_conn_id_away)
{
    CHECK_ROWS({"0 c1 login 1001", "in=2 next=3"}, {"1 c1 ack login conn=7", "to=1 rt=1"},
               {"2 c2 reconn 7", "prev=1"}, {"3 c2 up 42/1 a conn=7", "unacked"},
               {"4 c3 reconn 7", "prev=1"});
}
END_TEST

START_TEST(what_is_known_of_a_connection)
{
    static const char *const lines[] = {"0 c1 login 1001", "1 c1 ack login conn=7", "2 c2 reconn 7",
                                        "3 c2 ack reconn conn=8", "4 c3 up 42/1 a conn=9"};
    analysis_state *a = analysis_new(NULL, NULL);
    ck_assert_uint_eq(analysis_get_identity(a, 1).device_id, 0);
    for (uint32_t i = 0; i < 5; i++) {
        const event e = event_parse(lines[i]);
        ck_assert_ptr_nonnull(feed_event(a, &e, i + 1, NULL));
    }
    ck_assert_uint_eq(analysis_get_identity(a, 1).device_id, 1001);
    ck_assert_uint_eq(analysis_get_identity(a, 1).conn_id, 7);
    ck_assert_uint_eq(analysis_get_identity(a, 2).device_id, 1001);
    ck_assert_uint_eq(analysis_get_identity(a, 2).conn_id, 8);
    ck_assert_uint_eq(analysis_get_identity(a, 3).device_id, 0);
    ck_assert_uint_eq(analysis_get_identity(a, 3).conn_id, 9);
    ck_assert_uint_eq(analysis_get_identity(a, 4).conn_id, 0);
    analysis_free(a);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        logins_and_reconns_are_answered_first_in_first_out,
        requests_of_a_connection_are_answered_on_it,
        the_latest_heartbeat_is_answered_and_the_earlier_stay_unanswered,
        syncs_of_a_session_are_answered_first_in_first_out,
        acks_of_what_is_no_request_pair_with_nothing,
        every_ack_points_to_the_first_sending_and_repeats_share_its_response,
        an_ack_needs_the_ids_and_the_session,
        across_reconn_an_ack_answers_an_up_of_the_old_connection,
        a_refusal_with_code_10_pairs_with_nothing,
        other_refusals_pair_by_their_ids,
        a_refusal_of_an_up_sent_before_its_login,
        a_conflicting_frame_pairs_with_nothing,
        an_ack_covers_every_push_up_to_its_id_and_responds_to_one,
        an_ack_may_cover_without_responding,
        a_repeated_push_and_further_acks,
        the_refusal_of_a_push_speaks_of_that_one_only,
        a_push_that_an_ack_has_covered_is_not_unacked,
        what_was_covered_stays_covered,
        a_covered_push_still_gets_the_response_that_comes,
        only_the_first_sending_is_unacked,
        unacked_is_withheld_when_the_answer_may_be_missing,
        unacked_is_withheld_when_the_answer_may_be_missing_on_another_connection,
        unacked_is_withheld_when_nothing_follows_the_missing_bytes,
        unacked_is_withheld_when_the_answer_came_before_the_device_was_known,
        unacked_is_said_once_the_missing_bytes_have_come,
        unacked_is_withheld_by_every_loss_that_remains,
        unacked_is_withheld_if_a_reconn_was_not_captured,
        an_up_after_its_ack,
        an_up_after_a_refusal_of_it,
        an_up_after_its_ack_and_the_login_of_both,
        a_push_after_its_ack,
        an_up_of_the_variant_after_its_ack,
        a_request_without_id_comes_soon_after_its_ack,
        requests_without_id_after_their_ack,
        a_slow_response_stands_on_the_ack,
        a_heartbeat_is_late_behind_one_and_a_half_intervals_of_silence,
        a_heartbeat_is_not_late_when_nothing_is_known_of_the_time_before,
        zero_turns_the_judgement_of_time_off,
        reconn_points_to_the_frame_that_opened_the_old_connection,
        reconn_points_to_the_first_frame_if_the_opening_was_not_captured,
        several_reconns_of_one_connection,
        a_refusal_teaches_no_conn_id,
        an_up_does_not_take_a_known_conn_id_away,
        what_is_known_of_a_connection,
    };
    return RUN_TESTS("analysis: transactions", tests);
}
