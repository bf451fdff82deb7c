/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/token_file.h"

#include "common/text_file.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

struct token_file {
    GHashTable *devices; /* device_id -> GArray of token_hash. The ids are the operator's own */
    GArray *any;         /* token_hash of lines with `*` */
    size_t count;
    token_hash nobody; /* what is compared for a device without tokens: costs as much */
};

/* One line, cut into its two words. */
typedef struct two_words {
    uint64_t device_id; /* 0: any device */
    char *word;
} two_words;

static void free_array(gpointer data)
{
    g_array_unref(data);
}

static GArray *new_hashes(void)
{
    return g_array_new(FALSE, FALSE, sizeof(token_hash));
}

/* NULL, or what is wrong. Changes `text`, which `line` then points into. */
static const char *split(char *text, two_words *line)
{
    guint64 device_id = 0;
    const size_t first = strcspn(text, " \t");
    char *rest = text + first;
    if (*rest == '\0')
        return "needs a device and, behind a blank, a second word";
    *rest++ = '\0';
    line->word = rest + strspn(rest, " \t");
    if (strcmp(text, "*") != 0 &&
        (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT64, &device_id, NULL)))
        return "begins with neither a device_id (1 or more) nor *";
    line->device_id = device_id;
    return NULL;
}

static GArray *hashes_of(struct token_file *tokens, uint64_t device_id)
{
    if (device_id == 0)
        return tokens->any;
    GArray *hashes = g_hash_table_lookup(tokens->devices, &device_id);
    if (hashes == NULL) {
        hashes = new_hashes();
        g_hash_table_insert(tokens->devices, g_memdup2(&device_id, sizeof device_id), hashes);
    }
    return hashes;
}

/* NULL, or what is wrong with the line. */
static const char *add_line(struct token_file *tokens, char *text)
{
    two_words line;
    token_hash hash;
    const char *wrong = split(text, &line);
    if (wrong != NULL)
        return wrong;
    if (!token_hash_parse(line.word, &hash))
        return "does not end in hmac-sha256$SALT$DIGEST, as plato-server --hash-token writes it";
    GArray *hashes = hashes_of(tokens, line.device_id);
    if (hashes->len >= TOKENS_PER_DEVICE)
        return "is one more than the 8 that a device, or *, may have";
    g_array_append_val(hashes, hash);
    tokens->count++;
    return NULL;
}

static bool is_left_out(const char *text)
{
    return *text == '\0' || *text == '#';
}

static bool add_lines(struct token_file *tokens, const char *path, char *text, char **error)
{
    unsigned number = 1;
    for (char *next; text != NULL; text = next, number++) {
        next = strchr(text, '\n');
        if (next != NULL)
            *next++ = '\0';
        g_strstrip(text);
        const char *wrong = is_left_out(text) ? NULL : add_line(tokens, text);
        if (wrong != NULL) {
            *error = g_strdup_printf("%s, line %u: %s", path, number, wrong);
            return false;
        }
    }
    return true;
}

static struct token_file *new_file(void)
{
    struct token_file *tokens = g_new0(struct token_file, 1);
    tokens->devices = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_array);
    tokens->any = new_hashes();
    return tokens;
}

struct token_file *token_file_read(const char *path, char **error)
{
    char *text = text_file_read(path, error);
    if (text == NULL)
        return NULL;
    struct token_file *tokens = new_file();
    if (!add_lines(tokens, path, text, error))
        g_clear_pointer(&tokens, token_file_free);
    g_free(text);
    return tokens;
}

void token_file_free(struct token_file *tokens)
{
    if (tokens == NULL)
        return;
    g_hash_table_unref(tokens->devices);
    g_array_unref(tokens->any);
    g_free(tokens);
}

size_t token_file_count(const struct token_file *tokens)
{
    return tokens->count;
}

/* All of them are tried, also after one that fits. */
static bool any_matches(const GArray *hashes, const uint8_t *token, size_t n)
{
    bool found = false;
    for (guint i = 0; i < hashes->len; i++)
        found |= token_hash_matches(&g_array_index(hashes, token_hash, i), token, n);
    return found;
}

bool token_file_allows(const struct token_file *tokens, uint64_t device_id, const uint8_t *token,
                       size_t n)
{
    bool found = false;
    if (n == 0 || n > TOKEN_MOST_LEN)
        return false;
    const GArray *own = g_hash_table_lookup(tokens->devices, &device_id);
    if (own != NULL)
        found = any_matches(own, token, n);
    else
        (void)token_hash_matches(&tokens->nobody, token, n);
    return found | any_matches(tokens->any, token, n);
}

/* NULL, or what is wrong with the line. */
static const char *make_line(char *text, FILE *out)
{
    two_words line;
    token_hash hash;
    const char *wrong = split(text, &line);
    if (wrong != NULL)
        return wrong;
    const size_t n = strlen(line.word);
    if (n < TOKEN_LEAST_LEN)
        return "the token is shorter than 22 characters: make one with: head -c 32 /dev/urandom | "
               "base64";
    if (n > TOKEN_MOST_LEN)
        return "the token is longer than 4,096 characters";
    if (!token_hash_make(&hash, (const uint8_t *)line.word, n))
        return "the system gives no random numbers";
    char *hashed = token_hash_format(&hash);
    fprintf(out, "%s %s\n", text, hashed);
    g_free(hashed);
    return NULL;
}

/* The next line, without its newline. NULL, or what is wrong with it; `*end`: there is none. */
static const char *read_line(FILE *in, char *text, size_t room, bool *end)
{
    size_t n = 0;
    int c;
    while ((c = getc(in)) != EOF && c != '\n') {
        if (c == '\0')
            return "holds a zero byte, it is no text";
        if (n + 1 == room)
            return "is too long";
        text[n++] = (char)c;
    }
    text[n] = '\0';
    *end = c == EOF && n == 0;
    return NULL;
}

bool token_file_make_lines(FILE *in, FILE *out, char **error)
{
    static char text[TOKEN_MOST_LEN + 64];
    bool end = false;
    for (unsigned number = 1; !end; number++) {
        const char *wrong = read_line(in, text, sizeof text, &end);
        if (ferror(in)) {
            *error = g_strdup_printf("the lines cannot be read: %s", g_strerror(errno));
            return false;
        }
        g_strstrip(text);
        if (wrong == NULL && !is_left_out(text))
            wrong = make_line(text, out);
        if (wrong != NULL) {
            *error = g_strdup_printf("line %u: %s", number, wrong);
            return false;
        }
    }
    if (fflush(out) == 0 && !ferror(out))
        return true;
    *error = g_strdup_printf("the lines cannot be written: %s", g_strerror(errno));
    return false;
}
