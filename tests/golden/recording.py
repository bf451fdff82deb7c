# SPDX-License-Identifier: GPL-2.0-or-later
"""dumpcap on the loopback interface, for tests that judge what real programs say."""
import os
import subprocess
import time


class NotPermitted(Exception):
    """This machine does not let us capture."""


class Recording:
    """Records into `path` what `capture_filter` lets through, for as long as the block lasts."""

    def __init__(self, path, capture_filter):
        self.path = path
        self.command = ["dumpcap", "-q", "-i", "lo", "-f", capture_filter, "-w", path]

    def __enter__(self):
        try:
            self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        except OSError as error:
            raise NotPermitted(f"dumpcap: {error}") from error
        for line in self.process.stderr:
            if line.startswith("File:"):
                time.sleep(0.5)  # it says so a moment before it listens
                return self
        self.process.wait(10)
        raise NotPermitted("this machine does not let us capture on lo")

    def __exit__(self, *_):
        time.sleep(1)  # for the last packets
        self.process.terminate()
        self.process.wait(10)
        self.process.stderr.close()
        os.chmod(self.path, 0o644)
