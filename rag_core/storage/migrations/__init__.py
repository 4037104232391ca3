"""The database's schema, version by version, through Alembic: `migrate(engine)` brings any older one up to date.

Each file in `versions/` is one step and is never changed once released. The tables as the code uses them are
declared where they are used; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from rag_core.errors import SecondPassError

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

HEAD = "0008"
"""The newest version. Known here so that an up-to-date database is opened without loading Alembic."""

VERSIONS = Path(__file__).parent / "versions"
_LOCK = 7_372_043
"""Any number, the same in all processes: who upgrades a Postgres database first holds it until done."""


def migrate(engine: sa.Engine) -> None:
    """Create or upgrade all tables, in one transaction. Processes that try at once wait for one another.

    Raises SecondPassError for a database that a newer version of the project has made.
    """
    with engine.connect() as connection:
        if version_of(connection) == HEAD:
            return
    upgrade = _upgrading()  # loads Alembic, which takes longer than others should wait
    with engine.begin() as connection:
        _take_turn(connection)
        if version_of(connection) != HEAD:
            upgrade(connection)


def version_of(connection: sa.Connection) -> str | None:
    """The database's version; None for one without tables of ours."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _take_turn(connection: sa.Connection) -> None:
    statement = {"sqlite": "BEGIN IMMEDIATE", "postgresql": f"SELECT pg_advisory_xact_lock({_LOCK})"}
    connection.exec_driver_sql(statement[connection.dialect.name])


def _upgrading() -> Callable[[sa.Connection], None]:
    """What runs the missing steps on a connection that is in a transaction."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    scripts = ScriptDirectory(str(VERSIONS.parent), version_locations=[str(VERSIONS)])

    def steps(revision: Any, _context: MigrationContext) -> Iterable[Any]:
        return scripts._upgrade_revs("head", revision)

    def upgrade(connection: sa.Connection) -> None:
        try:
            with EnvironmentContext(Config(), scripts, fn=steps) as environment:
                environment.configure(connection=connection)
                environment.run_migrations()
        except CommandError as exc:
            raise SecondPassError(
                "This database was made by a newer version of Second Pass. Update the program, or use another database."
            ) from exc

    return upgrade
