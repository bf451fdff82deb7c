/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/pdu/proto.h"

int proto_plato = -1;
