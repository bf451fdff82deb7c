/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of an [expect] group:
 *
 *     setting = of = connection|device|capture  |  match = any|each  |  number = N
 *             | others = allow|forbid
 *     step    = [ "?" | "*" | "+" | N | N "-" M ] side types { condition } [ "within" time ]
 *     side    = ">" | "<" | "-"            from the client, from the server, from either
 *     types   = name { "|" name } | "any"
 *     condition = field op value           op: = != < <= > >=
 *     value   = number | name of a type or code | "$" name [ ("+" | "-") number ] | '"' text '"'
 */
#include "expect.h"

#include <stddef.h>
#include <string.h>

/* ---- fields ---- */

#define HEAD(member) offsetof(plato_head, member)
#define EVERY UINT32_MAX

static const struct {
    const char *name;
    uint32_t msg_type; /* EVERY: of the frame itself */
    size_t offset;
    bool narrow; /* 32 bits */
} fields[] = {
    {"device_id", PLATO_LOGIN, HEAD(login.device_id), false},
    {"conn_id", PLATO_RECONN, HEAD(reconn.conn_id), false},
    {"code", PLATO_ACK, HEAD(ack.code), true},
    {"type", PLATO_ACK, HEAD(ack.type), true},
    {"conn_id", PLATO_ACK, HEAD(ack.conn_id), false},
    {"client_id", PLATO_ACK, HEAD(ack.client_id), false},
    {"session_id", PLATO_ACK, HEAD(ack.session_id), false},
    {"msg_id", PLATO_ACK, HEAD(ack.msg_id), false},
    {"client_id", PLATO_UP, HEAD(up.client_id), false},
    {"conn_id", PLATO_UP, HEAD(up.conn_id), false},
    {"session_id", PLATO_UP, HEAD(up.session_id), false},
    {"msg_id", PLATO_PUSH, HEAD(push.msg_id), false},
    {"session_id", PLATO_PUSH, HEAD(push.session_id), false},
    {"session_id", PLATO_SYNC, HEAD(sync.session_id), false},
    {"from_msg_id", PLATO_SYNC, HEAD(sync.from_msg_id), false},
    {"to_msg_id", PLATO_SYNC, HEAD(sync.to_msg_id), false},
};

/* Names as conditions use them; the first is EXPECT_BODY. */
static const char *const names[] = {
    "body",       "device_id", "conn_id",     "code",      "type",    "client_id",
    "session_id", "msg_id",    "from_msg_id", "to_msg_id", "msg_len", "var_head_len",
};

const char *check_expect_field_name(int field)
{
    return names[field];
}

bool check_expect_field(const check_frame *frame, int field, uint64_t *value)
{
    if (strcmp(names[field], "msg_len") == 0) {
        *value = frame->record->frame.msg_len;
        return true;
    }
    if (strcmp(names[field], "var_head_len") == 0) {
        *value = frame->record->frame.var_head_len;
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i].msg_type != frame->head->msg_type ||
            strcmp(fields[i].name, names[field]) != 0)
            continue;
        const void *at = (const char *)frame->head + fields[i].offset;
        *value = fields[i].narrow ? *(const uint32_t *)at : *(const uint64_t *)at;
        return true;
    }
    return false;
}

/* Whether one of the types has the field at all. */
static bool types_have(uint64_t types, int field)
{
    if (field == EXPECT_BODY || field >= (int)G_N_ELEMENTS(names) - 2)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if ((types >> fields[i].msg_type & 1) != 0 && strcmp(fields[i].name, names[field]) == 0)
            return true;
    }
    return false;
}

/* ---- scripts ---- */

expect_script *check_expect_new(const char *name, unsigned line)
{
    expect_script *script = g_new0(expect_script, 1);
    script->name = g_strdup(name);
    script->line = line;
    script->steps = g_array_new(FALSE, TRUE, sizeof(expect_step));
    return script;
}

/* Steps that are written out several times share their texts: the last of a line frees them. */
void check_expect_free(gpointer p)
{
    expect_script *script = (expect_script *)p;
    for (guint i = 0; i < script->steps->len; i++) {
        expect_step *step = &g_array_index(script->steps, expect_step, i);
        if (i + 1 < script->steps->len &&
            g_array_index(script->steps, expect_step, i + 1).line == step->line)
            continue;
        g_free(step->text);
        for (unsigned c = 0; c < step->conditions; c++)
            g_free(step->condition[c].text);
    }
    g_array_unref(script->steps);
    for (unsigned i = 0; i < script->variables; i++)
        g_free(script->variable[i]);
    g_free(script->name);
    g_free(script);
}

