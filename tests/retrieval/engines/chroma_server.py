"""Chroma's own server, from its wheel: installed once without its 80 dependencies, of which the server needs none.

The wheel goes into `.engines` beside the checkout's `.venv`. Where there is no package index the tests
are skipped and say so; under CI=true they fail.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.installing import install

ROOT = Path(__file__).parents[3]
REQUIREMENTS = ROOT / "requirements-engines.txt"
PLACE = ROOT / ".engines"
READY = PLACE / ".ready"
INSTALL_S, START_S = 300, 60
RUN = "import sys, chromadb_rust_bindings as chroma; chroma.cli(['chroma', 'run', *sys.argv[1:]])"


def installed() -> Path:
    """The folder with the packages. `lacking` where they cannot be installed."""
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if not READY.is_file() or READY.read_text(encoding="utf-8") != wanted:
        options = ["--no-deps", "--upgrade", "--target", PLACE, "-r", REQUIREMENTS]
        install(sys.executable, options, "Chroma", PLACE.name, INSTALL_S, "chromadb")
        READY.write_text(wanted, encoding="utf-8")
    return PLACE


class ChromaServer:
    """A running server over `folder`, at an address that stays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            sys.executable,
            "-c",
            RUN,
            "--path",
            str(self.folder),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        env = {**os.environ, "PYTHONPATH": str(installed())}
        self._process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.address}/api/v2/heartbeat").raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.1)
        self.stop()
        pytest.fail(f"Chroma did not start within {START_S} seconds.")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def hold(self, held: bool) -> None:
        """Let it answer nothing, while its connections stay; or let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if held else signal.SIGCONT)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """A request of the test's own."""
        url = f"{self.address}/api/v2/tenants/default_tenant/databases/default_database/collections{path}"
        return httpx.request(method, url, json=body, timeout=60).raise_for_status().json()
