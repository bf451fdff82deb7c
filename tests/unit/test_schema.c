/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two rules for the schema: no message contains itself, directly or through others, and no groups.
 * They bound how deep a reader can be made to go. Also: what C spells out are the schema's names.
 */
#include "plato/frame.h"
#include "plato/head.h"
#include "plato/schema/msgcmd.pb-c.h"
#include "plato/schema/plato.pb-c.h"

#include "run_tests.h"

#include <stdio.h>
#include <string.h>

typedef struct schema {
    const char *file;
    const ProtobufCMessageDescriptor *const *messages;
    size_t count;
} schema;

static const ProtobufCMessageDescriptor *const plato_messages[] = {
    &plato__login_head__descriptor,   &plato__heartbeat_head__descriptor,
    &plato__reconn_head__descriptor,  &plato__ack_head__descriptor,
    &plato__up_head__descriptor,      &plato__push_head__descriptor,
    &plato__sync_head__descriptor,    &plato__login_body__descriptor,
    &plato__chat_message__descriptor,
};

static const ProtobufCMessageDescriptor *const msgcmd_messages[] = {
    &plato__msgcmd__msg_cmd__descriptor,       &plato__msgcmd__login_msg_head__descriptor,
    &plato__msgcmd__login_msg__descriptor,     &plato__msgcmd__heartbeat_msg_head__descriptor,
    &plato__msgcmd__heartbeat_msg__descriptor, &plato__msgcmd__re_conn_msg_head__descriptor,
    &plato__msgcmd__re_conn_msg__descriptor,   &plato__msgcmd__ackmsg__descriptor,
    &plato__msgcmd__upmsg_head__descriptor,    &plato__msgcmd__upmsg__descriptor,
    &plato__msgcmd__push_msg__descriptor,
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const schema schemas[] = {
    {PROTO_DIR "/plato.proto", plato_messages, COUNT(plato_messages)},
    {PROTO_DIR "/msgcmd.proto", msgcmd_messages, COUNT(msgcmd_messages)},
};

static bool lists(const schema *s, const char *short_name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->messages[i]->short_name, short_name) == 0)
            return true;
    }
    return false;
}

/* The file, line by line, without comments. */
static bool next_line(FILE *file, char line[512])
{
    if (fgets(line, 512, file) == NULL)
        return false;
    char *comment = strstr(line, "//");
    if (comment != NULL)
        *comment = '\0';
    return true;
}

START_TEST(every_message_is_looked_at)
{
    for (size_t i = 0; i < COUNT(schemas); i++) {
        char line[512], name[128];
        size_t found = 0;
        FILE *file = fopen(schemas[i].file, "r");
        ck_assert_ptr_nonnull(file);
        while (next_line(file, line)) {
            if (sscanf(line, " message %127[A-Za-z0-9_]", name) != 1)
                continue;
            found++;
            ck_assert_msg(lists(&schemas[i], name), "%s is not in the list of this test", name);
        }
        (void)fclose(file);
        ck_assert_uint_eq(found, schemas[i].count);
    }
}
END_TEST

/* Descriptors cannot hold groups, so the text is asked. */
START_TEST(no_groups)
{
    for (size_t i = 0; i < COUNT(schemas); i++) {
        char line[512];
        FILE *file = fopen(schemas[i].file, "r");
        ck_assert_ptr_nonnull(file);
        while (next_line(file, line)) {
            for (const char *word = strtok(line, " \t\n"); word != NULL;
                 word = strtok(NULL, " \t\n"))
                ck_assert_str_ne(word, "group");
        }
        (void)fclose(file);
    }
}
END_TEST

/* How deep messages nest below `m`; fails the test on one that contains itself. */
static unsigned depth(const ProtobufCMessageDescriptor *m, const ProtobufCMessageDescriptor **path,
                      unsigned level)
{
    unsigned deepest = 0;
    ck_assert_uint_lt(level, 32);
    for (unsigned i = 0; i < level; i++)
        ck_assert_msg(path[i] != m, "%s contains itself", m->name);
    path[level] = m;
    for (unsigned i = 0; i < m->n_fields; i++) {
        if (m->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        const unsigned below = depth(m->fields[i].descriptor, path, level + 1);
        deepest = below > deepest ? below : deepest;
    }
    return deepest + 1;
}

START_TEST(no_recursion)
{
    const ProtobufCMessageDescriptor *path[32];
    for (size_t i = 0; i < COUNT(schemas); i++) {
        for (size_t k = 0; k < schemas[i].count; k++)
            ck_assert_uint_le(depth(schemas[i].messages[k], path, 0), 2);
    }
}
END_TEST

static void check_names(const ProtobufCEnumDescriptor *e, const char *(*name_of)(uint32_t))
{
    int largest = -1;
    for (unsigned i = 0; i < e->n_values; i++) {
        const char *name = name_of((uint32_t)e->values[i].value);
        ck_assert_ptr_nonnull(name);
        ck_assert_str_eq(name, e->values[i].name);
        largest = e->values[i].value > largest ? e->values[i].value : largest;
    }
    for (uint32_t beyond = (uint32_t)largest + 1; beyond < 300; beyond++)
        ck_assert_ptr_null(name_of(beyond));
    ck_assert_ptr_null(name_of(UINT32_MAX));
}

START_TEST(names_are_the_schemas)
{
    check_names(&plato__msg_type__descriptor, plato_msg_type_name);
    check_names(&plato__ack_code__descriptor, plato_ack_code_name);
}
END_TEST

/* One vocabulary for both framings: the variant's types have the numbers of ours. */
START_TEST(numbers_of_the_variant)
{
    ck_assert_int_eq(PLATO__MSGCMD__CMD_TYPE__Login, PLATO_LOGIN);
    ck_assert_int_eq(PLATO__MSGCMD__CMD_TYPE__Heartbeat, PLATO_HEARTBEAT);
    ck_assert_int_eq(PLATO__MSGCMD__CMD_TYPE__ReConn, PLATO_RECONN);
    ck_assert_int_eq(PLATO__MSGCMD__CMD_TYPE__ACK, PLATO_ACK);
    ck_assert_int_eq(PLATO__MSGCMD__CMD_TYPE__UP, PLATO_UP);
    ck_assert_int_eq(PLATO__MSGCMD__CMD_TYPE__Push, PLATO_PUSH);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_message_is_looked_at, no_groups, no_recursion,
                                  names_are_the_schemas, numbers_of_the_variant};
    return RUN_TESTS("schema", tests);
}
