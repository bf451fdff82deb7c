/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules, written down again: slow, with every event kept and each question answered by looking
 * through all of them. No code of the library is used.
 */
#ifndef TESTS_ANALYSIS_MODEL_H
#define TESTS_ANALYSIS_MODEL_H

#include "outcome.h"

void model_history(const history *h, outcomes said);

#endif
