/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chaos/chaos_log.h"

#include <inttypes.h>
#include <stddef.h>

void chaos_log_action(chaos_log *log, uint64_t connection, const char *direction, uint64_t offset,
                      const char *action, const chaos_fact *facts)
{
    fprintf(log->file,
            log->json ? "{\"connection\": %" PRIu64 ", \"direction\": \"%s\", \"offset\": %" PRIu64
                        ", \"action\": \"%s\""
                      : "connection %" PRIu64 " %s %" PRIu64 ": %s",
            connection, direction, offset, action);
    for (const chaos_fact *fact = facts; fact->name != NULL; fact++)
        fprintf(log->file, log->json ? ", \"%s\": %" PRIu64 : " %s %" PRIu64, fact->name,
                fact->value);
    fputs(log->json ? "}\n" : "\n", log->file);
}

void chaos_log_connection(chaos_log *log, uint64_t connection, const char *event)
{
    fprintf(log->file,
            log->json ? "{\"connection\": %" PRIu64 ", \"event\": \"%s\"}\n"
                      : "connection %" PRIu64 ": %s\n",
            connection, event);
}
