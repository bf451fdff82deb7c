/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids: holes, repeats, conflicts, order, scopes, and what the capture itself lacks. */
#include "run_history.h"
#include "run_tests.h"

/* ---- ids ---- */

START_TEST(ids_in_order_say_nothing)
{
    CHECK_ROWS({"0 c1 push 42/7 a", "unacked"}, {"1 c1 push 42/8 b", "unacked"},
               {"2 c1 push 42/9 c", "unacked"});
}
END_TEST

START_TEST(skipped_ids_are_a_gap)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "unacked"}, {"1 c1 up 42/3 b", "gap=2-2 unacked"},
               {"2 c1 up 42/10 c", "gap=4-9 unacked"});
}
END_TEST

START_TEST(a_gap_is_filled_from_either_end_and_from_the_middle)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 push 42/9 a", "gap=2-8 unacked"},
               {"2 c1 push 42/5 a", "late-id fills=2 unacked"},
               {"3 c1 push 42/2 a", "late-id fills=2 unacked"},
               {"4 c1 push 42/8 a", "late-id fills=2 unacked"},
               {"5 c1 push 42/6 a", "late-id fills=2 unacked"},
               {"6 c1 push 42/7 a", "late-id fills=2 unacked"},
               {"7 c1 push 42/4 a", "late-id fills=2 unacked"},
               {"8 c1 push 42/3 a", "late-id fills=2 unacked"}, {"9 c1 push 42/3 a", "dup=9"},
               {"9 c1 ack up 42/1 msg=5", "-"}, {"9 c1 push 42/10 a", "unacked"});
}
END_TEST

START_TEST(each_gap_names_its_own_frame)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "unacked"}, {"1 c1 up 42/3 a", "gap=2-2 unacked"},
               {"2 c1 up 42/6 a", "gap=4-5 unacked"}, {"3 c1 up 42/4 a", "late-id fills=3 unacked"},
               {"4 c1 up 42/2 a", "late-id fills=2 unacked"});
}
END_TEST

START_TEST(the_first_id_is_the_base_and_older_ones_get_no_verdict)
{
    CHECK_ROWS({"0 c1 up 42/100 a", "unacked"}, {"1 c1 up 42/98 b", "unacked"},
               {"2 c1 up 42/99 c", "unacked"}, {"3 c1 up 42/98 b", "dup=2"},
               {"4 c1 up 42/99 x", "conflict"}, {"5 c1 up 42/0 z", "unacked"});
}
END_TEST

START_TEST(the_extremes_of_ids)
{
    CHECK_ROWS({"0 c1 up 42/0 a", "unacked"},
               {"1 c1 up 42/18446744073709551615 a", "gap=1-18446744073709551614 unacked"},
               {"2 c1 up 42/18446744073709551614 a", "late-id fills=2 unacked"},
               {"3 c1 up 42/1 a", "late-id fills=2 unacked"}, {"4 c1 up 42/0 a", "dup=1"},
               {"5 c1 up 42/18446744073709551615 a", "dup=2"});
}
END_TEST

START_TEST(a_repeat_names_the_first_frame_of_its_id)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "unacked"}, {"1 c1 up 42/1 a", "dup=1"},
               {"2 c1 up 42/1 a", "dup=1"});
}
END_TEST

/* Frame 3 repeats frame 2, but it is the first frame that counts. */
START_TEST(content_is_compared_with_the_first_frame_of_the_id)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 push 42/1 b", "conflict"},
               {"2 c1 push 42/1 b", "conflict"}, {"3 c1 push 42/1 a", "dup=1"});
}
END_TEST

START_TEST(the_head_of_a_repeat_may_differ)
{
    CHECK_ROWS({"0 c1 up 42/1 a conn=7", "unacked"}, {"1 c1 up 42/1 a conn=8", "dup=1"});
}
END_TEST

/* ---- ACK(UP) among the downstream ids ---- */

