# SPDX-License-Identifier: GPL-2.0-or-later
"""A wrong scenario is refused with its line, and nothing is written."""
import os
import resource
import signal
import stat
import subprocess
import unittest

import mkcap

# (line, what the message says of it). After "connection a", so it is line 2.
WRONG = (
    ("nonsense", "neither a statement"),
    ("a ? HEARTBEAT", "neither a statement"),
    ("b > HEARTBEAT", "no connection of this name"),
    ("a >", "neither a statement"),
    ("a > HEARTBEAT |", "must stand here"),
    ("a > | HEARTBEAT", "must stand here"),
    ("a > HEARTBEET", "neither a type of frame"),
    ("a > 256", "neither a type of frame"),
    ("a > UP text=\"open", "not closed"),
    ("a > UP text='x'y", "blank is missing"),
    ("a > UP text=\"\\q\"", "unknown escape"),
    ("a > UP text=\"\\xg0\"", "unknown escape"),
    ("a > UP hello", "NAME=VALUE is wanted"),
    ("a > UP colour=3", "no such field"),
    ("a > UP msg_id=3", "no such field"),
    ("a > HEARTBEAT text=hi", "only UP and PUSH"),
    ("a > UP client_id=-1", "not a number from 0"),
    ("a > UP client_id=18446744073709551616", "not a number from 0"),
    ("a > ACK code=WELL", "not a number from 0"),
    ("a > ACK type=4294967296", "not a number from 0"),
    ("a > LOGIN session_ids=1,,2", "not a list"),
    ("a > LOGIN session_ids=1,x", "not numbers from 1"),
    ("a > UP body=hex:123", "pairs of hex digits"),
    ("a > UP body=fill:67108865", "pairs of hex digits"),
    ("a > UP @0=1", "field's number"),
    ("a > UP @536870912=1", "field's number"),
    ("a > UP version=256", "not a number from 0 to 255"),
    ("a > UP crc=good", "bad, none, a number"),
    ("a > UP crc=none-crc32c", "bad, none, a number"),
    ("a > UP msg_len=4294967296", "not a number from 0"),
    ("a > HEARTBEAT flip=14", "not OFFSET:BIT"),
    ("a > HEARTBEAT flip=-15", "not OFFSET:BIT"),
    ("a > HEARTBEAT flip=0:8", "not OFFSET:BIT"),
    ("a > HEARTBEAT from=14", "bytes 0 to 14"),
    ("a > HEARTBEAT to=15", "bytes 0 to 14"),
    ("a > hex:01 body=x", "plain bytes stand alone"),
    ("a > ''", "nothing to send"),
    ("a > HEARTBEAT / whatever=1", "unknown behind /"),
    ("a > HEARTBEAT / cut", "unknown behind /"),
    ("a > HEARTBEAT / cut=5,5", "cuts must rise"),
    ("a > HEARTBEAT / cut=14", "cuts must rise"),
    ("a > HEARTBEAT / segments=0", "at least 1 byte"),
    ("a > HEARTBEAT / segments=65496", "not a number from 0 to 65495"),
    ("a > HEARTBEAT / cut=5 order=1", "each of the 2 segments once"),
    ("a > HEARTBEAT / cut=5 order=1,1", "each of the 2 segments once"),
    ("a > HEARTBEAT / cut=5 order=1,3", "each of the 2 segments once"),
    ("a > HEARTBEAT / lost=2", "there are only 1"),
    ("a > HEARTBEAT / again=2", "there are only 1"),
    ("a > HEARTBEAT / hold=2:x", "there are only 1"),
    ("a > HEARTBEAT / hold=x:y", "not NAME or N:NAME"),
    ("a > HEARTBEAT / name=x hold=y", "has the name x already"),
    ("a > HEARTBEAT / snap=0", "at least 1 byte"),
    ("a > HEARTBEAT / checksum=good", "only be bad"),
    ("send x", "no segment has the name x"),
    ("send x cut=1", "/ is wanted"),
    ("send x / cut=1", "takes only"),
    ("connection a", "already"),
    ("connection send", "no name"),
    ("connection b c=d", "unknown here"),
    ("connection b 10.0.0.1 > 10.0.0.2:1", "not ADDRESS:PORT"),
    ("connection b 10.0.0.1:0 > 10.0.0.2:1", "not ADDRESS:PORT"),
    ("connection b [::1]:5 > 10.0.0.2:1", "one address is IPv4"),
    ("connection b vlan=1,2,3", "at most two tags"),
    ("connection b vlan=4095", "from 1 to 4094"),
    ("connection b framing=other", "neither header nor msgcmd"),
    ("connection b handshake=maybe", "neither yes nor no"),
    ("connection b client_seq=4294967296", "not a number from 0"),
    ("start 2024-01-01T00:00:00Z", "in front of all packets"),
    ("wait 5", "not a time"),
    ("wait 5h", "not a time"),
    ("wait 1.2.3s", "not a time"),
    ("wait 999999999s", "not a time"),
    ("wait", "too few or too many"),
    ("at 1ms", "come further"),
    ("segment 0", "at least 1 byte"),
    ("snaplen many", "not a number"),
    ("default colour=1", "field of ChatMessage"),
    ("default sender_id=x", "not a number"),
    ("close b", "no connection of this name"),
    ("tcp a > hello", "fin, rst or ack"),
    ("tcp a ? fin", "> (from the client)"),
    (b"a > HEARTBEAT\0", "NUL"),
    ("comment \"\\xff\"", "not UTF-8"),
)

