# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion for bash, with bash: the function asked as readline asks it, and once a terminal with
keys pressed. The programs, and the files, are the installed ones."""
import os
import pty
import select
import subprocess
import tempfile
import time
import unittest

import installed

HERE = None


def setUpModule():
    global HERE
    HERE = installed.Installation()


def tearDownModule():
    HERE.remove()


def completion(program):
    return os.path.join(HERE.prefix, "share", "bash-completion", "completions", program)


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PLATO_")}
    return dict(kept, PATH=f"{HERE.bin}:{kept['PATH']}", **more)


ASK = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_plato "$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Function(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("run.pcapng", "run.pcap.gz", "run.rules", "a run.pcap"):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8"):
                pass
        os.makedirs(os.path.join(self.folder, "runs"))
        os.makedirs(os.path.join(self.folder, "settings", "profiles", "My Work"))

    def ask(self, program, *words):
        if program not in installed.EXPECTED:
            self.skipTest(f"{program} is not built")
        done = subprocess.run(["bash", "--norc", "-c", ASK, "bash", completion(program), program,
                               *words], capture_output=True, text=True, timeout=60, check=True,
                              cwd=self.folder,
                              env=environment(WIRESHARK_CONFIG_DIR=self.folder + "/settings"))
        self.assertEqual(done.stderr, "")
        return sorted(done.stdout.split("\n")[:-1])

    def test_every_option_of_every_program(self):
        for program in installed.EXPECTED:
            with self.subTest(program):
                rows = installed.OPTION.findall(HERE.help(program))
                names = {name for row in rows for name in row[:2] if name}
                self.assertGreater(len(names), 3)
                self.assertEqual(set(self.ask(program, "-")), names)
                self.assertEqual(self.ask(program, "--vers"), ["--version"])

    def test_words_that_help_lists(self):
        self.assertEqual(self.ask("plato-check", "--format", ""), ["json", "junit", "tap", "text"])
        self.assertEqual(self.ask("plato-check", "--format", "=", "j"), ["json", "junit"])
        self.assertEqual(self.ask("plato-mkcap", "-F", ""), ["pcap", "pcapng"])
        self.assertEqual(self.ask("plato-server", "--log-level", ""),
                         ["debug", "error", "info", "warning"])

    def test_programs_types_and_profiles(self):
        self.assertEqual(self.ask("plato-tshark", "--program", "sh"), ["sharkd"])
        self.assertEqual(self.ask("plato-cmd", "--binary", "-p", "1", "127.0.0.1", "T"), ["TIME"])
        self.assertEqual(self.ask("plato-doctor", "-C", ""), ["My\\ Work"])

    def test_captures(self):
        captures = ["a run.pcap", "run.pcap.gz", "run.pcapng", "runs", "settings"]
        self.assertEqual(self.ask("plato-check", ""), captures)
        self.assertEqual(self.ask("plato-check", "--strict", "--format", "tap", "x.pcap", ""), captures)
        self.assertEqual(self.ask("plato-check", "run.p"), ["run.pcap.gz", "run.pcapng"])

    def test_files_and_folders(self):
        self.assertEqual(self.ask("plato-check", "--rules", "run.r"), ["run.rules"])
        self.assertEqual(self.ask("plato-check", "--rules", "=", ""), self.ask("plato-mkcap", ""))
        self.assertEqual(self.ask("plato-server", "--tls-cert", "run.r"), ["run.rules"])
        self.assertEqual(self.ask("plato-server", "--state-dir", "run"), ["runs"])
        self.assertEqual(self.ask("plato-tshark", "-r", "run.r"), ["run.rules"])

    def test_what_cannot_be_known(self):
        self.assertEqual(self.ask("plato-check", "--port", ""), [""])
        self.assertEqual(self.ask("plato-client", "--token", "run"), [""])
        self.assertEqual(self.ask("plato-server", ""), [""])

    def test_rules(self):
        """They come from the plugin: from the one of the build tree, as none is installed here."""
        if not os.path.isdir(os.path.join(installed.BUILD, "plugins")):
            self.skipTest("the plugins are not built")
        script = ASK.replace('source "$1"', 'export PLATO_BUILD=$0; source "$1"')
        done = subprocess.run(["bash", "--norc", "-c", script, installed.BUILD,
                               completion("plato-check"),
                               os.path.join(installed.ROOT, "tools", "plato-check"), "--rule", "resp"],
                              capture_output=True, text=True, timeout=120, check=True,
                              env=environment())
        self.assertEqual(done.stdout.split(), ["response_time"])


class Terminal(unittest.TestCase):
    """Keys pressed in an interactive bash, with bash-completion finding the file by its name."""

    MAIN = "/usr/share/bash-completion/bash_completion"

    def press(self, setup, keys, wanted):
        command = ["bash", "--noprofile", "--norc", "-i"]
        share = os.path.join(HERE.prefix, "share")
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(environment(TERM="dumb", PS1="$ ", XDG_DATA_DIRS=share + ":/usr/share",
                                          HISTFILE="/dev/null"))
            os.execvp(command[0], command)
        os.write(terminal, f"{setup}; echo rea''dy\n".encode())
        seen = self.read_until(terminal, "ready\r\n")
        os.write(terminal, keys.encode())
        seen += self.read_until(terminal, wanted)
        os.write(terminal, b"\x15exit\n")  # the line is thrown away
        self.read_until(terminal, None)
        os.close(terminal)
        os.waitpid(pid, 0)
        self.assertIn(wanted, seen)

    def read_until(self, terminal, wanted):
        seen, end = "", time.monotonic() + 30
        while time.monotonic() < end and (wanted is None or wanted not in seen):
            if select.select([terminal], [], [], 0.5)[0]:
                try:
                    more = os.read(terminal, 4096)
                except OSError:  # bash has ended
                    break
                if not more:
                    break
                seen += more.decode(errors="replace")
        return seen

    def test_the_file_alone(self):
        self.press(f"source '{completion('plato-check')}'", "plato-check --form\tj\t",
                   "plato-check --format j")

    def test_found_by_name(self):
        if not os.path.exists(self.MAIN):
            self.fail("bash-completion is not installed (tools/install-packages test)")
        for program in installed.EXPECTED:
            with self.subTest(program):
                self.press(f"source {self.MAIN}", f"{program} --vers\t", f"{program} --version ")


if __name__ == "__main__":
    unittest.main()