START_TEST(the_ack_of_an_up_takes_part_in_the_downstream_ids)
{
    CHECK_ROWS({"0 c1 push 42/90 a", "unacked"}, {"1 c1 up 42/1 b", "in=3"},
               {"2 c1 ack up 42/1 msg=91", "to=2 rt=1"}, {"3 c1 push 42/92 c", "unacked"});
}
END_TEST

START_TEST(an_ack_of_an_up_may_skip_and_fill_but_is_no_message)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 ack up 42/5 msg=4", "gap=2-3"},
               {"2 c1 ack up 42/4 msg=2", "fills=2"}, {"3 c1 ack up 42/4 msg=2", "-"},
               {"4 c1 push 42/3 b", "late-id fills=2 unacked"}, {"5 c1 ack up 42/1 msg=0", "-"});
}
END_TEST

/* An id that only an ACK has shown has no content to compare with. */
START_TEST(a_push_under_an_id_that_an_ack_has_shown)
{
    CHECK_ROWS({"0 c1 ack up 42/1 msg=5", "-"}, {"1 c1 ack up 42/2 msg=6", "-"},
               {"2 c1 push 42/5 a", "unacked"}, {"3 c1 push 42/5 a", "dup=3"},
               {"4 c1 push 42/5 b", "conflict"});
}
END_TEST

START_TEST(a_refusal_takes_no_part_in_the_downstream_ids)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 ack up 42/1 msg=50 code=12", "-"},
               {"2 c1 push 42/2 b", "unacked"});
}
END_TEST

/* ---- scopes ---- */

START_TEST(sessions_and_directions_count_apart)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "unacked"}, {"1 c1 up 43/9 a", "unacked"},
               {"2 c1 push 42/70 a", "unacked"}, {"3 c1 up 42/2 a", "unacked"},
               {"4 c1 push 43/5 a", "unacked"}, {"5 c1 up 43/11 a", "gap=10-10 unacked"});
}
END_TEST

START_TEST(before_a_login_is_seen_connections_count_apart)
{
    CHECK_ROWS({"0 c1 up 42/1 a", "unacked"}, {"1 c2 up 42/1 b", "unacked"},
               {"2 c1 up 42/2 a", "unacked"}, {"3 c2 up 42/5 b", "gap=2-4 unacked"});
}
END_TEST

START_TEST(devices_count_apart_and_a_second_login_goes_on_counting)
{
    CHECK_ROWS({"0 c1 login 1001", "-"}, {"1 c1 up 42/1 a", "unacked"}, {"2 c2 login 1002", "-"},
               {"3 c2 up 42/1 b", "unacked"}, {"4 c3 login 1001", "-"}, {"5 c3 up 42/1 a", "dup=2"},
               {"6 c3 up 42/3 a", "gap=2-2 unacked"},
               {"7 c1 up 42/2 a", "late-id fills=7 unacked"});
}
END_TEST

START_TEST(the_last_login_of_a_connection_decides_whatever_its_ack)
{
    CHECK_ROWS({"0 c1 login 1001", "in=2"}, {"1 c1 ack login code=7", "to=1 rt=1"},
               {"2 c1 up 42/1 a", "unacked"}, {"3 c1 login 1002", "-"},
               {"4 c1 up 42/1 b", "unacked"}, {"5 c1 login 1001", "-"},
               {"6 c1 up 42/3 a", "gap=2-2 unacked"});
}
END_TEST

START_TEST(a_login_without_device_id_counts_by_connection)
{
    CHECK_ROWS({"0 c1 login 0", "-"}, {"1 c1 up 42/1 a", "unacked"}, {"2 c2 login 0", "-"},
               {"3 c2 up 42/1 b", "unacked"});
}
END_TEST

