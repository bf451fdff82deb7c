/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/version.h"

#include "run_tests.h"

#include <stdio.h>

/* The library that runs is the one compiled against, and its three numbers make its text. */
START_TEST(version)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%d.%d.%d", PLATO_VERSION_MAJOR, PLATO_VERSION_MINOR,
                   PLATO_VERSION_PATCH);
    ck_assert_str_eq(plato_version(), text);
    ck_assert_str_eq(plato_version(), PLATO_VERSION_STRING);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {version};
    return RUN_TESTS("version", tests);
}
