/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is different in MsgCmd framing. */
#include "run_history.h"
#include "run_tests.h"

START_TEST(counters_are_per_connection_even_with_a_login)
{
    CHECK_ROWS({"0 m1 login 1001", "in=2 next=4"}, {"1 m1 ack login conn=7", "to=1 rt=1"},
               {"2 m1 up 0/5 a", "unacked"}, {"3 m2 reconn 7", "in=5 prev=1"},
               {"4 m2 ack reconn conn=8", "to=4 rt=1"}, {"5 m2 up 0/0 b", "unacked"},
               {"6 m3 login 1001", "-"}, {"7 m3 up 0/5 a", "unacked"});
}
END_TEST

START_TEST(client_ids_begin_at_zero_and_are_judged_as_usual)
{
    CHECK_ROWS({"0 m1 up 0/0 a", "in=2"}, {"1 m1 ack up 0/0", "to=1 rt=1"},
               {"2 m1 up 0/2 a", "gap=1-1 unacked"}, {"3 m1 up 0/0 a", "dup=1 in=2"},
               {"4 m1 up 0/1 a", "late-id fills=3 unacked"}, {"5 m1 up 0/1 b", "conflict"});
}
END_TEST

START_TEST(sessions_named_by_text_count_apart)
{
    CHECK_ROWS({"0 m1 up roomA/0 a", "unacked"}, {"1 m1 up roomB/7 a", "unacked"},
               {"2 m1 up roomA/2 a", "gap=1-1 unacked"}, {"3 m1 up roomB/7 a", "dup=2"},
               {"4 m1 up 0/3 a", "unacked"});
}
END_TEST

START_TEST(an_up_is_acknowledged_by_its_client_id_on_the_connection)
{
    CHECK_ROWS({"0 m1 up roomA/3 a", "in=4"}, {"1 m1 up roomB/3 b", "in=5"},
               {"2 m2 ack up 0/3", "-"}, {"3 m1 ack up 0/3", "to=1 rt=3"},
               {"4 m1 ack up 0/3", "to=2 rt=3"}, {"5 m1 ack up 0/3", "to=2 rt=4"},
               {"6 m1 up roomC/3 c", "in=8"}, {"7 m1 ack up 0/3", "to=7 rt=1"});
}
END_TEST

START_TEST(an_ack_takes_no_part_in_the_downstream_ids)
{
    CHECK_ROWS({"0 m1 push 42/1 a", "unacked"}, {"1 m1 ack up 42/0 msg=9", "-"},
               {"2 m1 push 42/2 a", "unacked"});
}
END_TEST

START_TEST(equal_pushes_without_id_form_a_run)
{
    CHECK_ROWS({"0 m1 push 0/0 a", "in=4"}, {"1 m1 push 0/0 a", "dup=1 in=4"},
               {"2 m1 push 0/0 a", "dup=1 in=4"}, {"3 m1 ack up 0/0 by=client", "to=1 rt=3"},
               {"4 m1 push 0/0 a", "dup=1 in=4"}, {"5 m1 ack up 0/0 by=client", "to=1 rt=5"},
               {"6 m1 push 0/0 b", "in=8"}, {"7 m1 ack up 0/0 by=client", "to=7 rt=1"},
               {"8 m1 push 0/0 a", "unacked"}, {"9 m2 push 0/0 a", "unacked"});
}
END_TEST

START_TEST(an_ack_without_ids_answers_the_latest_push_only)
{
    CHECK_ROWS({"0 m1 push 0/0 a", "unacked"}, {"1 m1 push 0/0 b", "in=3"},
               {"2 m1 ack up 0/0 conn=7 by=client", "to=2 rt=1"},
               {"3 m2 ack up 0/0 by=client", "-"});
}
END_TEST

START_TEST(pushes_with_ids_are_judged_by_them)
{
    CHECK_ROWS({"0 m1 push 42/5 a", "in=5"}, {"1 m1 push 42/7 a", "gap=6-6 in=6"},
               {"2 m1 push 42/5 a", "dup=1 in=5"}, {"3 m1 push 42/7 b", "conflict"},
               {"4 m1 ack push 42/5", "to=1 rt=4"}, {"5 m1 ack push 42/7", "to=2 rt=4"},
               {"6 m1 ack push 0/0", "-"}, {"7 m1 push 42/8 a", "in=9"},
               {"8 m1 ack push 0/0", "to=8 rt=1"});
}
END_TEST

START_TEST(a_push_with_an_id_ends_a_run)
{
    CHECK_ROWS({"0 m1 push 0/0 a", "unacked"}, {"1 m1 push 42/5 a", "unacked"},
               {"2 m1 push 0/0 a", "unacked"});
}
END_TEST

/* The same type from the server is the ACK of UP number 0. */
START_TEST(the_direction_tells_what_an_ack_answers)
{
    CHECK_ROWS({"0 m1 up 0/0 a", "in=4"}, {"1 m1 push 0/0 b", "in=3"},
               {"2 m1 ack up 0/0 by=client", "to=2 rt=1"}, {"3 m1 ack up 0/0", "to=1 rt=3"});
}
END_TEST

START_TEST(nothing_is_tied_to_an_up)
{
    CHECK_ROWS({"0 m1 up 42/1 hi", "in=2"}, {"1 m1 ack up 42/1 msg=9", "to=1 rt=1"},
               {"2 m2 push 42/9 hi", "unacked"});
}
END_TEST

START_TEST(missing_bytes_withhold_unacked_on_their_connection)
{
    CHECK_ROWS({"0 m1 login 1001", "-"}, {"1 m2 login 1001", "-"}, {"2 m1 up 0/0 a", "-"},
               {"3 m2 up 0/0 a", "unacked"}, {"4 m1 loss down", ""}, {"5 m1 up 0/1 a", "unacked"});
}
END_TEST

START_TEST(a_refused_up_pairs_by_its_client_id)
{
    CHECK_ROWS({"0 m1 up 0/4 a", "in=3"}, {"1 m1 ack up 0/4 code=10", "-"},
               {"2 m1 ack up 0/4 code=1", "to=1 rt=2"});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        counters_are_per_connection_even_with_a_login,
        client_ids_begin_at_zero_and_are_judged_as_usual,
        sessions_named_by_text_count_apart,
        an_up_is_acknowledged_by_its_client_id_on_the_connection,
        an_ack_takes_no_part_in_the_downstream_ids,
        equal_pushes_without_id_form_a_run,
        an_ack_without_ids_answers_the_latest_push_only,
        pushes_with_ids_are_judged_by_them,
        a_push_with_an_id_ends_a_run,
        the_direction_tells_what_an_ack_answers,
        nothing_is_tied_to_an_up,
        missing_bytes_withhold_unacked_on_their_connection,
        a_refused_up_pairs_by_its_client_id,
    };
    return RUN_TESTS("analysis: msgcmd", tests);
}