# The length-prefixed variant, on a connection "v".
WRONG_IN_VARIANT = (
    ("v > SYNC", "no such thing"),
    ("v > UP crc=bad", "no such thing"),
    ("v > UP version=2", "no such thing"),
    ("v > UP var_head_len=2", "no such thing"),
    ("v > LOGIN token=x", "no such field"),
)


class WrongScenarios(mkcap.MkcapTest):
    def refused(self, text, line, why):
        self.write(text)
        done = mkcap.run("-o", self.path("a.pcapng"), self.scenario)
        self.assertEqual(done.returncode, 2, (text, done.stderr))
        self.assertIn(f"a.mkcap: line {line}: ", done.stderr, text)
        self.assertIn(why, done.stderr, text)
        self.assertEqual(os.listdir(self.folder), ["a.mkcap"])

    def test_each_is_refused_with_its_line(self):
        for wrong, why in WRONG:
            wrong = wrong if isinstance(wrong, bytes) else wrong.encode()
            self.refused(b"connection a\n" + wrong + b"\na > HEARTBEAT\n", 2, why)

    def test_what_the_variant_has_not(self):
        for wrong, why in WRONG_IN_VARIANT:
            self.refused(f"# the variant\n\nconnection v framing=msgcmd\n{wrong}\n", 4, why)

    def test_a_line_that_was_right_when_it_was_read(self):
        self.refused("connection a\na > HEARTBEAT / name=x\na > HEARTBEAT / name=x\n", 3,
                     "a segment x already")

    def test_too_much(self):
        many = " | ".join(["fill:67108864"] * 5)
        self.refused(f"connection a\na > {many}\n", 2, "more than 256 MiB")
        self.refused("connection a\na > " + "x=1 " * 5000 + "\n", 2, "more than 4096 words")
        again = ",".join(["1"] * 20000)
        self.refused(f"connection a\na > fill:65000 / segments=65000 again={again}\n", 2, "1 GiB")

    def test_options(self):
        self.write("connection a\na > HEARTBEAT\n")
        out = self.path("out.pcapng")
        for arguments in ((), (self.scenario,), ("-o", out), ("-o", out, self.scenario, "b"),
                          ("-o", out, "--check", self.scenario), ("--no-such-option",),
                          ("-o", out, "-F", "cap", self.scenario)):
            done = mkcap.run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("see plato-mkcap --help", done.stderr)
        self.assertEqual(mkcap.run("--check", self.scenario).returncode, 0)
        self.assertEqual(os.listdir(self.folder), ["a.mkcap"])

    def test_files_that_cannot_be_used(self):
        self.write("connection a\na > HEARTBEAT\n")
        self.assertEqual(mkcap.run("-o", self.path("x"), self.path("none")).returncode, 1)
        self.assertEqual(mkcap.run("-o", self.path("none/x"), self.scenario).returncode, 1)
        os.mkdir(self.path("taken"))
        for name in ("taken", "taken/"):
            done = mkcap.run("-o", self.path(name), self.scenario)
            self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["a.mkcap", "taken"])
        self.assertEqual(os.listdir(self.path("taken")), [])

    def test_a_full_disk(self):
        """A file that cannot grow any further is removed."""
        self.write("connection a\na > fill:100000\n")

        def no_large_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        for name in ("a.pcap", "a.pcapng"):
            done = subprocess.run([mkcap.MKCAP, "-o", self.path(name), self.scenario],
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                                  preexec_fn=no_large_files)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("File too large", done.stderr)
            self.assertEqual(os.listdir(self.folder), ["a.mkcap"])

    def test_a_link_a_fifo_and_a_device(self):
        """They stay what they are: the capture goes where they lead."""
        self.write("connection a\na > HEARTBEAT\n")
        wanted = self.path("wanted.pcapng")
        self.assertEqual(mkcap.run("-o", wanted, self.scenario).returncode, 0)
        with open(wanted, "rb") as file:
            expected = file.read()
        with open(self.path("file.pcapng"), "wb"):
            pass
        os.symlink("file.pcapng", self.path("link.pcapng"))
        self.assertEqual(mkcap.run("-o", self.path("link.pcapng"), self.scenario).returncode, 0)
        self.assertTrue(os.path.islink(self.path("link.pcapng")))
        with open(self.path("file.pcapng"), "rb") as file:
            self.assertEqual(file.read(), expected)
        os.mkfifo(self.path("fifo"))
        reader = os.open(self.path("fifo"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.assertEqual(mkcap.run("-o", self.path("fifo"), self.scenario).returncode, 0)
        self.assertEqual(os.read(reader, 65536), expected)
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("fifo")).st_mode))
        # not /dev/full itself: who is root could lose it if this failed
        os.symlink("/dev/full", self.path("full"))
        done = mkcap.run("-o", self.path("full"), self.scenario)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)
        self.assertTrue(os.path.islink(self.path("full")))

    def test_help(self):
        done = mkcap.run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("connection NAME", done.stdout)


if __name__ == "__main__":
    unittest.main()
