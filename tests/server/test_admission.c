/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Token buckets, and who may come in. Addresses and times in, yes or no out. */
#include "admission/admission.h"
#include "run_tests.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static admission_config config;
static struct admission *admission;
static uint64_t now_ms;

static void setup(void)
{
    admission_config_init(&config);
    admission = NULL;
    now_ms = 1000;
}

static void teardown(void)
{
    admission_free(admission);
}

static void start(void)
{
    admission = admission_new(&config);
}

static admission_answer enter(const char *text, struct guest **guest)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(4000)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(4000)};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return admission_enter(admission, (struct sockaddr *)&v4, now_ms, guest);
    ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return admission_enter(admission, (struct sockaddr *)&v6, now_ms, guest);
}

static struct guest *must_enter(const char *text)
{
    struct guest *guest;
    ck_assert_int_eq(enter(text, &guest), ADMISSION_YES);
    return guest;
}

static admission_answer refused(const char *text)
{
    struct guest *guest;
    const admission_answer answer = enter(text, &guest);
    ck_assert_ptr_null(guest);
    return answer;
}

/* How many of `n` events are let through. */
static unsigned take(bucket *b, const bucket_rate *rate, uint64_t at_ms, unsigned n)
{
    unsigned taken = 0;
    while (n-- > 0)
        taken += bucket_take(b, rate, at_ms);
    return taken;
}

START_TEST(bucket_gives_burst_then_rate)
{
    const bucket_rate rate = {10, 5};
    bucket b;
    bucket_init(&b, &rate, 0);
    ck_assert_uint_eq(take(&b, &rate, 0, 100), 5);
    ck_assert_uint_eq(take(&b, &rate, 99, 100), 0);
    ck_assert_uint_eq(take(&b, &rate, 100, 100), 1);
    ck_assert_uint_eq(take(&b, &rate, 350, 100), 2); /* the half of the third is not lost */
    ck_assert_uint_eq(take(&b, &rate, 400, 100), 1);
    ck_assert_uint_eq(take(&b, &rate, 100000, 100), 5); /* not more than the burst */
    ck_assert_uint_eq(take(&b, &rate, 90000, 100), 0);  /* a clock that goes back gives nothing */
}
END_TEST

/* Over a long time no event is lost or won to rounding, however often one asks. */
START_TEST(bucket_is_exact)
{
    const bucket_rate rate = {7, 1};
    bucket b;
    bucket_init(&b, &rate, 0);
    unsigned taken = take(&b, &rate, 0, 1);
    for (uint64_t t = 1; t <= 100000; t++)
        taken += take(&b, &rate, t, 1);
    ck_assert_uint_ge(taken, 1 + 700 - 1);
    ck_assert_uint_le(taken, 1 + 700);
}
END_TEST

START_TEST(bucket_extremes)
{
    const bucket_rate none = {0, 1}, large = {UINT32_MAX, UINT32_MAX};
    bucket b;
    bucket_init(&b, &none, 0);
    ck_assert_uint_eq(take(&b, &none, 0, 1000), 1000);
    ck_assert(bucket_is_full(&b, &none, 0));
    bucket_init(&b, &large, 0);
    ck_assert(bucket_take(&b, &large, 0));
    ck_assert(!bucket_is_full(&b, &large, 0));
    ck_assert(bucket_is_full(&b, &large, UINT64_MAX));
    ck_assert(bucket_take(&b, &large, UINT64_MAX));
}
END_TEST

START_TEST(all_guests_are_limited)
{
    config.max_guests = 2;
    start();
    struct guest *one = must_enter("192.0.2.1"), *two = must_enter("192.0.2.2");
    ck_assert_int_eq(refused("192.0.2.3"), ADMISSION_FULL);
    admission_leave(admission, one, now_ms);
    one = must_enter("192.0.2.3");
    admission_leave(admission, one, now_ms);
    admission_leave(admission, two, now_ms);
    const admission_stats stats = admission_get_stats(admission);
    ck_assert_uint_eq(stats.guests + stats.unproven, 0);
    ck_assert_uint_eq(stats.refused[ADMISSION_FULL], 1);
}
END_TEST

/* One subscriber: an IPv4 address however it is written, the first half of an IPv6 address. */
START_TEST(one_address_is_limited)
{
    static const struct {
        const char *first, *second;
        bool same;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
        {"0.0.0.1", "0:0:0:1::", false}, /* the same number, another family */
    };
    config.max_per_address = 1;
    start();
    struct guest *other, *guest = must_enter(rows[_i].first);
    const admission_answer answer = enter(rows[_i].second, &other);
    ck_assert_int_eq(answer, rows[_i].same ? ADMISSION_ADDRESS_FULL : ADMISSION_YES);
    admission_leave(admission, guest, now_ms);
    if (other != NULL)
        admission_leave(admission, other, now_ms);
    guest = must_enter(rows[_i].second);
    admission_leave(admission, guest, now_ms);
}
END_TEST

