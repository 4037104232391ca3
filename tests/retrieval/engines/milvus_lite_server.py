"""Milvus Lite as a server of its own process, by gRPC."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pymilvus import MilvusClient, MilvusException

from tests.serving import free_port

START_S = 60


class LiteServer:
    """A running server over `folder`, at an address that stays. `client` is the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.start()
        self.client = MilvusClient(f"http://127.0.0.1:{self.port}")

    @property
    def address(self) -> str:
        return f"milvus+grpc://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        program = [sys.executable, "-m", "milvus_lite.cmdline", "server"]
        given = ["--data-dir", str(self.folder / "lite.db"), "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen([*program, *given], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                MilvusClient(f"http://127.0.0.1:{self.port}", timeout=1).list_collections(timeout=1)
                return
            except MilvusException:
                time.sleep(0.1)
        pytest.fail(f"Milvus Lite did not start within {START_S} seconds.")

    def stop(self) -> None:
        """End it; its files stay."""
        self._process.terminate()
        self._process.wait()

    def hold(self, held: bool) -> None:
        """Let it answer nothing, while its connections stay; or let it go on."""
        self._process.send_signal(signal.SIGSTOP if held else signal.SIGCONT)

    def close(self) -> None:
        self.client.close()
        self.stop()
