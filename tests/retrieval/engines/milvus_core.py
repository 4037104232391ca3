"""The real core of Milvus (Go and C++, 2.3.5) from its wheel: dense search and filters, no BM25, no REST interface v2.

The wheel goes into `.engines/milvus` beside the checkout's `.venv` (58 MB). Where there is no package index, or no
build for this machine, the tests skip and say so.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.installing import install

PACKAGE = "milvus==2.3.5"
PLACE = Path(__file__).parents[3] / ".engines" / "milvus"
READY = PLACE / ".ready"
INSTALL_S, START_S = 300, 120
RUN = "from milvus import main; main()"
QUICK = {
    "PROXY_TIMETICKINTERVAL": "20",
    "QUERYCOORD_CHECKCHANNELINTERVAL": "50",
    "QUERYCOORD_CHECKSEGMENTINTERVAL": "50",
    "QUERYCOORD_DISTPULLINTERVAL": "50",
}
"""Milliseconds after which its parts look at each other again: a strong read waits for a tick, loading for all of them.
Usual are 200, 1000, 1000 and 500."""


def installed() -> Path:
    """The folder with the package. Skips where it cannot be installed."""
    if not READY.is_file() or READY.read_text(encoding="utf-8") != PACKAGE:
        options = ["--no-deps", "--upgrade", "--target", PLACE, PACKAGE]
        install(sys.executable, options, "Milvus's core", PLACE, INSTALL_S)
        READY.write_text(PACKAGE, encoding="utf-8")
    return PLACE


class MilvusCore:
    """A running server over `folder`, at an address that stays. Skips where it does not start, with its last words."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN, "--data", str(self.folder), "--proxy-port", str(self.port)],
            env=os.environ | QUICK | {"PYTHONPATH": str(installed())}, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                self.kill()
                logs = [path.read_text(errors="replace")[-300:] for path in self.folder.glob("logs/*.log")]
                pytest.skip(f"Milvus's core does not start here within {START_S} seconds: {logs}")
            time.sleep(0.2)

    def kill(self) -> None:
        """Kill it, and what it started, with signal 9."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/v1/vector/collections", timeout=2).json().get("code") == 200
        except (httpx.HTTPError, ValueError):
            return False