START_TEST(unproven_guests_are_limited)
{
    config.max_unproven = 1;
    start();
    struct guest *one = must_enter("192.0.2.1");
    ck_assert_int_eq(refused("192.0.2.2"), ADMISSION_UNPROVEN_FULL);
    admission_prove(admission, one);
    admission_prove(admission, one);
    struct guest *two = must_enter("192.0.2.2");
    ck_assert_uint_eq(admission_get_stats(admission).unproven, 1);
    admission_leave(admission, one, now_ms);
    ck_assert_uint_eq(admission_get_stats(admission).unproven, 1);
    admission_leave(admission, two, now_ms);
    ck_assert_uint_eq(admission_get_stats(admission).unproven, 0);
}
END_TEST

START_TEST(an_address_cannot_take_all_places_before_the_login)
{
    config.max_unproven = 4;
    config.max_unproven_per_address = 2;
    start();
    struct guest *one = must_enter("192.0.2.1"), *two = must_enter("192.0.2.1");
    ck_assert_int_eq(refused("192.0.2.1"), ADMISSION_UNPROVEN_FULL);
    struct guest *other = must_enter("192.0.2.2");
    admission_prove(admission, one);
    struct guest *three = must_enter("192.0.2.1");
    admission_leave(admission, two, now_ms);
    struct guest *four = must_enter("192.0.2.1");
    struct guest *all[] = {one, three, four, other};
    for (size_t i = 0; i < 4; i++)
        admission_leave(admission, all[i], now_ms);
    ck_assert_uint_eq(admission_get_stats(admission).unproven, 0);
}
END_TEST

static unsigned go_on(struct guest *guest, unsigned n)
{
    unsigned passed = 0;
    while (n-- > 0)
        passed += admission_pace(admission, guest, now_ms) == ADMISSION_GO_ON;
    return passed;
}

START_TEST(a_fast_guest_is_refused_then_let_go)
{
    config.guest_rate = (bucket_rate){10, 4};
    config.patience = (bucket_rate){1, 3};
    start();
    struct guest *guest = must_enter("192.0.2.1");
    ck_assert_uint_eq(go_on(guest, 4), 4);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(admission_pace(admission, guest, now_ms), ADMISSION_TOO_FAST);
    ck_assert_int_eq(admission_pace(admission, guest, now_ms), ADMISSION_ENOUGH);
    now_ms += 1000; /* one refusal is forgotten */
    ck_assert_uint_eq(go_on(guest, 4), 4);
    ck_assert_int_eq(admission_pace(admission, guest, now_ms), ADMISSION_TOO_FAST);
    ck_assert_int_eq(admission_pace(admission, guest, now_ms), ADMISSION_ENOUGH);
    ck_assert_uint_eq(admission_get_stats(admission).too_fast, 6);
    admission_leave(admission, guest, now_ms);
}
END_TEST

START_TEST(guests_of_an_address_share_its_rate)
{
    config.guest_rate = (bucket_rate){10, 8};
    config.address_rate = (bucket_rate){10, 10};
    start();
    struct guest *one = must_enter("2001:db8::1"), *two = must_enter("2001:db8::2");
    struct guest *far = must_enter("2001:db8:0:1::1");
    ck_assert_uint_eq(go_on(one, 100), 8); /* its own bucket: the address has 2 left */
    ck_assert_uint_eq(go_on(two, 100), 2);
    ck_assert_uint_eq(go_on(far, 100), 8);
    admission_leave(admission, one, now_ms);
    admission_leave(admission, two, now_ms);
    one = must_enter("2001:db8::3"); /* connecting anew does not fill the bucket */
    ck_assert_uint_eq(go_on(one, 100), 0);
    now_ms += 500;
    ck_assert_uint_eq(go_on(one, 100), 5);
    admission_leave(admission, one, now_ms);
    admission_leave(admission, far, now_ms);
}
END_TEST

/* Whoever has very many addresses fills the table to its limit, and no further. */
START_TEST(the_table_is_bounded)
{
    char text[64];
    config.max_idle_addresses = 100;
    config.address_rate = (bucket_rate){1, 10};
    start();
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(text, sizeof text, "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
        struct guest *guest = must_enter(text);
        ck_assert_uint_eq(go_on(guest, 5), 5); /* the bucket stays to be remembered */
        admission_leave(admission, guest, now_ms);
        ck_assert_uint_le(admission_get_stats(admission).addresses, 101);
    }
    now_ms += 10000; /* all buckets are full: each who enters takes old ones with it */
    for (unsigned i = 0; i < 50; i++)
        admission_leave(admission, must_enter("192.0.2.1"), now_ms);
    ck_assert_uint_le(admission_get_stats(admission).addresses, 2);
}
END_TEST

static Suite *admission_suite(void)
{
    Suite *suite = suite_create("admission");
    TCase *tcase = tcase_create("buckets");
    tcase_add_test(tcase, bucket_gives_burst_then_rate);
    tcase_add_test(tcase, bucket_is_exact);
    tcase_add_test(tcase, bucket_extremes);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("guests");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, all_guests_are_limited);
    tcase_add_loop_test(tcase, one_address_is_limited, 0, 6);
    tcase_add_test(tcase, unproven_guests_are_limited);
    tcase_add_test(tcase, an_address_cannot_take_all_places_before_the_login);
    tcase_add_test(tcase, a_fast_guest_is_refused_then_let_go);
    tcase_add_test(tcase, guests_of_an_address_share_its_rate);
    tcase_add_test(tcase, the_table_is_bounded);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    Suite *const suites[] = {admission_suite()};
    return run_suites(TESTS_OF(suites));
}
