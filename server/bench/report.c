/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run has shown: a list of figures, printed for people or as JSON; then the verdict. */
#include "bench/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* Prints one figure; JSON has it as "group": {"name": value}. */
typedef struct printer {
    bool json;
    const char *group; /* open; NULL = none */
    bool first;        /* in its group */
} printer;

static void open_group(printer *out, const char *group)
{
    if (out->json)
        printf("%s\"%s\": {", out->group == NULL ? "" : "}, ", group);
    else
        printf("%s%s:", out->group == NULL ? "" : "\n", group);
    out->group = group;
    out->first = true;
}

static void close_groups(printer *out)
{
    if (out->json)
        fputs(out->group == NULL ? "" : "}, ", stdout);
    else
        fputs(out->group == NULL ? "" : "\n", stdout);
    out->group = NULL;
}

static void name_of(printer *out, const char *name)
{
    if (out->json)
        printf("%s\"%s\": ", out->first ? "" : ", ", name);
    else
        printf("%s %s ", out->first ? "" : ",", name);
    out->first = false;
}

static void number(printer *out, const char *name, uint64_t value)
{
    name_of(out, name);
    printf("%" PRIu64, value);
}

static void decimal(printer *out, const char *name, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    name_of(out, name);
    fputs(g_ascii_formatd(text, sizeof text, "%.2f", value), stdout);
}

static double us(uint64_t ns)
{
    return (double)ns / 1000;
}

static void times(printer *out, const char *group, const histogram *h)
{
    if (h->count == 0)
        return;
    open_group(out, group);
    decimal(out, "p50", us(histogram_at(h, 0.5)));
    decimal(out, "p90", us(histogram_at(h, 0.9)));
    decimal(out, "p99", us(histogram_at(h, 0.99)));
    decimal(out, "p99.9", us(histogram_at(h, 0.999)));
    decimal(out, "max", us(h->max));
    number(out, "n", h->count);
}

static void refusals(printer *out, const uint64_t by_code[16])
{
    for (uint32_t code = 1; code < 16; code++) {
        const char *name = plato_ack_code_name(code);
        if (by_code[code] > 0)
            number(out, name != NULL ? name : "other code", by_code[code]);
    }
}

static void load_figures(printer *out, const bench *b)
{
    const load_counts *counts = &b->load->counts;
    const double seconds = (double)b->measured_ns / 1e9;
    open_group(out, "measured");
    decimal(out, "seconds", seconds);
    decimal(out, "wanted_per_second", b->options->rate);
    decimal(out, "delivered_per_second", seconds > 0 ? (double)b->delivered / seconds : 0);
    times(out, "up_to_ack_us", &b->load->up_ack);
    times(out, "up_to_push_us", &b->load->up_push);
    open_group(out, "messages");
    number(out, "sent", counts->sent);
    number(out, "resent", counts->resent);
    number(out, "acknowledged", counts->acknowledged);
    number(out, "delivered", counts->delivered);
    number(out, "repeated", counts->repeated);
    open_group(out, "connections");
    number(out, "opened", b->load->n_devices);
    number(out, "lost", counts->reconnects);
    number(out, "resumed", counts->resumed);
    number(out, "forgotten", counts->forgotten);
    number(out, "broken", counts->broken);
    refusals(out, counts->refused);
}

static void crowd_figures(printer *out, const bench *b)
{
    for (int kind = 0; kind < GUEST_KINDS; kind++) {
        const crowd_counts *counts = &b->crowd->counts[kind];
        if (counts->opened == 0)
            continue;
        open_group(out, crowd_name((guest_kind)kind));
        number(out, "opened", counts->opened);
        number(out, "closed_by_server", counts->closed);
        number(out, "given_up", counts->given_up);
        number(out, "sent", counts->sent);
        number(out, "logged_in", counts->logged_in);
        number(out, "OK", counts->answers[PLATO_ACK_OK]);
        refusals(out, counts->answers);
    }
}

