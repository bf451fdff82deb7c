# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations of Plato, written packet by packet."""
import os
import shutil
import tempfile
import unittest

import pcap
import plato_bytes as plato
import wireshark
from plato_bytes import frame, number


def ack(msg_type, code=0, conn_id=0, client_id=0, session_id=0, msg_id=0):
    head = b""
    for field, value in ((1, code), (3, msg_type), (4, conn_id), (5, client_id), (6, session_id),
                         (7, msg_id)):
        head += number(field, value) if value else b""
    return frame(plato.ACK, head)


def up(client_id, text="hi", session_id=42, conn_id=0):
    head = number(1, client_id) + (number(2, conn_id) if conn_id else b"") + number(3, session_id)
    return frame(plato.UP, head, plato.chat(text))


def push(msg_id, text="hi", session_id=42):
    return frame(plato.PUSH, number(1, msg_id) + number(2, session_id), plato.chat(text))


class Scene:
    """Connections that take turns; each call is one packet and returns its number."""

    def __init__(self):
        self.capture = pcap.Capture()
        self.flows = {}

    def open(self, name, device, conn_id):
        self.flows[name] = pcap.Flow(self.capture, client_port=30000 + len(self.flows))
        return self.up(name, plato.login(device)), self.down(name, ack(plato.LOGIN,
                                                                       conn_id=conn_id))

    def up(self, name, *frames):
        self.flows[name].client(b"".join(frames))
        return len(self.capture.records)

    def down(self, name, *frames):
        self.flows[name].server(b"".join(frames))
        return len(self.capture.records)


class SceneTest(unittest.TestCase):
    """A test with a scene of its own, and a folder that tshark may write to."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o777)
        self.addCleanup(shutil.rmtree, self.folder)
        self.scene = Scene()

    def write(self):
        path = os.path.join(self.folder, "scene.pcap")
        self.scene.capture.write(path)
        return path

    def text(self, what, *options):
        """What a statistic prints of the scene."""
        return wireshark.run("-r", self.write(), "-q", *options, "-z", what)
