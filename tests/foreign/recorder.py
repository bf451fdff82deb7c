# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes down what two programs say to each other, through a proxy: capturing needs privileges."""
import select
import socket
import threading
import time

LOOPBACK = "127.0.0.1"
PATIENCE = 15  # seconds


class Conversation:
    """What was said on one TCP connection: steps of (from the client?, bytes)."""

    def __init__(self, name, port, steps=()):
        self.name = name
        self.port = port  # the usual one of this protocol
        self.steps = list(steps)

    def bytes_of(self, from_client):
        return sum(len(data) for side, data in self.steps if side == from_client)

    def write(self, flow, size):
        """Into a pcap.Flow, in segments of at most `size` bytes."""
        for from_client, data in self.steps:
            for at in range(0, len(data), size):
                (flow.client if from_client else flow.server)(data[at:at + size])


def free_port():
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def wait_for(port):
    """Until somebody listens there."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((LOOPBACK, port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class Recorder:
    """with Recorder(name, usual_port, server_port) as r: a client talks to r.port. Afterwards
    r.conversations holds one Conversation per connection."""

    def __init__(self, name, usual_port, server_port):
        self.name, self.usual_port, self.server_port = name, usual_port, server_port
        self.conversations = []
        self.threads = []
        self.closing = False

    def __enter__(self):
        self.listener = socket.create_server((LOOPBACK, 0))
        self.port = self.listener.getsockname()[1]
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()
        return self

    def __exit__(self, *_):
        # what the client has just closed is still being read
        for thread in self.threads:
            thread.join(2)
        self.closing = True
        self.acceptor.join()
        self.listener.close()

    def _accept(self):
        while not self.closing:
            if select.select([self.listener], [], [], 0.1)[0]:
                client = self.listener.accept()[0]
                conversation = Conversation(self.name, self.usual_port)
                self.conversations.append(conversation)
                thread = threading.Thread(target=self._pump, args=(client, conversation),
                                          daemon=True)
                self.threads.append(thread)
                thread.start()

    def _pump(self, client, conversation):
        server = socket.create_connection((LOOPBACK, self.server_port))
        other = {client: server, server: client}
        reading = {client, server}
        end = time.monotonic() + PATIENCE
        while reading and time.monotonic() < end:
            for end_point in select.select(list(reading), [], [], 0.2)[0]:
                try:
                    data = end_point.recv(65536)
                    if data:
                        conversation.steps.append((end_point is client, data))
                        other[end_point].sendall(data)
                    else:
                        other[end_point].shutdown(socket.SHUT_WR)
                except OSError:
                    data = b""
                if not data:
                    reading.discard(end_point)
        client.close()
        server.close()
