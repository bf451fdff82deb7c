/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TREE_ANALYSIS_H
#define PLATO_TREE_ANALYSIS_H

#include "plato/pdu/analysis_feed.h"

/* Adds plato.stream and the subtree [Plato analysis] to a frame, with its expert information. */
void plato_add_analysis_tree(const pdu_info *facts, const pdu_analysis *analysis, tvbuff_t *tvb,
                             packet_info *pinfo, proto_tree *tree);

void plato_register_tree_analysis(int proto);

#endif
