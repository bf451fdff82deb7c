/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the session core start from: a core of its own for each test. */
#ifndef PLATO_TEST_CORE_FIXTURE_H
#define PLATO_TEST_CORE_FIXTURE_H

#include "core_driver.h"

extern const uint64_t sessions[2]; /* 42 and 43: what the tests log in to */
extern core_config config;         /* of the core that runs; a test may change it */
extern driver d;

/* Before each test: the defaults, and a core with them. */
void setup_core(void);

/* After each test. */
void teardown_core(void);

/* The peer has gone. */
void disconnect(conn_key key);

#endif
