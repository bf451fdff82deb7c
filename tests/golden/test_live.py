#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The reference server keeps the rules of plato-check while plato-chaos cuts, stalls, repeats and
damages what goes between it and its clients. Captured is the server's side.

Exit code: 77, and a message, where a network of our own or capturing is not permitted."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

import wireshark

sys.path.insert(0, os.path.join(wireshark.ROOT, "tests", "blackbox"))
import programs  # noqa: E402

TOOL = os.path.join(wireshark.ROOT, "tools", "plato-check")
PORT = 8900  # in a network of our own every port is free

# What clients are made to do, without a damaged byte on the server's side.
TROUBLE = """
connection all both from 0 to 3000 resegment 5..40
"""

TROUBLES = {
    "ways": """
connection every 2 both from 0 resegment 9
connection every 3 both from 0 merge 300 within 20
connection all odds 0.5 up at 200..3000 stall 300
connection all odds 0.3 down at 100..4000 cut
connection all odds 0.3 up at 100..6000 reset
connection all odds 0.2 up at 300..6000 half-close
connection all odds 0.3 up at 500..5000 replay
""",
    "damage": """
connection all odds 0.7 up at 30..4000 flip 3
connection all odds 0.3 up from 1000 flip-one-in 3000
connection every 2 both from 0 resegment 11
connection all odds 0.2 down at 100..4000 cut
"""}
