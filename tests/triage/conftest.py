"""Every test of the database runs on SQLite, and on Postgres where that is installed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from rag_core.storage.database import Store
from rag_core.triage import CaseBook
from tests.installing import lacking
from tests.triage import postgres


@pytest.fixture(scope="session")
def postgres_server():
    """The address of a database whose tables may be dropped; `lacking` where there can be none.

    `TEST_DATABASE_URL` names one that runs already.
    """
    if os.environ.get("TEST_DATABASE_URL"):
        yield os.environ["TEST_DATABASE_URL"]
        return
    if reason := postgres.missing():
        lacking(reason)
    short = tempfile.TemporaryDirectory(dir="/tmp", prefix="pg-", ignore_cleanup_errors=True)
    with short as folder, postgres.server(Path(folder)) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'cases.db'}"
    server = request.getfixturevalue("postgres_server")
    engine = sa.create_engine(server)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return server


@pytest.fixture
def store(url):
    store = Store(url)
    yield store
    store.close()


@pytest.fixture
def book(store):
    return CaseBook(store)
