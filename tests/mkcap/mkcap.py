# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs plato-mkcap, and tshark without a plugin on what it wrote."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(FOLDER), "golden"))
MKCAP = os.environ.get("PLATO_MKCAP", "plato-mkcap")
TSHARK = os.environ.get("TSHARK", "tshark")
EVERYTHING = os.path.join(FOLDER, "everything.mkcap")
CHECKSUMS = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")


def run(*arguments):
    return subprocess.run([MKCAP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60, check=False)


def fields(capture, *names):
    """A dict per packet of tshark's fields, absent ones left out."""
    command = [TSHARK, "-n", "-r", capture, *CHECKSUMS, "-T", "fields"]
    for name in names:
        command += ["-e", name]
    environment = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", WIRESHARK_EXTCAP_DIR="/nonexistent")
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True, timeout=120, env=environment).stdout
    return [{n: c for n, c in zip(names, line.split("\t")) if c} for line in out.splitlines()]


class MkcapTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        self.scenario = os.path.join(self.folder, "a.mkcap")

    def write(self, text):
        mode = "wb" if isinstance(text, bytes) else "w"
        with open(self.scenario, mode, **({} if mode == "wb" else {"encoding": "utf-8"})) as out:
            out.write(text)

    def path(self, name):
        return os.path.join(self.folder, name)

    def build(self, text=None, name="a.pcapng", scenario=None):
        """The path of the capture that this text, or the file `scenario`, gives."""
        if text is not None:
            self.write(text)
        done = run("-o", self.path(name), scenario or self.scenario)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return self.path(name)
