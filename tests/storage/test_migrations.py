"""The migrations make exactly the tables that the code declares, from any older state."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import rag_core.evaluation.calibration_book
import rag_core.jobs
import rag_core.runs.store.tables
import rag_core.triage.tables  # noqa: F401
from rag_core.errors import SecondPassError
from rag_core.evaluation.judgments import judgments
from rag_core.storage.database import Store, metadata, pair_scores
from rag_core.storage.migrations import HEAD, VERSIONS, migrate, version_of
from tests.triage.conftest import postgres_server, url  # noqa: F401


@pytest.fixture
def engine(url):  # noqa: F811
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()


def upgrade_to(connection, revision):
    """The database as an older version of the project left it."""
    config = Config()
    scripts = ScriptDirectory(str(VERSIONS.parent), version_locations=[str(VERSIONS)])
    steps = partial(scripts._upgrade_revs, revision)
    with EnvironmentContext(config, scripts, fn=lambda now, _context: steps(now)) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()


def version(engine):
    with engine.connect() as connection:
        return version_of(connection)


def test_head_is_the_newest_version():
    assert ScriptDirectory(str(VERSIONS.parent), version_locations=[str(VERSIONS)]).get_current_head() == HEAD


def test_the_migrated_schema_is_the_declared_one(engine):
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert version(engine) == HEAD


def test_a_database_from_before_versions_keeps_its_rows(engine):
    pair_scores.create(engine)
    row = {"model": "m", "query_hash": "q", "content_hash": "c", "score": 1.5, "tokens": 3, "unseen_tokens": 0}
    with engine.begin() as connection:
        connection.execute(sa.insert(pair_scores).values(row))
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.select(pair_scores.c.score)).scalar_one() == 1.5


def test_grades_by_name_are_kept_and_join_no_set(engine):
    row = {"set_name": "queries", "level": "document", "query_id": "1", "item": "a.md", "grade": 3, "judged_by": "ana"}
    with engine.begin() as connection:
        upgrade_to(connection, "0003")
        connection.execute(sa.text(f"INSERT INTO judgments VALUES ({', '.join(f':{name}' for name in row)})"), row)
    migrate(engine)
    with engine.connect() as connection:
        kept = connection.execute(sa.select(judgments)).mappings().one()
    assert dict(kept) == {
        "set_id": "name:document:queries", "owner": "", "query_id": "1", "item": "a.md", "grade": 3, "judged_by": "ana",
    }  # fmt: skip


def test_twice_changes_nothing(engine):
    migrate(engine)
    migrate(engine)
    assert version(engine) == HEAD


def test_a_database_of_a_newer_version_is_left_alone(url, engine):  # noqa: F811
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store = Store(url)
    with pytest.raises(SecondPassError, match="newer version"), store.begin():
        pass
    store.close()
    assert version(engine) == "9999"
