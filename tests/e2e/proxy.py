# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands between a client and the server: cuts connections at a byte, and may speak TLS."""
import select
import socket
import struct
import threading

import plato

UNLIMITED = 1 << 60


def cut(connection):
    """Ends a connection as a crash does: with a reset, and what is on its way is gone."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Proxy:
    """Listens on `port`. `budgets`: of each connection in turn, how many bytes may go up and down
    before it is cut; those after the last are not cut."""

    def __init__(self, server_port, budgets=(), tls=None):
        self.server_port, self.budgets, self.tls = server_port, list(budgets), tls
        self.connections = self.cuts = 0
        self.protocols = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept)]

    def __enter__(self):
        self.threads[0].start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(plato.PATIENCE)

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            budget = self.budgets.pop(0) if self.budgets else (UNLIMITED, UNLIMITED)
            self.connections += 1
            thread = threading.Thread(target=self.serve, args=(client, budget))
            self.threads.append(thread)
            thread.start()

    def serve(self, client, budget):
        client.settimeout(plato.PATIENCE)
        try:
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
                self.protocols.append(client.selected_alpn_protocol())
            with client, socket.create_connection(("127.0.0.1", self.server_port)) as server:
                server.settimeout(plato.PATIENCE)
                self.pump(client, server, list(budget))
        except OSError:
            client.close()

    def pump(self, client, server, budget):
        ends = [(client, server), (server, client)]
        open_ends = [0, 1]
        while open_ends:
            waiting = [i for i in open_ends if getattr(ends[i][0], "pending", lambda: 0)()]
            if not waiting:
                ready, _, _ = select.select([ends[i][0] for i in open_ends], [], [], plato.PATIENCE)
                waiting = [i for i in open_ends if ends[i][0] in ready]
                if not waiting:
                    return
            for i in waiting:
                source, target = ends[i]
                data = source.recv(min(65536, budget[i] or 1))
                if not data:
                    open_ends.remove(i)
                    if target is client and self.tls:
                        client.unwrap()
                    else:
                        target.shutdown(socket.SHUT_WR)
                    continue
                target.sendall(data[:budget[i]])
                budget[i] -= len(data)
                if budget[i] <= 0:
                    self.cuts += 1
                    cut(client), cut(server)
                    return
