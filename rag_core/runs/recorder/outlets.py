"""Where runs are handed over: a file of JSON lines, or a collector over HTTP (standard library only)."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

TIMEOUT_S = 10.0
ATTEMPTS = 6
LONGEST_WAIT_S = 30.0
RETRIED = (408, 425, 429, 500, 502, 503, 504)
"""Status codes that mean: try again later."""


class Outlet(Protocol):
    """Takes runs. `trouble` says why the last try failed; empty where it did not."""

    trouble: str

    def send(self, bodies: Sequence[str]) -> list[str]:
        """Hand over runs, each as JSON text; why each that was refused was. Raises where none could be handed over."""


class File:
    """A file of JSON lines. Several processes may append to it: each writes whole lines at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.trouble = ""

    def send(self, bodies: Sequence[str]) -> list[str]:
        """Append a line each. The file is readable by its owner alone: it holds questions and texts."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            lines = memoryview("".join(f"{body}\n" for body in bodies).encode())
            while lines:
                lines = lines[os.write(descriptor, lines) :]
        finally:
            os.close(descriptor)
        return []

    def __str__(self) -> str:
        return str(self._path)


class Collector:
    """A collector's POST /v1/runs. It is tried several times, longer apart each time or as it asks."""

    def __init__(self, address: str, sleep: Callable[[float], object] = time.sleep) -> None:
        self._url = address if address.rstrip("/").endswith("/v1/runs") else f"{address.rstrip('/')}/v1/runs"
        self._sleep = sleep
        self.trouble = ""

    def send(self, bodies: Sequence[str]) -> list[str]:
        """Post them as one JSON list."""
        data = f"[{','.join(bodies)}]".encode()
        for attempt in range(ATTEMPTS):
            try:
                with urllib.request.urlopen(self._request(data), timeout=TIMEOUT_S) as answer:
                    self.trouble = ""
                    return [str(one) for one in json.load(answer).get("rejected", [])]
            except urllib.error.HTTPError as exc:
                self.trouble = f"it answered {exc.code}"
                with exc:
                    if exc.code not in RETRIED or attempt == ATTEMPTS - 1:
                        said = exc.read(500).decode("utf-8", "replace")
                        raise ConnectionError(f"it answered {exc.code} {said}") from exc
                    wait = _asked_wait(exc.headers.get("Retry-After"))
            except OSError as exc:
                self.trouble = str(exc)
                if attempt == ATTEMPTS - 1:
                    raise
                wait = None
            self._sleep(min(LONGEST_WAIT_S, 0.5 * 2**attempt if wait is None else wait))
        raise AssertionError("unreachable")

    def _request(self, data: bytes) -> urllib.request.Request:
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get("SECOND_PASS_TOKEN", "").strip():
            headers["Authorization"] = f"Bearer {token}"
        return urllib.request.Request(self._url, data=data, headers=headers, method="POST")

    def __str__(self) -> str:
        return self._url


def _asked_wait(header: str | None) -> float | None:
    """The seconds of a Retry-After header; None without one, or where it is a date."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