START_TEST(counting_goes_on_across_reconn)
{
    CHECK_ROWS({"0 c1 login 1001", "in=2 next=5"}, {"1 c1 ack login conn=7", "to=1 rt=1"},
               {"2 c1 up 42/1 a", "unacked"}, {"3 c1 push 42/90 b", "unacked"},
               {"4 c2 reconn 7", "in=6 prev=1"}, {"5 c2 ack reconn conn=8", "to=5 rt=1"},
               {"6 c2 up 42/1 a", "dup=3"}, {"7 c2 push 42/92 b", "gap=91-91 unacked"});
}
END_TEST

/* No LOGIN was captured: the scope of the connection itself is handed on. */
START_TEST(counting_goes_on_across_reconn_of_an_unknown_device)
{
    CHECK_ROWS({"0 c1 up 42/5 a conn=7", "next=2 unacked"}, {"1 c2 reconn 7", "prev=1"},
               {"2 c2 up 42/5 a", "dup=1"}, {"3 c2 up 42/7 b", "gap=6-6 unacked"});
}
END_TEST

START_TEST(a_reconn_to_an_unknown_connection_starts_anew)
{
    CHECK_ROWS({"0 c1 up 42/5 a", "unacked"}, {"1 c2 reconn 7", "-"},
               {"2 c2 up 42/9 b", "unacked"});
}
END_TEST

/* ---- bytes that the capture lacks ---- */

START_TEST(the_first_frame_behind_a_loss_says_so)
{
    CHECK_ROWS({"0 c1 heartbeat", "in=4"}, {"1 c1 loss up", ""}, {"1 c1 loss up", ""},
               {"2 c1 ack heartbeat", "to=1 rt=2"}, {"3 c1 heartbeat", "missing"},
               {"4 c1 heartbeat", "-"}, {"5 c2 loss down", ""}, {"6 c2 heartbeat", "in=9"},
               {"7 c2 ack heartbeat", "missing to=8 rt=1"});
}
END_TEST

START_TEST(the_first_hole_of_each_session_behind_a_loss_is_the_captures)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 push 43/1 a", "unacked"},
               {"2 c1 loss down", ""}, {"3 c1 push 42/4 a", "missing unacked"},
               {"4 c1 push 43/4 a", "unacked"}, {"5 c1 push 42/6 a", "gap=5-5 unacked"},
               {"6 c1 push 43/6 a", "gap=5-5 unacked"});
}
END_TEST

START_TEST(an_id_that_fills_a_hole_of_the_captures_gets_no_verdict)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""},
               {"2 c1 push 42/5 a", "missing unacked"}, {"3 c1 push 42/3 a", "unacked"},
               {"4 c1 push 42/2 a", "unacked"}, {"5 c1 push 42/2 a", "dup=5"},
               {"6 c1 ack up 42/9 msg=4", "-"});
}
END_TEST

START_TEST(only_the_first_id_behind_a_loss_may_have_its_hole)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""},
               {"2 c1 push 42/2 a", "missing unacked"}, {"3 c1 push 42/4 a", "gap=3-3 unacked"});
}
END_TEST

/* It shows nothing of what was sent after the highest id. */
START_TEST(a_repeat_or_a_late_id_leaves_the_hole_to_the_next)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"0 c1 push 42/3 a", "gap=2-2 unacked"},
               {"1 c1 loss down", ""}, {"2 c1 push 42/3 a", "missing dup=2"},
               {"2 c1 push 42/2 a", "late-id fills=2 unacked"}, {"2 c1 push 42/0 a", "unacked"},
               {"3 c1 push 42/5 a", "unacked"}, {"4 c1 push 42/7 a", "gap=6-6 unacked"});
}
END_TEST

START_TEST(a_loss_concerns_its_direction_only)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 up 42/1 a", "-"}, {"2 c1 loss down", ""},
               {"3 c1 up 42/3 a", "gap=2-2 unacked"}, {"4 c1 push 42/3 a", "missing unacked"});
}
END_TEST

