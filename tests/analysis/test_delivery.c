/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the UP to its PUSHes, through the msg_id in its ACK. */
#include "run_history.h"
#include "run_tests.h"

START_TEST(an_up_becomes_a_push_for_every_other_member)
{
    CHECK_ROWS({"0 c1 up 42/1 hi", "in=2 for=3,4"}, {"5 c1 ack up 42/1 msg=90", "to=1 rt=5"},
               {"6 c2 push 42/90 hi", "of=1 dt=6 unacked"},
               {"9 c3 push 42/90 hi", "of=1 dt=9 unacked"});
}
END_TEST

START_TEST(a_push_may_come_before_the_ack_that_explains_it)
{
    CHECK_ROWS({"0 c1 up 42/1 hi", "in=4 for=2,3,5"}, {"3 c2 push 42/90 hi", "of=1 dt=3 unacked"},
               {"4 c3 push 42/90 hi", "of=1 dt=4 unacked"},
               {"5 c1 ack up 42/1 msg=90", "to=1 rt=5"},
               {"6 c4 push 42/90 hi", "of=1 dt=6 unacked"});
}
END_TEST

START_TEST(a_repeated_push_is_a_delivery_as_well)
{
    CHECK_ROWS({"0 c1 up 42/1 hi", "in=2 for=3,4"}, {"1 c1 ack up 42/1 msg=90", "to=1 rt=1"},
               {"2 c2 push 42/90 hi", "of=1 dt=2 unacked"},
               {"9 c2 push 42/90 hi", "dup=3 of=1 dt=9"});
}
END_TEST

START_TEST(time_counts_from_the_first_sending)
{
    CHECK_ROWS({"0 c1 up 42/1 hi", "in=3 for=4"}, {"1000 c1 up 42/1 hi", "dup=1 in=3"},
               {"1001 c1 ack up 42/1 msg=90", "to=1 rt=1001 slow"},
               {"1005 c2 push 42/90 hi", "of=1 dt=1005 unacked"});
}
END_TEST

START_TEST(session_msg_id_and_content_must_agree)
{
    CHECK_ROWS({"0 c1 up 42/1 hi", "in=2"}, {"1 c1 ack up 42/1 msg=90", "to=1 rt=1"},
               {"2 c2 push 43/90 hi", "unacked"}, {"3 c2 push 42/90 ho", "unacked"},
               {"4 c3 push 42/91 hi", "unacked"});
}
END_TEST

/* The server took the second content: the PUSH shows it. */
START_TEST(of_conflicting_sendings_the_first_with_the_content_of_the_push)
{
    CHECK_ROWS({"0 c1 up 42/1 one", "in=4 for=6"}, {"1 c1 up 42/1 two", "conflict for=5"},
               {"2 c1 up 42/1 two", "conflict"}, {"3 c1 ack up 42/1 msg=90", "to=1 rt=3"},
               {"4 c2 push 42/90 two", "of=2 dt=3 unacked"},
               {"5 c3 push 42/90 one", "of=1 dt=5 unacked"});
}
END_TEST

START_TEST(refusals_deliver_nothing)
{
    CHECK_ROWS({"0 c1 up 42/1 hi", "in=2 for=4"}, {"1 c1 ack up 42/1 msg=90 code=12", "to=1 rt=1"},
               {"2 c2 push 42/90 hi", "unacked"}, {"3 c2 push 42/91 hi", "of=1 dt=3 unacked"},
               {"4 c1 ack up 42/1 msg=91", "to=1 rt=4"});
}
END_TEST

START_TEST(an_up_explains_only_what_comes_after_it)
{
    CHECK_ROWS({"0 c2 push 42/90 hi", "unacked"}, {"1 c1 up 42/1 hi", "in=3"},
               {"2 c1 ack up 42/1 msg=90", "to=2 rt=1"});
}
END_TEST

START_TEST(delivery_across_reconn)
{
    CHECK_ROWS({"0 c1 up 42/1 hi conn=7", "in=3 for=4 next=2"}, {"1 c2 reconn 7", "prev=1"},
               {"2 c2 ack up 42/1 msg=90", "to=1 rt=2"},
               {"3 c3 push 42/90 hi", "of=1 dt=3 unacked"});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_up_becomes_a_push_for_every_other_member,
        a_push_may_come_before_the_ack_that_explains_it,
        a_repeated_push_is_a_delivery_as_well,
        time_counts_from_the_first_sending,
        session_msg_id_and_content_must_agree,
        of_conflicting_sendings_the_first_with_the_content_of_the_push,
        refusals_deliver_nothing,
        an_up_explains_only_what_comes_after_it,
        delivery_across_reconn,
    };
    return RUN_TESTS("analysis: delivery", tests);
}
