# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs of the build tree, installed into a folder of their own for the length of a test."""
import os
import re
import shutil
import subprocess
import tempfile

BUILD = os.environ["PLATO_BUILD"]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXPECTED = sorted(os.environ["PLATO_PROGRAMS"].split(","))

# An option as --help lists it: its letter, its name, its value.
OPTION = re.compile(r"^ +(?:(-\w), )?(--[a-z-]+)(?:[= ]([A-Z]+))?(?: (.*))?$", re.MULTILINE)


class Installation:
    def __init__(self):
        self.stage = tempfile.mkdtemp()
        subprocess.run(["cmake", "--install", BUILD], check=True, capture_output=True, timeout=120,
                       env=dict(os.environ, DESTDIR=self.stage))
        with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
            (prefix,) = re.findall(r"^CMAKE_INSTALL_PREFIX:PATH=(.*)$", cache.read(), re.MULTILINE)
        self.prefix = self.stage + prefix
        self.bin = os.path.join(self.prefix, "bin")

    def remove(self):
        shutil.rmtree(self.stage)

    def programs(self):
        return sorted(os.listdir(self.bin))

    def page(self, program):
        path = os.path.join(self.prefix, "share", "man", "man1", program + ".1")
        with open(path, encoding="utf-8") as file:
            return file.read()

    def run(self, program, *arguments):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PLATO_")}
        return subprocess.run([os.path.join(self.bin, program), *arguments], text=True, timeout=60,
                              capture_output=True, stdin=subprocess.DEVNULL, env=environment,
                              check=False)

    def help(self, program):
        return self.run(program, "--help").stdout


def version():
    with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
        return re.search(r"^project\(plato VERSION ([0-9.]+)", file.read(), re.MULTILINE).group(1)
