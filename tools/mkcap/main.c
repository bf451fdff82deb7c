/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plato-mkcap: builds captures from scenarios. --help has the grammar. */
#include "capture_file.h"
#include "parse.h"
#include "play.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const char grammar[] =
    "A scenario has one statement on each line; # begins a comment.\n"
    "\n"
    "  connection NAME [CLIENT > SERVER] [OPTION=VALUE...]\n"
    "                        opens a TCP connection; addresses as 10.0.0.1:30000 or [::1]:30000\n"
    "      vlan=7 or 7,8     tags    framing=msgcmd  the length-prefixed variant\n"
    "      handshake=no      no SYN  client_seq=N server_seq=N  first sequence numbers\n"
    "  NAME > PIECE [| PIECE...] [/ HOW=VALUE...]    the client sends\n"
    "  NAME < PIECE [| PIECE...] [/ HOW=VALUE...]    the server sends\n"
    "  send SEGMENT [/ HOW=VALUE...]                 sends a named or held segment, or sends it "
    "again\n"
    "  close NAME            FIN from both sides\n"
    "  tcp NAME >|< fin|rst|ack                      one packet without data\n"
    "  wait TIME, at TIME    later by TIME; TIME after the start (ns, us, ms, s, min)\n"
    "  pace TIME             from each packet to the next (1ms)\n"
    "  start 2023-11-14T22:13:20Z    time of the first packet\n"
    "  segment N             most bytes of a TCP segment from here on (1460)\n"
    "  snaplen N             most bytes captured of each packet\n"
    "  default FIELD=VALUE...        fields of every ChatMessage from here on\n"
    "  comment TEXT          a comment on the capture (pcapng)\n"
    "\n"
    "A PIECE is a frame, or plain bytes: \"text\", hex:0102ff, fill:N. A frame is its type, by "
    "name "
    "or\n"
    "number, and any of\n"
    "  FIELD=VALUE           of its head or body: client_id=1 session_id=42 code=RATE_LIMITED "
    "type=UP\n"
    "  @N=VALUE              a field of the head that is not in the schema\n"
    "  text=T json=T binary=T        a ChatMessage with this content; T also hex:, fill:\n"
    "  head=BYTES body=BYTES         instead of fields\n"
    "  version=N msg_len=N var_head_len=N    written instead of the right ones\n"
    "  crc=bad|none|N|frame|payload|body|frame-crc32c|payload-crc32c|body-crc32c\n"
    "  flip=OFFSET:BIT,...   flips bits afterwards; an offset below 0 counts from the end\n"
    "  from=N to=N           only these bytes of the frame\n"
    "\n"
    "HOW it is put into segments, which are counted from 1:\n"
    "  cut=A,B,...           cut after A, B, ... bytes      segments=N  most bytes of one\n"
    "  order=2,1,3           order of sending               lost=1,2 or lost=all  not captured\n"
    "  again=1,2             sent again after the others    snap=N  bytes captured of each packet\n"
    "  name=[N:]SEGMENT,...  to be sent again by `send`     hold=[N:]SEGMENT,...  sent by `send` "
    "only\n"
    "  checksum=bad          TCP's is wrong                 comment=TEXT  of its first packet "
    "(pcapng)\n"
    "\n"
    "Exit codes:\n"
    "  0  written\n"
    "  1  the file cannot be read or written\n"
    "  2  wrong usage or a wrong scenario";

typedef struct options {
    char *output, *format;
    char **files;
    gboolean check, version;
} options;

static gboolean parse_options(int argc, char **argv, options *o, GError **error)
{
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output, "File to write", "FILE"},
        {"format", 'F', 0, G_OPTION_ARG_STRING, &o->format,
         "pcapng or pcap (default: pcap if FILE ends in .pcap, else pcapng)", "FORMAT"},
        {"check", 0, 0, G_OPTION_ARG_NONE, &o->check, "Only check the scenario", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &o->version, "Print the version and exit", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->files, "", NULL},
        G_OPTION_ENTRY_NULL};
    GOptionContext *context =
        g_option_context_new("SCENARIO - builds a capture of Plato, packet by packet");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, grammar);
    const gboolean ok = g_option_context_parse(context, &argc, &argv, error);
    g_option_context_free(context);
    return ok;
}

static gboolean check_options(const options *o, capture_format *format, GError **error)
{
    const char *wrong = NULL;
    if (o->files == NULL || o->files[0] == NULL || o->files[1] != NULL)
        wrong = "one SCENARIO is wanted";
    else if ((o->output == NULL) != o->check)
        wrong = "one of --output and --check is wanted";
    else if (o->format != NULL && strcmp(o->format, "pcap") != 0 &&
             strcmp(o->format, "pcapng") != 0)
        wrong = "--format is pcap or pcapng";
    if (wrong != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "%s", wrong);
        return FALSE;
    }
    const gboolean pcap = o->format != NULL
                              ? strcmp(o->format, "pcap") == 0
                              : o->output != NULL && g_str_has_suffix(o->output, ".pcap");
    *format = pcap ? CAPTURE_PCAP : CAPTURE_PCAPNG;
    return TRUE;
}

/* Writes the capture. Returns the exit code. */
static int make(const options *o, capture_format format, GError **error)
{
    char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(o->files[0], &text, &length, error))
        return 1;
    int code = 2;
    scenario *s = parse_scenario(text, length, error);
    GPtrArray *packets = s != NULL ? play(s, error) : NULL;
    if (packets == NULL)
        g_prefix_error(error, "%s: ", o->files[0]);
    else if (o->check ||
             capture_file_write(o->output, format, packets, s->snaplen, s->comment, error))
        code = 0;
    else
        code = 1;
    if (packets != NULL)
        g_ptr_array_unref(packets);
    scenario_free(s);
    g_free(text);
    return code;
}

int main(int argc, char **argv)
{
    options o = {0};
    capture_format format = CAPTURE_PCAPNG;
    GError *error = NULL;
    int code = 2;
    setlocale(LC_ALL, "");
    const gboolean ok = parse_options(argc, argv, &o, &error);
    if (ok && o.version) {
        printf("plato-mkcap %s\n", PLATO_PROGRAM_VERSION);
        code = 0;
    } else if (ok && check_options(&o, &format, &error)) {
        code = make(&o, format, &error);
    }
    if (error != NULL) {
        fprintf(stderr, "plato-mkcap: %s%s\n", error->message,
                error->domain == G_OPTION_ERROR ? "; see plato-mkcap --help" : "");
        g_error_free(error);
    }
    g_free(o.output);
    g_free(o.format);
    g_strfreev(o.files);
    return code;
}