START_TEST(a_loss_concerns_all_connections_of_the_device)
{
    CHECK_ROWS({"0 c1 login 1001", "-"}, {"1 c1 up 42/1 a", "unacked"}, {"2 c1 loss up", ""},
               {"3 c2 login 1001", "-"}, {"4 c2 up 42/4 a", "unacked"},
               {"5 c2 up 42/6 a", "gap=5-5 unacked"});
}
END_TEST

/* ---- bytes that come late ---- */

/* As sent: push 1, 2, 3, 4. */
START_TEST(reordering_alone_leaves_nothing)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""},
               {"2 c1 push 42/4 a", "was-missing unacked"}, {"3 c1 push 42/2 a", "unacked"},
               {"3 c1 push 42/3 a", "unacked"}, {"3 c1 filled 2", ""},
               {"4 c1 push 42/5 a", "unacked"});
}
END_TEST

START_TEST(what_did_not_come_with_the_late_bytes_is_a_gap)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""},
               {"2 c1 push 42/5 a", "was-missing later-gap=3-4 unacked"},
               {"3 c1 push 42/2 a", "unacked"}, {"3 c1 filled 2", ""},
               {"4 c1 push 42/3 a", "late-id fills=3 unacked"});
}
END_TEST

/* As sent: 1, 3, 5, 8. The gaps are of the frames that have them in that order. */
START_TEST(a_late_frame_has_the_gap_before_it)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""},
               {"2 c1 push 42/8 a", "was-missing later-gap=6-7 unacked"},
               {"3 c1 push 42/3 a", "later-gap=2-2 unacked"},
               {"3 c1 push 42/5 a", "later-gap=4-4 unacked"}, {"3 c1 filled 2", ""},
               {"4 c1 push 42/4 a", "late-id fills=5 unacked"},
               {"4 c1 push 42/6 a", "late-id fills=3 unacked"},
               {"4 c1 push 42/2 a", "late-id fills=4 unacked"});
}
END_TEST

START_TEST(an_ack_of_an_up_comes_late_as_well)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""},
               {"2 c1 push 42/9 a", "was-missing later-gap=5-8 unacked"},
               {"3 c1 ack up 42/7 msg=4", "later-gap=2-3"}, {"3 c1 filled 2", ""});
}
END_TEST

START_TEST(a_hole_is_excused_as_long_as_one_loss_remains)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""}, {"1 c1 loss down", ""},
               {"2 c1 push 42/3 a", "missing unacked"}, {"3 c1 filled 3", ""},
               {"4 c1 push 43/1 a", "unacked"}, {"5 c1 loss down", ""},
               {"6 c1 push 43/3 a", "was-missing later-gap=2-2 unacked"}, {"7 c1 filled 7", ""});
}
END_TEST

START_TEST(losses_are_filled_in_any_order)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""}, {"1 c1 loss down", ""},
               {"2 c1 push 42/3 a", "was-missing later-gap=2-2 unacked"}, {"3 c1 filled 2", ""},
               {"4 c1 filled 3", ""}, {"4 c1 filled 3", ""}, {"4 c1 filled 99", ""});
}
END_TEST

/* What fills a hole, with bytes missing before it, says that the ids below it may be among them. */
START_TEST(a_loss_within_a_hole_excuses_what_is_below_it)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""},
               {"2 c1 push 42/5 a", "was-missing later-gap=4-4 unacked"}, {"3 c1 loss down", ""},
               {"4 c1 push 42/3 a", "missing unacked"}, {"5 c1 filled 2", ""});
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""},
               {"2 c1 push 42/4 a", "was-missing unacked"}, {"3 c1 loss down", ""},
               {"4 c1 push 42/3 a", "was-missing later-gap=2-2 unacked"}, {"5 c1 filled 2", ""},
               {"6 c1 filled 4", ""});
}
END_TEST

/* Then nothing was missing when the frame came. */
START_TEST(a_loss_that_was_filled_before_excuses_nothing)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"1 c1 loss down", ""}, {"2 c1 filled 2", ""},
               {"3 c1 push 42/3 a", "gap=2-2 unacked"});
}
END_TEST

