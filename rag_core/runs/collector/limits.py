"""What the collector allows: who may post, how much at once, how often."""

from __future__ import annotations

import hmac
import ipaddress
import math
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rag_core.errors import BadInput


class Refused(Exception):
    """A request that is not taken: its status code, a sentence, and where it may come again, after how many seconds."""

    def __init__(self, status: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class Limits:
    """What a collector allows.

    token        the bearer token that requests need; empty: none, on this machine's own addresses only
    max_bytes    of a body, packed and unpacked
    per_second   requests, on average; `burst` may come at once
    at_once      requests that are worked on; more are asked to come again
    bytes_at_once  of all their bodies together, packed and unpacked; so memory has a limit
    body_s       seconds in which a body must have come whole; so a sender that stalls gives its place back
    """

    token: str = ""
    max_bytes: int = 16 * 2**20
    per_second: float = 400.0
    burst: int = 800
    at_once: int = 16
    bytes_at_once: int = 64 * 2**20
    body_s: float = 30.0


def checked_address(host: str, token: str) -> None:
    """Raises BadInput where others could reach the collector without a token."""
    if not token and not is_loopback(host):
        raise BadInput(
            f"On {host}, other machines can post. Set a token with SECOND_PASS_TOKEN, or listen on 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """True for names and addresses that only this machine can reach.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("example.org")
    (True, True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_access(limits: Limits, authorization: str, host: str) -> None:
    """Raises Refused without the token. Without one to ask for, the request must name this machine, so that no page of
    the web can post here through a name of its own."""
    if limits.token:
        given = authorization.removeprefix("Bearer ").removeprefix("bearer ").strip()
        if not hmac.compare_digest(given.encode(), limits.token.encode()):
            raise Refused(401, "Send the collector's token: Authorization: Bearer TOKEN.")
    elif not is_loopback(host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host):
        raise Refused(403, "This collector takes requests to 127.0.0.1 and localhost only.")


class Rate:
    """A bucket that fills with so many requests a second, up to `burst`."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        self._left, self._at = float(burst), clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take one. Raises Refused with the seconds after which there is one again."""
        with self._lock:
            now = self._clock()
            self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
            self._at = now
            if self._left < 1:
                wait = math.ceil((1 - self._left) / self._per_second)
                raise Refused(429, "Too many requests.", max(1, wait))
            self._left -= 1


class Room:
    """Room for so many bytes of bodies, and so many bodies, at once."""

    def __init__(self, limits: Limits) -> None:
        self._bodies, self._bytes = limits.at_once, max(limits.bytes_at_once, 2 * limits.max_bytes)
        self._lock = threading.Lock()

    @contextmanager
    def place(self) -> Iterator[Callable[[int], None]]:
        """A place for one body: call it with the bytes that come. Refused where there is no room."""
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            self._take(0, size)
            held += size

        self._take(1, 0)
        try:
            yield hold
        finally:
            self._take(-1, -held)

    def _take(self, bodies: int, size: int) -> None:
        with self._lock:
            if self._bodies < bodies or self._bytes < size:
                raise Refused(503, "The collector is busy.", 1)
            self._bodies -= bodies
            self._bytes -= size


def unpacked(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """The body without its content encoding. Raises Refused where it is too large, damaged, or of another encoding."""
    if encoding in ("", "identity"):
        return body
    if encoding not in WINDOWS:
        raise Refused(415, "The content encoding must be gzip, deflate or none.")
    unpacker = zlib.decompressobj(WINDOWS[encoding])
    try:
        plain = unpacker.decompress(body, max_bytes + 1)
    except zlib.error as exc:
        raise Refused(400, f"The body is no {encoding}.") from exc
    if len(plain) > max_bytes:
        raise Refused(413, f"The body has more than {max_bytes // 2**20} MB when it is unpacked. Send smaller batches.")
    if not unpacker.eof:
        raise Refused(400, f"The body is no whole {encoding}.")
    return plain


WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""Content encodings, with what zlib calls them."""
