/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TEST_CORE_H
#define PLATO_TEST_CORE_H

#include <check.h>

/* test_core_limits.c: limits, times and refusals. */
Suite *limits_suite(void);

/* test_core_abuse.c: what one peer may not do to the others. */
Suite *abuse_suite(void);

/* test_core_flight.c: PUSHes in flight. */
Suite *flight_suite(void);

/* test_core_stored.c: what waits for the store, and what comes back from it. */
Suite *stored_suite(void);

#endif