static void process_figures(printer *out, const bench *b)
{
    if (b->watches) {
        open_group(out, "server");
        decimal(out, "rss_mib", (double)b->before.rss_bytes / 1048576);
        decimal(out, "rss_mib_ready", (double)b->ready.rss_bytes / 1048576);
        if (b->options->idle > 0)
            decimal(out, "kib_per_idle_connection",
                    ((double)b->ready.rss_bytes - (double)b->before.rss_bytes) / 1024 /
                        b->options->idle);
        if (b->measured_ns > 0) {
            const uint64_t cpu_ns = b->measured.cpu_ns - b->measuring.cpu_ns;
            decimal(out, "rss_mib_measured", (double)b->measured.rss_bytes / 1048576);
            decimal(out, "cpu_percent", 100 * (double)cpu_ns / (double)b->measured_ns);
            if (b->delivered > 0)
                decimal(out, "cpu_us_per_delivered_message", us(cpu_ns) / (double)b->delivered);
        }
    }
    if (b->measured_ns > 0) {
        open_group(out, "generator");
        decimal(out, "cpu_percent",
                100 * (double)(b->own_measured.cpu_ns - b->own_measuring.cpu_ns) /
                    (double)b->measured_ns);
    }
    times(out, "fsync_before_us", &b->fsync_before);
    times(out, "fsync_after_us", &b->fsync_after);
}

static bool is_wrong(const load_counts *counts, const load_ledger *ledger)
{
    return ledger->lost > 0 || counts->twice > 0 || counts->conflicting > 0 ||
           counts->disordered > 0 || counts->damaged > 0 || counts->misnumbered > 0;
}

static int verdict(printer *out, const bench *b)
{
    const load_counts *counts = &b->load->counts;
    const load_ledger ledger = load_count(b->load);
    const bool wrong = is_wrong(counts, &ledger);
    const char *word = wrong ? "FAILED" : ledger.unanswered > 0 ? "INCOMPLETE" : "PASSED";
    open_group(out, "ledger");
    number(out, "expected", ledger.expected);
    number(out, "lost", ledger.lost);
    number(out, "twice", counts->twice);
    number(out, "conflicting", counts->conflicting);
    number(out, "disordered", counts->disordered);
    number(out, "damaged", counts->damaged);
    number(out, "misnumbered", counts->misnumbered);
    number(out, "unanswered", ledger.unanswered);
    close_groups(out);
    if (out->json)
        printf("\"verdict\": \"%s\"", word);
    else
        printf("verdict: %s: %" PRIu64 " sent, %" PRIu64 " acknowledged, %" PRIu64 " lost, %" PRIu64
               " twice, %" PRIu64 " unanswered\n",
               word, counts->sent, counts->acknowledged, ledger.lost, counts->twice,
               ledger.unanswered);
    return wrong ? EXIT_LEDGER : ledger.unanswered > 0 ? EXIT_INCOMPLETE : EXIT_OK;
}

int report_print(const bench *b)
{
    printer out = {.json = b->options->json};
    int code = EXIT_OK;
    if (out.json)
        printf("{\"protocol\": \"%s\", \"size\": %d, \"tls\": %s, ", b->load->wire->name,
               b->options->size, b->options->tls ? "true" : "false");
    if (b->options->sessions > 0)
        load_figures(&out, b);
    crowd_figures(&out, b);
    process_figures(&out, b);
    if (b->options->sessions > 0)
        code = verdict(&out, b);
    else
        close_groups(&out);
    if (out.json)
        puts(b->options->sessions > 0 ? "}" : "\"verdict\": null}");
    return code;
}

void report_progress(const bench *b)
{
    static const char *const phases[] = {"connecting", "warming up", "measuring", "draining",
                                         "over"};
    const load_counts *counts = &b->load->counts;
    const bool terminal = isatty(STDERR_FILENO);
    fprintf(stderr,
            "%s%" PRIu64 " s, %s: %u connected, %" PRIu64 " sent, %" PRIu64
            " acknowledged, %" PRIu64 " delivered, p99 of UP to PUSH %.1f ms%s",
            terminal ? "\r\033[K" : "", (load_now_ns() - b->begin_ns) / 1000000000,
            b->options->sessions > 0 && b->started ? phases[b->load->phase] : "crowd",
            b->load->n_logged_in + b->crowd->counts[GUEST_IDLE].logged_in, counts->sent,
            counts->acknowledged, counts->delivered,
            us(histogram_at(&b->load->up_push, 0.99)) / 1000, terminal ? "" : "\n");
}
