/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_tests.h"

#include <stdlib.h>

int run_suites(Suite *const *suites, size_t count)
{
    SRunner *runner = srunner_create(NULL);
    for (size_t i = 0; i < count; i++)
        srunner_add_suite(runner, suites[i]);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_fixture_tests(const char *name, SFun setup, SFun teardown, const TTest *const *tests,
                      size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return run_suites(&suite, 1);
}

int run_tests(const char *name, const TTest *const *tests, size_t count)
{
    return run_fixture_tests(name, NULL, NULL, tests, count);
}
