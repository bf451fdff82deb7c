/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One suite with one case: every test program is a list of tests and a call of this. */
#ifndef TESTS_UNIT_RUN_TESTS_H
#define TESTS_UNIT_RUN_TESTS_H

#include <check.h>
#include <stddef.h>

/* Runs the tests; the result is main()'s. */
int run_tests(const char *name, const TTest *const *tests, size_t count);

#define RUN_TESTS(name, tests) run_tests((name), (tests), sizeof(tests) / sizeof((tests)[0]))

#endif