START_TEST(a_session_that_did_not_speak_keeps_no_excuse)
{
    CHECK_ROWS({"0 c1 push 42/1 a", "unacked"}, {"0 c1 push 43/1 a", "unacked"},
               {"1 c1 loss down", ""}, {"2 c1 push 42/2 a", "was-missing unacked"},
               {"3 c1 filled 3", ""}, {"4 c1 push 43/3 a", "gap=2-2 unacked"});
}
END_TEST

/* A hole that had to make room is no gap later: it is not known what came of it. */
START_TEST(a_hole_that_is_forgotten_while_it_is_excused_is_no_gap)
{
    static const analysis_limits limits = {.window = 100, .max_open = 100, .holes = 1, .losses = 8};
    static const row rows[] = {{"0 c1 up 42/1 a", "unacked"},
                               {"1 c1 loss up", ""},
                               {"2 c1 up 42/5 a", "was-missing unacked"},
                               {"3 c1 up 42/7 a", "gap=6-6 unacked"},
                               {"4 c1 up 42/2 a", "unacked"},
                               {"5 c1 filled 2", ""}};
    check_rows(rows, sizeof rows / sizeof rows[0], NULL, &limits);
}
END_TEST

START_TEST(a_gap_stays_when_its_hole_is_forgotten)
{
    static const analysis_limits limits = {.window = 100, .max_open = 100, .holes = 1, .losses = 8};
    static const row rows[] = {{"0 c1 up 42/1 a", "unacked"},
                               {"1 c1 loss up", ""},
                               {"2 c1 up 42/5 a", "was-missing later-gap=2-4 unacked"},
                               {"3 c1 filled 2", ""},
                               {"4 c1 up 42/7 a", "gap=6-6 unacked"},
                               {"5 c1 up 42/2 a", "unacked"}};
    check_rows(rows, sizeof rows / sizeof rows[0], NULL, &limits);
}
END_TEST

START_TEST(only_the_last_losses_can_be_filled)
{
    static const analysis_limits limits = {
        .window = 100, .max_open = 100, .holes = 100, .losses = 2};
    static const row rows[] = {{"0 c1 push 42/1 a", "-"},      {"1 c1 loss up", ""},
                               {"2 c1 push 42/2 a", "-"},      {"3 c1 loss up", ""},
                               {"4 c1 loss up", ""},           {"5 c1 filled 2", ""},
                               {"6 c1 push 42/3 a", "unacked"}};
    check_rows(rows, sizeof rows / sizeof rows[0], NULL, &limits);
}
END_TEST

/* Most losses of a hostile capture are filled one by one, from either end. */
START_TEST(many_losses_of_one_direction)
{
    const event push = event_parse("0 c1 push 42/1 a");
    analysis_state *a = analysis_new(NULL, NULL);
    const analysis_record *r = feed_event(a, &push, 1, NULL);
    for (uint32_t round = 0; round < 2; round++) {
        uint32_t first = 0, last = 0;
        for (uint32_t n = 0; n < 60000; n++) {
            last = analysis_loss(a, 1, ANALYSIS_UPSTREAM, 1);
            first = n == 0 ? last : first;
        }
        ck_assert_uint_eq(last - first, 59999);
        for (uint32_t id = first; id < last; id++)
            analysis_loss_filled(a, round == 0 ? id : first + last - id);
        ck_assert(!analysis_is_unacked(a, r));
        analysis_loss_filled(a, round == 0 ? last : first);
        ck_assert(analysis_is_unacked(a, r));
    }
    analysis_free(a);
}
END_TEST

/* ---- a LOGIN or RECONN while bytes are missing ---- */

/* As sent: LOGIN, UP 1, UP 2 on c2. What c1 has shown of the device's ids is no gap before 2. */
START_TEST(a_login_that_comes_late)
{
    CHECK_ROWS({"0 c1 login 1001", "-"}, {"0 c1 up 42/0 a", "-"}, {"1 c2 loss up", ""},
               {"2 c2 up 42/1 a", "was-missing"}, {"3 c2 login 1001", "-"}, {"3 c2 filled 3", ""},
               {"4 c2 up 42/2 a", "unacked"}, {"5 c2 up 42/4 a", "gap=3-3 unacked"});
}
END_TEST

