"""A Postgres server for the tests of this folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.retrieval.engines.postgres_server import PostgresServer, missing


@pytest.fixture(scope="session")
def pgvector_server() -> Iterator[PostgresServer]:
    """A server with pgvector; skips where there can be none, under CI=true fails."""
    if reason := missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pgv-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        try:
            yield server
        finally:
            server.close()
