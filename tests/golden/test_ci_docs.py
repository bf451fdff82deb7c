# SPDX-License-Identifier: GPL-2.0-or-later
"""The jobs of docs/ci.md: their lines that judge are run, over captures that hold and that do not.

What installs packages or plugins is not run here."""
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
import unittest
import xml.etree.ElementTree as ElementTree

import wireshark

PAGE = os.path.join(wireshark.ROOT, "docs", "ci.md")


def blocks(language):
    with open(PAGE, encoding="utf-8") as file:
        return re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)


def steps(job):
    """The shell lines of a job, without indentation and list marks."""
    return [re.sub(r"^- ", "", line.strip()) for line in job.splitlines()]


class Jobs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        os.mkdir(os.path.join(self.folder, "captures"))
        (rules,) = blocks("ini")
        self.write("ci.rules", rules)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def run_line(self, line, *captures):
        for name in os.listdir(os.path.join(self.folder, "captures")):
            os.remove(os.path.join(self.folder, "captures", name))
        for name in captures:
            shutil.copy(os.path.join(wireshark.ROOT, "captures", name + ".pcapng"),
                        os.path.join(self.folder, "captures"))
        environment = wireshark.environment_of_a_run()
        environment["PATH"] = os.path.join(wireshark.ROOT, "tools") + ":" + environment["PATH"]
        return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", line], cwd=self.folder,
                              env=environment, timeout=wireshark.TIMEOUT, capture_output=True,
                              text=True, check=False)

    def check(self, line, broken_code=1):
        for captures, code in ((["first-chat"], 0), (["first-chat", "trouble"], broken_code)):
            done = self.run_line(line, *captures)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)

    def test_yaml_jobs(self):
        jobs = blocks("yaml")
        self.assertEqual(len(jobs), 2)
        for job in jobs:
            lines = [line for line in steps(job) if line.startswith("plato-check ")]
            self.assertEqual(len(lines), 1)
            self.check(lines[0])
            report = ElementTree.parse(os.path.join(self.folder, "plato.xml"))
            self.assertEqual(len(report.getroot()), 2)
            self.assertEqual(self.run_line(lines[0]).returncode, 2)  # no captures at all

    def test_tools_that_the_jobs_name_are_there(self):
        for job in blocks("yaml"):
            for tool in re.findall(r"tools/[a-z-]+", job):
                self.assertTrue(os.access(os.path.join(wireshark.ROOT, tool), os.X_OK), tool)
            self.assertIn("plato-doctor", job)

    @unittest.skipUnless(shutil.which("make"), "make is not installed")
    def test_makefile(self):
        (text,) = blocks("make")
        self.write("Makefile", textwrap.dedent(text))
        self.check("make check-plato", broken_code=2)  # make's own code for a command that failed


if __name__ == "__main__":
    unittest.main()