static bool fail(char **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool fail(char **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    *error = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return false;
}

static bool one_of(const char *value, const char *first, const char *second, bool *is_second)
{
    *is_second = strcmp(value, second) == 0;
    return *is_second || strcmp(value, first) == 0;
}

static bool read_setting(expect_script *script, const char *name, const char *value, char **error)
{
    if (script->steps->len > 0)
        return fail(error, "settings stand in front of the steps");
    if (strcmp(name, "of") == 0) {
        static const char *const scopes[] = {"connection", "device", "capture"};
        for (size_t i = 0; i < G_N_ELEMENTS(scopes); i++) {
            if (strcmp(scopes[i], value) == 0) {
                script->scope = (expect_scope)i;
                return true;
            }
        }
        return fail(error, "of is connection, device or capture, not '%s'", value);
    }
    if (strcmp(name, "match") == 0)
        return one_of(value, "any", "each", &script->every) ||
               fail(error, "match is any or each, not '%s'", value);
    if (strcmp(name, "others") == 0)
        return one_of(value, "allow", "forbid", &script->strict) ||
               fail(error, "others is allow or forbid, not '%s'", value);
    if (strcmp(name, "number") == 0) {
        script->has_only = true;
        return check_read_value(KIND_COUNT, value, &script->only, error);
    }
    return fail(error, "there is no setting '%s'; there are: of, match, number, others", name);
}

/* ---- steps ---- */

/* How often a step is to be met. */
typedef struct repeat {
    uint64_t least;
    uint64_t most; /* 0: any number */
} repeat;

static bool read_repeat(const char *word, repeat *times, bool *is_one)
{
    static const struct {
        const char *sign;
        repeat times;
    } signs[] = {{"?", {0, 1}}, {"*", {0, 0}}, {"+", {1, 0}}};
    *times = (repeat){1, 1};
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (strcmp(word, signs[i].sign) == 0) {
            *times = signs[i].times;
            return *is_one = true;
        }
    }
    *is_one = g_ascii_isdigit(word[0]);
    if (!*is_one)
        return true;
    char **ends = g_strsplit(word, "-", 2);
    char *error = NULL;
    bool ok = check_read_value(KIND_COUNT, ends[0], &times->least, &error);
    times->most = times->least;
    if (ok && ends[1] != NULL)
        ok = check_read_value(KIND_COUNT, ends[1], &times->most, &error);
    g_free(error);
    g_strfreev(ends);
    return ok && times->most >= 1 && times->most >= times->least && times->most <= EXPECT_STEPS;
}

static int variable_index(expect_script *script, const char *name, size_t n)
{
    for (unsigned i = 0; i < script->variables; i++) {
        if (strlen(script->variable[i]) == n && strncmp(script->variable[i], name, n) == 0)
            return (int)i;
    }
    if (script->variables == EXPECT_VARIABLES)
        return -1;
    script->variable[script->variables] = g_strndup(name, n);
    return (int)script->variables++;
}

static bool read_variable(expect_script *script, const char *text, expect_condition *condition,
                          char **error)
{
    const size_t n =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    const unsigned known = script->variables;
    if (n == 0)
        return fail(error, "a variable's name is missing behind $");
    condition->variable = variable_index(script, text, n);
    if (condition->variable < 0)
        return fail(error, "more than %d variables", EXPECT_VARIABLES);
    const char *rest = text + n;
    condition->bare = rest[0] == '\0' && condition->op == OP_EQ;
    if (!condition->bare && (unsigned)condition->variable >= known)
        return fail(error, "$%s has no value yet", script->variable[condition->variable]);
    if (rest[0] == '\0')
        return true;
    if (rest[0] != '+' && rest[0] != '-')
        return fail(error, "behind a variable stands + or - and a number, not '%s'", rest);
    if (!check_read_value(KIND_COUNT, rest + 1, &condition->value, error))
        return false;
    if (rest[0] == '-')
        condition->value = 0 - condition->value;
    return true;
}

/* A number, or a name of a type or code where the field has names. */
static bool read_number(const char *text, expect_condition *condition, char **error)
{
    const char *(*name_of)(uint32_t) =
        strcmp(names[condition->field], "type") == 0   ? plato_msg_type_name
        : strcmp(names[condition->field], "code") == 0 ? plato_ack_code_name
                                                       : NULL;
    for (uint32_t i = 0; name_of != NULL && i < 64; i++) {
        if (name_of(i) != NULL && g_ascii_strcasecmp(name_of(i), text) == 0) {
            condition->value = i;
            return true;
        }
    }
    return check_read_value(KIND_COUNT, text, &condition->value, error);
}

static bool read_field(const char *name, size_t n, expect_condition *condition, char **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strlen(names[i]) == n && strncmp(names[i], name, n) == 0) {
            condition->field = (int)i;
            return true;
        }
    }
    GString *all = g_string_new(names[0]);
    for (size_t i = 1; i < G_N_ELEMENTS(names); i++)
        g_string_append_printf(all, ", %s", names[i]);
    fail(error, "there is no field '%.*s'; there are: %s", (int)n, name, all->str);
    g_string_free(all, TRUE);
    return false;
}

static bool read_operator(const char **text, expect_operator *op)
{
    static const char *const signs[] = {"=", "!=", "<=", ">=", "<", ">"};
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (g_str_has_prefix(*text, signs[i])) {
            *op = (expect_operator)i;
            *text += strlen(signs[i]);
            return true;
        }
    }
    return false;
}

