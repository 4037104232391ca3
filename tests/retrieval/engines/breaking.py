"""A relay before a server, which breaks every connection once so many bytes of answers have passed."""

from __future__ import annotations

import select
import socket
import struct
import threading
from contextlib import suppress
from itertools import pairwise

RESET = struct.pack("ii", 1, 0)
"""The option by which closing a socket resets its connection."""


class Relay:
    """Passes on what goes to a port of this machine and back.

    passed  bytes of answers that have passed
    turns   how many had passed whenever another request came
    """

    def __init__(self, port: int) -> None:
        self.behind = port
        self.passed = 0
        self.turns: list[int] = []
        self._most: int | None = None
        self._reset = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def again(self, most: int | None = None, reset: bool = False) -> None:
        """Count from 0. most: after so many bytes of answers every connection is closed, and those that come later at
        once. reset: as by a machine that fails, not as by a server that ends."""
        with self._lock:
            self.passed, self.turns, self._most, self._reset = 0, [], most, reset

    def breaks(self) -> list[int]:
        """Where the answers that have passed can break: before each of them, and half-way through it."""
        ends = [*self.turns, self.passed]
        return sorted({*ends[:-1], *((first + last) // 2 for first, last in pairwise(ends))})

    def close(self) -> None:
        """Listen no more, and close what is open."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._between, args=(client,), daemon=True).start()

    def _between(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self.behind)) as server:
            with self._lock:
                self._open |= {client, server}
            try:
                self._pass(client, server)
            finally:
                with self._lock:
                    self._open -= {client, server}
                if self._reset:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            ready, _, _ = select.select([client, server], [], [])
            for one in ready:
                piece = one.recv(65536)
                if not piece:
                    return
                if one is client:
                    self._asked()
                    server.sendall(piece)
                    continue
                client.sendall(self._allowed(piece))
                if self._most is not None and self.passed >= self._most:
                    return

    def _asked(self) -> None:
        with self._lock:
            if not self.turns or self.turns[-1] < self.passed:
                self.turns.append(self.passed)

    def _allowed(self, piece: bytes) -> bytes:
        with self._lock:
            piece = piece if self._most is None else piece[: max(0, self._most - self.passed)]
            self.passed += len(piece)
        return piece
