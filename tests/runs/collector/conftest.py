"""A real collector on a free port."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from rag_core.runs.collector.limits import Limits
from rag_core.runs.collector.server import application
from rag_core.runs.run import Run
from rag_core.runs.store.retention import Retention
from rag_core.runs.store.run_book import RunBook
from rag_core.storage.database import Store


@dataclass
class Collector:
    """Where it listens, and what it has."""

    address: str
    book: RunBook

    def run(self, project: str, run_id: str) -> Run:
        """The run, once it is there and whole."""
        return next(run for run in self.runs(1, project) if run.id == run_id)

    def runs(self, number: int, project: str | None = None) -> list[Run]:
        """All runs, once there are so many and each is whole: the rest of a trace may come after its first run."""
        for _ in range(300):
            found = self.book.find(project, limit=1000).found
            if len(found) >= number and not any("incomplete-trace" in row.notes for row in found):
                return [self.book.get(row.project, row.id) for row in found]
            time.sleep(0.1)
        raise AssertionError(f"{len(found)} runs of {number} have arrived, or some are not whole")


@contextmanager
def collecting(folder: Path, limits: Limits | None = None, retention: Retention | None = None) -> Iterator[Collector]:
    """A collector over the database of a folder, served by uvicorn in a thread."""
    store = Store(f"sqlite:///{folder / 'runs.db'}", durable=True)
    app = application(store, limits or Limits(), retention)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Collector(f"http://127.0.0.1:{port}", RunBook(store))
    finally:
        server.should_exit = True
        thread.join(30)
        store.close()


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    """A collector with the usual limits, on this machine only."""
    with collecting(tmp_path) as one:
        yield one