static bool read_condition(expect_script *script, expect_step *step, const char *word, char **error)
{
    const size_t n = strcspn(word, "=!<>");
    const char *rest = word + n;
    if (step->conditions == EXPECT_CONDITIONS)
        return fail(error, "more than %d conditions", EXPECT_CONDITIONS);
    expect_condition *condition = &step->condition[step->conditions];
    condition->variable = -1;
    if (rest[0] == '\0')
        return fail(error, "'%s' is no condition (field=value), nor 'within'", word);
    if (!read_field(word, n, condition, error))
        return false;
    if (!read_operator(&rest, &condition->op))
        return fail(error, "'%s' has no comparison", word);
    if (!types_have(step->types, condition->field))
        return fail(error, "none of these types has the field %s", names[condition->field]);
    if (condition->field == EXPECT_BODY) {
        if (condition->op != OP_EQ && condition->op != OP_NE)
            return fail(error, "a body is compared with = or !=");
        condition->text = g_strdup(rest);
        step->conditions++;
        return true;
    }
    step->conditions++;
    return rest[0] == '$' ? read_variable(script, rest + 1, condition, error)
                          : read_number(rest, condition, error);
}

static bool read_conditions(expect_script *script, expect_step *step, char **words, char **error)
{
    for (char **word = words; *word != NULL; word++) {
        uint64_t within;
        if (strcmp(*word, "within") != 0) {
            if (!read_condition(script, step, *word, error))
                return false;
            continue;
        }
        if (word[1] == NULL || word[2] != NULL)
            return fail(error, "'within TIME' stands at the end");
        if (!check_read_value(KIND_TIME, word[1], &within, error))
            return false;
        step->within = (int64_t)within;
        return true;
    }
    return true;
}

static bool read_side(const char *word, expect_step *step)
{
    if (strlen(word) != 1 || strchr("<>-", word[0]) == NULL)
        return false;
    step->upstream = word[0] == '>';
    step->any_side = word[0] == '-';
    return true;
}

/* Writes a repeated step out: what has to be there, then what may be. */
static bool add_steps(expect_script *script, const expect_step *step, repeat times, char **error)
{
    const uint64_t count = times.most != 0 ? times.most : MAX(times.least, 1);
    if (script->steps->len + count > EXPECT_STEPS)
        return fail(error, "more than %d steps", EXPECT_STEPS);
    for (uint64_t i = 0; i < count; i++) {
        expect_step copy = *step;
        copy.optional = i >= times.least;
        copy.repeated = times.most == 0 && i + 1 == count;
        g_array_append_val(script->steps, copy);
    }
    return true;
}

static bool read_step_words(expect_script *script, expect_step *step, char **words, char **error)
{
    repeat times;
    bool has_repeat;
    if (!read_repeat(words[0], &times, &has_repeat))
        return fail(error, "'%s' is no number of times", words[0]);
    words += has_repeat;
    if (words[0] == NULL || !read_side(words[0], step))
        return fail(error,
                    "a step begins with > (from the client), < (from the server) or - (either)");
    if (words[1] == NULL)
        return fail(error, "the message type is missing");
    return check_read_value(KIND_TYPES, words[1], &step->types, error) &&
           read_conditions(script, step, words + 2, error) && add_steps(script, step, times, error);
}

static bool read_step(expect_script *script, unsigned line, const char *text, char **error)
{
    int count;
    char **words;
    expect_step step = {.line = line, .text = g_strdup(text)};
    GError *problem = NULL;
    /* "$" stays as it is; quotes and backslashes are read as a shell would */
    if (!g_shell_parse_argv(text, &count, &words, &problem)) {
        fail(error, "%s", problem->message);
        g_error_free(problem);
        g_free(step.text);
        return false;
    }
    const bool ok = read_step_words(script, &step, words, error);
    if (!ok) {
        g_free(step.text);
        for (unsigned i = 0; i < step.conditions; i++)
            g_free(step.condition[i].text);
    }
    g_strfreev(words);
    return ok;
}

/* A setting is the only line that begins with a letter. */
bool check_expect_read_line(expect_script *script, unsigned line, const char *text, char **error)
{
    if (!g_ascii_isalpha(text[0]))
        return read_step(script, line, text, error);
    char **flows = g_strsplit(text, "=", 2);
    const bool ok = flows[1] != NULL
                        ? read_setting(script, g_strstrip(flows[0]), g_strstrip(flows[1]), error)
                        : fail(error, "neither a setting (name = value) nor a step");
    g_strfreev(flows);
    return ok;
}

bool check_expect_finish(expect_script *script, char **error)
{
    for (guint i = 0; i < script->steps->len; i++) {
        if (!g_array_index(script->steps, expect_step, i).optional)
            return true;
    }
    return fail(error, "[expect %s] expects nothing", script->name);
}
