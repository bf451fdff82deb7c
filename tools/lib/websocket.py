#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Carries a byte stream in binary WebSocket messages (subprotocol "plato"), for make-captures.

    websocket.py serve PORT TARGET-PORT     WebSocket on PORT, plain TCP to TARGET-PORT
    websocket.py connect PORT TARGET-PORT   plain TCP on PORT, WebSocket to TARGET-PORT

All on 127.0.0.1. For Debian's own Python, which has python3-websockets. Each read becomes a message, but one longer than CUT bytes becomes several: a frame
may span messages. Prints "listening" when it is ready.
"""
import asyncio
import sys

import websockets

HOST = "127.0.0.1"
CUT = 600


async def to_messages(reader, socket):
    while data := await reader.read(65536):
        for at in range(0, len(data), CUT):
            await socket.send(data[at:at + CUT])
    await socket.close()


async def from_messages(socket, writer):
    async for message in socket:
        writer.write(message)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def carry(reader, writer, socket):
    """Both directions, until each has ended."""
    try:
        await asyncio.gather(to_messages(reader, socket), from_messages(socket, writer))
    except (ConnectionError, websockets.ConnectionClosed):
        pass
    writer.close()


async def main(mode, port, target):
    if mode == "serve":
        async def accept(socket):
            await carry(*await asyncio.open_connection(HOST, target), socket)

        server = await websockets.serve(accept, HOST, port, subprotocols=["plato"],
                                        compression=None)
    else:
        async def accept(reader, writer):
            async with websockets.connect(f"ws://{HOST}:{target}/", subprotocols=["plato"],
                                          compression=None) as socket:
                await carry(reader, writer, socket)

        server = await asyncio.start_server(accept, HOST, port)
    print("listening", flush=True)
    await server.wait_closed() if mode == "serve" else await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("serve", "connect"):
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
