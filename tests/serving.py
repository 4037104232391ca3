"""Starts a real server for a test, on a free port, and waits until it answers. What it is asked is the test's."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(name: str, command: Sequence[str], log: Path, start_s: float) -> Iterator[str]:
    """Its address, once `/health` answers; the command gets `--host` and `--port`. Fails with its log otherwise."""
    port = str(free_port())
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    whole = [*command, "--host", "127.0.0.1", "--port", port]
    with log.open("wb") as out, subprocess.Popen(whole, env=environment, stdout=out, stderr=out) as server:
        try:
            _wait(name, f"http://127.0.0.1:{port}", server, log, start_s)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait(name: str, address: str, server: subprocess.Popen[bytes], log: Path, start_s: float) -> None:
    end = time.monotonic() + start_s
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"{name} did not start:\n{log.read_text(errors='replace')}")
