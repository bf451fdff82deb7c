/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every test program in C is a list of tests, or of suites, and a call of this. */
#ifndef TESTS_SUPPORT_RUN_TESTS_H
#define TESTS_SUPPORT_RUN_TESTS_H

#include <check.h>
#include <stddef.h>

/* Runs the suites, and frees them; the result is main()'s. */
int run_suites(Suite *const *suites, size_t count);

/* The same for tests without a fixture: one suite with one case. */
int run_tests(const char *name, const TTest *const *tests, size_t count);

/* The same with `setup` before each test and `teardown` after it. */
int run_fixture_tests(const char *name, SFun setup, SFun teardown, const TTest *const *tests,
                      size_t count);

#define TESTS_OF(list) (list), sizeof(list) / sizeof((list)[0])
#define RUN_TESTS(name, tests) run_tests((name), TESTS_OF(tests))

#endif
