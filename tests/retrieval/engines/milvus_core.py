"""The real core of Milvus (Go and C++, 2.3.5) from its wheel: dense search and filters, no BM25, no REST interface v2.

The wheel goes into `.engines/milvus` beside the checkout's `.venv` (58 MB). Where there is no build for this
machine the tests are skipped and say so; where there is no package index too, but under CI=true they fail.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.installing import install, lacking
from tests.serving import free_port

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

ETCD = """name: default
listen-client-urls: http://127.0.0.1:{client}
advertise-client-urls: http://127.0.0.1:{client}
listen-peer-urls: http://127.0.0.1:{peer}
initial-advertise-peer-urls: http://127.0.0.1:{peer}
initial-cluster: default=http://127.0.0.1:{peer}
"""
"""Its own are 2379 and 2380, whatever is there already: a second core on the machine would not start."""

PARTS = (
    "proxy", "proxy-internal", "root-coord", "query-coord", "query-node", "index-coord", "index-node", "data-coord",
    "data-node",
)  # fmt: skip
"""Each listens; two cores that start at once would choose the same ports."""


def installed() -> Path:
    """The folder with the package. `lacking` where it cannot be installed."""
    if not READY.is_file() or READY.read_text(encoding="utf-8") != PACKAGE:
        options = ["--no-deps", "--upgrade", "--target", PLACE, PACKAGE]
        install(sys.executable, options, "Milvus's core", PLACE, INSTALL_S, "milvus")
        READY.write_text(PACKAGE, encoding="utf-8")
    return PLACE


class MilvusCore:
    """A running server over `folder`, at an address that stays. `lacking`, with its words, where it does not start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        client, peer, *others = (free_port() for _ in range(2 + len(PARTS)))
        self.port, self._ports = others[0], [f"--{part}-port={port}" for part, port in zip(PARTS, others, strict=True)]
        folder.mkdir(parents=True, exist_ok=True)
        self._etcd = folder / "etcd.yaml"
        self._etcd.write_text(ETCD.format(client=client, peer=peer), encoding="utf-8")
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN, "--data", str(self.folder), *self._ports],
            env=os.environ | QUICK | {"PYTHONPATH": str(installed()), "ETCD_CONFIG_PATH": str(self._etcd)},
            start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                self.kill()
                logs = [path.read_text(errors="replace")[-300:] for path in self.folder.glob("logs/*.log")]
                lacking(f"Milvus's core does not start here within {START_S} seconds: {logs}", "milvus")
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
