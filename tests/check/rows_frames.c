/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each frame by itself, what the analysis finds, and times. */
#include "rows.h"

static const row table[] = {
    {"crc", "ok", "", "0 c1 heartbeat"},
    {"crc", "broken", "2", "0 c1 heartbeat; 1 c1 heartbeat bad"},
    {"crc", "unsure", "1", "0 c1 heartbeat cut"},
    {"crc", "unsure", "1", "0 c1 heartbeat unverified"},
    {"crc", "idle", "", "0 m1 heartbeat"},

    {"malformed", "ok", "", "0 c1 heartbeat; 1 m1 heartbeat"},
    {"malformed", "broken", "1", "0 c1 heartbeat toolong"},
    {"malformed", "broken", "1", "0 c1 heartbeat shortened"},
    {"malformed", "broken", "1", "0 c1 heartbeat unreadable"},
    {"malformed", "broken", "1", "0 c1 login 1 badbody"},
    {"malformed", "idle", "", "0 - -"},

    {"continuation", "broken", "2", "0 c1 heartbeat; 1 c1 skipped 5"},
    {"continuation", "broken", "1", "0 c1 skipped 5"},
    {"continuation", "unsure", "1", "0 C1 skipped 5"},
    {"continuation", "unsure", "1", "0 c1 skipped 5 gap"},
    {"continuation", "idle", "", "0 c1 heartbeat"},

    {"capture", "ok", "", "0 c1 heartbeat"},
    {"capture", "broken", "1", "0 c1 heartbeat gap"},
    {"capture", "broken", "1", "0 c1 heartbeat cut"},
    {"capture", "broken", "0", "0 C1 heartbeat"},
    {"capture", "broken", "0", "0 c1 heartbeat; 1 c1 hole"},
    {"capture", "broken", "0", "0 c1 heartbeat; 1 c1 hole by=server"},
    {"capture", "ok", "", "0 c1 heartbeat; 1 c1 hole; 2 c1 fill"},
    {"capture", "idle", "", "0 - -"},

    {"messages", "ok", "", "0 c1 heartbeat"},
    {"messages(min=2)", "broken", "0", "0 c1 heartbeat"},
    {"messages(max=1)", "broken", "0", "0 c1 heartbeat; 1 c1 heartbeat"},
    {"messages(max=1;type=UP)", "ok", "", "0 c1 heartbeat; 1 c1 heartbeat; 2 c1 up 4/1 a"},
    {"messages(min=2)", "unsure", "0", "0 C1 heartbeat"},
    {"messages(min=2)", "unsure", "0", "0 c1 heartbeat; 1 c1 heartbeat bad"},
    {"messages(min=0;type=UP)", "idle", "", "0 c1 heartbeat"},

    {"types", "ok", "", "0 c1 heartbeat; 1 m1 heartbeat"},
    {"types", "broken", "1", "0 c1 type77"},
    {"types(allow=UP|PUSH)", "broken", "1", "0 c1 heartbeat; 1 c1 up 4/1 a"},
    {"types", "idle", "", "0 c1 type77 bad; 1 c1 type77 toolong; 2 c1 type77 shortened"},

    {"versions", "ok", "", "0 c1 heartbeat"},
    {"versions", "broken", "1", "0 c1 heartbeat version=2"},
    {"versions(allow=1|2)", "ok", "", "0 c1 heartbeat version=2"},
    {"versions", "idle", "", "0 c1 heartbeat version=2 bad; 1 m1 heartbeat version=0"},

    {"ack_codes", "ok", "", "0 c1 ack login"},
    {"ack_codes", "broken", "2", "0 c1 ack login; 1 c1 ack up code=9"},
    {"ack_codes(allow=OK|9)", "ok", "", "0 c1 ack login; 1 c1 ack up code=9"},
    {"ack_codes", "broken", "1", "0 c1 ack login code=99"},
    {"ack_codes", "idle", "", "0 c1 login 1"},

    {"gaps", "ok", "", "0 c1 up 4/1 a; 1 c1 up 4/2 a; 2 c1 push 4/8 a; 3 c1 push 4/9 a"},
    {"gaps", "broken", "2", "0 c1 up 4/1 a; 1 c1 up 4/4 a"},
    {"gaps", "broken", "2", "0 c1 up 4/1 a; 1 c1 up 4/4 a; 2 c1 up 4/2 a"},
    {"gaps", "broken", "2 4", "0 c1 push 4/1 a; 1 c1 push 4/3 a; 2 c1 push 5/1 a; 3 c1 push 5/3 a"},
    {"gaps", "ok", "", "0 c1 up 4/1 a; 1 c1 up 4/4 a; 2 c1 up 4/2 a; 3 c1 up 4/3 a"},
    {"gaps(filled=no)", "broken", "2", "0 c1 up 4/1 a; 1 c1 up 4/3 a; 2 c1 up 4/2 a"},
    {"gaps", "unsure", "3", "0 c1 up 4/1 a; 1 c1 up 4/2 a bad; 2 c1 up 4/3 a"},
    {"gaps", "unsure", "3", "0 c1 push 4/1 a; 1 c1 push 4/2 a bad; 2 c1 push 4/3 a"},
    {"gaps", "unsure", "2", "0 c1 up 4/1 a; 1 c1 up 4/2 a gap"},
    {"gaps", "idle", "", "0 c1 heartbeat; 1 c1 ack login; 2 c1 up 4/1 a bad"},

    {"conflicts", "ok", "", "0 c1 up 4/1 a; 1 c1 up 4/1 a"},
    {"conflicts", "broken", "2", "0 c1 up 4/1 a; 1 c1 up 4/1 b"},
    {"conflicts", "broken", "2", "0 m1 push 4/1 a; 1 m1 push 4/1 b"},
    {"conflicts", "idle", "", "0 c1 heartbeat"},

    {"order", "ok", "", "0 c1 up 4/1 a; 1 c1 up 4/2 a"},
    {"order", "broken", "3", "0 c1 up 4/1 a; 1 c1 up 4/3 a; 2 c1 up 4/2 a"},
    {"order", "idle", "", "0 c1 heartbeat"},

    {"duplicates", "ok", "", "0 c1 up 4/1 a; 1 c1 up 4/2 a"},
    {"duplicates", "broken", "2", "0 c1 up 4/1 a; 1 c1 up 4/1 a"},
    {"duplicates(max=1)", "broken", "3", "0 c1 up 4/1 a; 1 c1 up 4/1 a; 2 c1 up 4/1 a"},
    {"duplicates", "idle", "", "0 c1 heartbeat"},

    {"unacked", "ok", "", "0 c1 up 4/1 a; 1 c1 ack up 4/1 msg=1; 9000 - -"},
    {"unacked", "ok", "", "0 c1 up 4/1 a; 5000 - -"},
    {"unacked", "broken", "1", "0 c1 up 4/1 a; 5001 - -"},
    {"unacked", "broken", "1", "0 c1 push 4/1 a; 5001 - -"},
    {"unacked", "unsure", "1", "0 c1 up 4/1 a; 1 c1 hole by=server; 9000 - -"},
    {"unacked", "unsure", "1", "0 c1 push 4/1 a; 1 c1 heartbeat bad; 9000 - -"},
    {"unacked", "broken", "1", "0 c1 up 4/1 a; 1 c1 hole by=client; 9000 - -"},
    {"unacked", "idle", "", "0 c1 up 4/1 a bad"},

    {"response_time", "ok", "", "0 c1 up 4/1 a; 5000 c1 ack up 4/1 msg=1"},
    {"response_time", "broken", "2", "0 c1 up 4/1 a; 5001 c1 ack up 4/1 msg=1"},
    {"response_time(type=LOGIN)", "idle", "", "0 c1 up 4/1 a; 5001 c1 ack up 4/1 msg=1"},
    {"response_time(max=1ms;percentile=50)", "ok", "",
     "0 c1 up 4/1 a; 1 c1 ack up 4/1 msg=1; 2 c1 up 4/2 a; 9 c1 ack up 4/2 msg=2"},
    {"response_time(max=1ms;percentile=51)", "broken", "4",
     "0 c1 up 4/1 a; 1 c1 ack up 4/1 msg=1; 2 c1 up 4/2 a; 9 c1 ack up 4/2 msg=2"},
    {"response_time", "idle", "", "0 c1 up 4/1 a"},

    {"delivery_time", "ok", "", "0 c1 up 4/1 a; 1 c1 ack up 4/1 msg=8; 10000 c2 push 4/8 a"},
    {"delivery_time", "broken", "3", "0 c1 up 4/1 a; 1 c1 ack up 4/1 msg=8; 10001 c2 push 4/8 a"},
    {"delivery_time", "ok", "", "0 c1 up 4/1 a; 1 c2 push 4/8 a; 2 c1 ack up 4/1 msg=8"},
    {"delivery_time(max=1ms)", "broken", "2",
     "0 c1 up 4/1 a; 2 c2 push 4/8 a; 3 c1 ack up 4/1 msg=8"},
    {"delivery_time", "idle", "", "0 c1 up 4/1 a; 1 c1 ack up 4/1 msg=8"},

    {"first_frame", "ok", "", "0 c1 open; 10000 c1 login 1"},
    {"first_frame", "broken", "2", "0 c1 open; 10001 c1 login 1"},
    {"first_frame", "unsure", "1", "0 C1 login 1"},
    {"first_frame", "unsure", "3", "0 c1 open; 1 c1 hole; 10001 c1 login 1"},
    {"first_frame", "idle", "", "0 c1 push 4/1 a; 1 m1 login 1"},

    {"frame_time", "ok", "", "0 c1 data; 40000 c1 heartbeat begin=0"},
    {"frame_time", "broken", "2", "0 c1 data; 40001 c1 heartbeat begin=0"},
    {"frame_time", "ok", "", "0 c1 heartbeat; 1 c1 unfinished; 45001 - -"},
    {"frame_time", "broken", "2", "0 c1 heartbeat; 1 c1 unfinished; 45002 - -"},
    {"frame_time", "ok", "", "0 c1 heartbeat; 1 c1 unfinished; 9 c1 fin by=server; 45002 - -"},
    {"frame_time", "unsure", "2", "0 c1 heartbeat; 1 c1 unfinished; 2 c1 hole; 45002 - -"},
    {"frame_time", "idle", "", "0 m1 heartbeat; 1 m1 unfinished; 99000 - -"},

    {"direction", "ok", "", "0 c1 login 1; 1 c1 push 4/1 a; 2 c1 ack push 4/1"},
    {"direction", "broken", "1", "0 c1 push 4/1 a by=client"},
    {"direction", "broken", "1", "0 c1 login 1 by=server"},
    {"direction", "broken", "1", "0 c1 ack push 4/1 by=server"},
    {"direction", "broken", "1", "0 c1 ack login by=client"},
    {"direction", "ok", "", "0 c1 login 1; 1 c1 ack push 4/1 by=server code=2"},
    {"direction", "idle", "", "0 C1 push 4/1 a by=client; 1 c2 type77"},

    {"empty_bodies", "ok", "", "0 c1 heartbeat"},
    {"empty_bodies", "broken", "1 2", "0 c1 heartbeat body=1; 1 c1 ack login body=1"},
    {"empty_bodies", "idle", "", "0 c1 login 1 body=9"},

    {"ack_fields", "ok", "",
     "0 c1 ack login conn=7; 1 c1 ack reconn conn=8; 2 c1 ack up 4/1 msg=1;"
     "3 c1 ack push 4/1; 4 c1 ack sync 4; 5 c1 ack up code=9"},
    {"ack_fields", "broken", "1 2 3 4 5 6 7 8",
     "0 c1 ack login; 1 c1 ack reconn; 2 c1 ack up 4/0 msg=1; 3 c1 ack up 0/1 msg=1;"
     "4 c1 ack up 4/1; 5 c1 ack push 0/1; 6 c1 ack push 4/0; 7 c1 ack sync 0"},
    {"ack_fields", "idle", "", "0 c1 ack heartbeat; 1 c1 ack login code=7"},

    {"sync_range", "ok", "", "0 c1 sync 4/1-1; 1 c1 sync 4/0-5"},
    {"sync_range", "broken", "1 2 3", "0 c1 sync 0/1-2; 1 c1 sync 4/3-2; 2 c1 sync 4/0-0"},
    {"sync_range", "idle", "", "0 c1 heartbeat"},
};
const rows rows_frames = {table, sizeof table / sizeof table[0]};