START_TEST(a_reconn_that_comes_late)
{
    CHECK_ROWS({"0 c1 login 1001", "in=2 next=6"}, {"0 c1 ack login conn=7", "to=1 rt=0"},
               {"0 c1 up 42/0 a", "-"}, {"1 c2 loss up", ""}, {"2 c2 up 42/1 a", "was-missing"},
               {"3 c2 reconn 7", "prev=1"}, {"3 c2 filled 4", ""}, {"4 c2 up 42/2 a", "unacked"},
               {"5 c2 up 42/4 a", "gap=3-3 unacked"});
}
END_TEST

/* Without ids before it, only the direction that lacks bytes is spared. */
START_TEST(a_login_after_missing_bytes)
{
    CHECK_ROWS({"0 c1 login 1001", "-"}, {"0 c1 up 42/0 a", "unacked"}, {"0 c1 push 42/5 a", "-"},
               {"1 c2 loss up", ""}, {"3 c2 login 1001", "missing"}, {"4 c2 up 42/2 a", "unacked"},
               {"5 c2 up 42/4 a", "gap=3-3 unacked"});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        ids_in_order_say_nothing,
        skipped_ids_are_a_gap,
        a_gap_is_filled_from_either_end_and_from_the_middle,
        each_gap_names_its_own_frame,
        the_first_id_is_the_base_and_older_ones_get_no_verdict,
        the_extremes_of_ids,
        a_repeat_names_the_first_frame_of_its_id,
        content_is_compared_with_the_first_frame_of_the_id,
        the_head_of_a_repeat_may_differ,
        the_ack_of_an_up_takes_part_in_the_downstream_ids,
        an_ack_of_an_up_may_skip_and_fill_but_is_no_message,
        a_push_under_an_id_that_an_ack_has_shown,
        a_refusal_takes_no_part_in_the_downstream_ids,
        sessions_and_directions_count_apart,
        before_a_login_is_seen_connections_count_apart,
        devices_count_apart_and_a_second_login_goes_on_counting,
        the_last_login_of_a_connection_decides_whatever_its_ack,
        a_login_without_device_id_counts_by_connection,
        counting_goes_on_across_reconn,
        counting_goes_on_across_reconn_of_an_unknown_device,
        a_reconn_to_an_unknown_connection_starts_anew,
        the_first_frame_behind_a_loss_says_so,
        the_first_hole_of_each_session_behind_a_loss_is_the_captures,
        an_id_that_fills_a_hole_of_the_captures_gets_no_verdict,
        only_the_first_id_behind_a_loss_may_have_its_hole,
        a_repeat_or_a_late_id_leaves_the_hole_to_the_next,
        a_loss_concerns_its_direction_only,
        a_loss_concerns_all_connections_of_the_device,
        reordering_alone_leaves_nothing,
        what_did_not_come_with_the_late_bytes_is_a_gap,
        a_late_frame_has_the_gap_before_it,
        an_ack_of_an_up_comes_late_as_well,
        a_hole_is_excused_as_long_as_one_loss_remains,
        losses_are_filled_in_any_order,
        a_loss_within_a_hole_excuses_what_is_below_it,
        a_loss_that_was_filled_before_excuses_nothing,
        a_session_that_did_not_speak_keeps_no_excuse,
        a_hole_that_is_forgotten_while_it_is_excused_is_no_gap,
        a_gap_stays_when_its_hole_is_forgotten,
        only_the_last_losses_can_be_filled,
        many_losses_of_one_direction,
        a_login_that_comes_late,
        a_reconn_that_comes_late,
        a_login_after_missing_bytes,
    };
    return RUN_TESTS("analysis: rules", tests);
}
