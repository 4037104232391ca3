"""Runs in the database: add, list with filters, read, and delete by age, number or project.

A run is known by its project and id; one that comes again replaces what was there.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from rag_core.errors import BadInput, UnreadableRecord
from rag_core.runs.run import Run
from rag_core.runs.sent import read_run
from rag_core.runs.store.summary import RunSummary, row_of, summary_of
from rag_core.runs.store.tables import run_bodies, run_spans, run_traces, runs
from rag_core.schema.base import Frozen
from rag_core.schema.records import Listing, listing
from rag_core.storage.database import UPSERT, Store

AT_ONCE = 2000
"""Runs that one transaction deletes at most, so that nobody waits long for the database."""

ADDED_AT_ONCE = 200
"""Runs that one transaction of many adds."""

NEWEST_FIRST = (runs.c.started_at.desc(), runs.c.id)

PACKED = 3
"""zlib's level: most of the saving for little time."""


class Project(Frozen):
    """A project that has runs."""

    name: str
    runs: int
    latest: datetime


class RunBook:
    """All runs of one database. Safe to share between threads; any number of processes may write at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, some: Iterable[Run]) -> None:
        """Keep these runs, in one transaction. One whose project and id are there already replaces that."""
        by_key = {(run.project, run.id): run for run in some}
        if not by_key:
            return
        with self._store.begin() as connection:
            put_runs(connection, by_key.values())

    def add_many(self, some: Sequence[Run]) -> int:
        """Keep these runs, some at a time, so that nobody waits long for the database; how many of them replaced
        another, in the database or among these."""
        by_key = {(run.project, run.id): run for run in some}
        last, replaced = list(by_key.values()), len(some) - len(by_key)
        for start in range(0, len(last), ADDED_AT_ONCE):
            part = last[start : start + ADDED_AT_ONCE]
            replaced += self.known(part)
            self.add(part)
        return replaced

    def known(self, some: Iterable[Run]) -> int:
        """How many of these runs have the project and id of one that is there."""
        keys = list(dict.fromkeys((run.project, run.id) for run in some))
        found = 0
        with self._store.begin() as connection:
            for start in range(0, len(keys), ADDED_AT_ONCE):
                these = sa.tuple_(runs.c.project, runs.c.id).in_(keys[start : start + ADDED_AT_ONCE])
                found += connection.execute(sa.select(sa.func.count()).where(these)).scalar_one()
        return found

    def get(self, project: str, run_id: str) -> Run:
        """The run. Raises BadInput where there is none, UnreadableRecord where it cannot be read."""
        wanted = sa.select(run_bodies.c.body).where(run_bodies.c.project == project, run_bodies.c.id == run_id)
        with self._store.begin() as connection:
            body = connection.execute(wanted).scalar()
        if body is None:
            raise BadInput("This run is not there (any more).")
        return read_run(unpacked(body, "run"))

    def find(
        self, project: str | None = None, *, since: datetime | None = None, until: datetime | None = None,
        text: str = "", note: str = "", feedback: str = "", limit: int = 100, offset: int = 0,
    ) -> Listing[RunSummary]:  # fmt: skip
        """The runs that match all that is given, newest first: from `since` to before `until`, with `text` in the query
        or as the id, with the note of that code, with this feedback (see `overview.feedback_counts`). One that cannot
        be listed is left out with a note."""
        wanted = sa.select(runs).where(*matching(project, since, until, text, note, feedback))
        return self._listed(wanted.order_by(*NEWEST_FIRST).limit(limit).offset(offset))

    def find_these(self, keys: Sequence[tuple[str, str]]) -> Listing[RunSummary]:
        """The runs of these projects and ids that are there, newest first."""
        wanted = sa.select(runs).where(sa.tuple_(runs.c.project, runs.c.id).in_(keys))
        return self._listed(wanted.order_by(*NEWEST_FIRST))

    def _listed(self, wanted: sa.Select[Any]) -> Listing[RunSummary]:
        with self._store.begin() as connection:
            rows = connection.execute(wanted).mappings().all()
        return listing((f"{row['query'][:80]} ({row['id'][:8]})", partial(summary_of, row)) for row in rows)

    def count(
        self, project: str | None = None, *, since: datetime | None = None, until: datetime | None = None,
        text: str = "", note: str = "", feedback: str = "",
    ) -> int:  # fmt: skip
        """How many runs `find` would list without a limit."""
        conditions = matching(project, since, until, text, note, feedback)
        wanted = sa.select(sa.func.count()).select_from(runs).where(*conditions)
        with self._store.begin() as connection:
            return connection.execute(wanted).scalar_one()

    def projects(self) -> tuple[Project, ...]:
        """The projects that have runs, the one with the latest run first."""
        latest = sa.func.max(runs.c.started_at).label("latest")
        wanted = sa.select(runs.c.project.label("name"), sa.func.count().label("runs"), latest)
        with self._store.begin() as connection:
            rows = connection.execute(wanted.group_by(runs.c.project).order_by(latest.desc())).mappings().all()
        return tuple(Project.model_validate(dict(row)) for row in rows)

    def delete(self, project: str, run_ids: Sequence[str]) -> None:
        """Delete these runs of a project, and the spans of which they were made."""
        with self._store.begin() as connection:
            _delete(connection, [(project, one) for one in run_ids])

    def delete_project(self, project: str) -> int:
        """Delete a project with everything: its runs and the spans that arrived for it. How many runs there were."""
        with self._store.begin() as connection:
            connection.execute(sa.delete(run_traces).where(*_traces_of(project)))
            connection.execute(sa.delete(run_spans).where(run_spans.c.project == project))
        return self._delete_while(runs.c.project == project)

    def trim(self, *, days: int | None = None, number: int | None = None, now: datetime | None = None) -> int:
        """Delete runs older than so many days, and of each project all but the newest `number`; how many."""
        deleted = 0
        if days is not None:
            deleted += self._delete_while(runs.c.started_at < (now or datetime.now(UTC)) - timedelta(days=days))
        for project in self.projects() if number is not None else ():
            mine = sa.select(runs.c.started_at, runs.c.id).where(runs.c.project == project.name)
            newest = mine.order_by(runs.c.started_at.desc(), runs.c.id).limit(1).offset(number)
            with self._store.begin() as connection:
                first = connection.execute(newest).first()
            if first is not None:
                older = (runs.c.started_at < first.started_at) | (
                    (runs.c.started_at == first.started_at) & (runs.c.id >= first.id)
                )
                deleted += self._delete_while((runs.c.project == project.name) & older)
        return deleted

    def _delete_while(self, condition: sa.ColumnElement[bool]) -> int:
        """Delete what matches, some at a time."""
        wanted = sa.select(runs.c.project, runs.c.id).where(condition).limit(AT_ONCE)
        deleted = 0
        while True:
            with self._store.begin() as connection:
                keys = [(row.project, row.id) for row in connection.execute(wanted)]
                _delete(connection, keys)
            deleted += len(keys)
            if len(keys) < AT_ONCE:
                return deleted


def put_runs(connection: sa.Connection, some: Iterable[Run]) -> None:
    """Write runs within a transaction, each key once."""
    some = list(some)
    bodies = [{"project": run.project, "id": run.id, "body": packed(run.to_json())} for run in some]
    for table, rows in ((runs, list(map(row_of, some))), (run_bodies, bodies)):
        insert = UPSERT[connection.dialect.name](table)
        fresh = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
        connection.execute(insert.on_conflict_do_update(index_elements=["project", "id"], set_=fresh), rows)


def packed(text: str) -> bytes:
    """The text as it is stored."""
    return zlib.compress(text.encode(), PACKED)


def unpacked(body: bytes, noun: str) -> str:
    """The text that was stored. Raises UnreadableRecord where it is damaged."""
    try:
        return zlib.decompress(body).decode()
    except (zlib.error, UnicodeDecodeError) as exc:
        raise UnreadableRecord(f"This {noun} is damaged in the database.") from exc


def _delete(connection: sa.Connection, keys: list[tuple[str, str]]) -> None:
    """Delete runs by their keys, with their bodies and spans."""
    if not keys:
        return
    rows: list[dict[str, Any]] = [{"of": project, "key": run_id} for project, run_id in keys]
    of: sa.BindParameter[str] = sa.bindparam("of")
    key: sa.BindParameter[str] = sa.bindparam("key")
    connection.execute(sa.delete(runs).where(runs.c.project == of, runs.c.id == key), rows)
    connection.execute(sa.delete(run_spans).where(run_spans.c.trace_id == key, run_spans.c.project == of), rows)


def _traces_of(project: str) -> list[sa.ColumnElement[bool]]:
    """What the row of a trace must be that belongs to this project and to no other. A trace whose spans were dropped
    is known by its run."""
    spans = sa.select(run_spans.c.trace_id)
    mine = sa.union(spans.where(run_spans.c.project == project), sa.select(runs.c.id).where(runs.c.project == project))
    others = sa.union(
        spans.where(run_spans.c.project != project), sa.select(runs.c.id).where(runs.c.project != project)
    )
    return [run_traces.c.trace_id.in_(mine), run_traces.c.trace_id.not_in(others)]


def matching(
    project: str | None, since: datetime | None, until: datetime | None, text: str, note: str, feedback: str = ""
) -> list[sa.ColumnElement[bool]]:
    """What a run's row must be, as `RunBook.find` has it."""
    conditions: list[sa.ColumnElement[bool]] = []
    if project is not None:
        conditions.append(runs.c.project == project)
    if since is not None:
        conditions.append(runs.c.started_at >= since)
    if until is not None:
        conditions.append(runs.c.started_at < until)
    if text:
        conditions.append(sa.or_(runs.c.query.icontains(text, autoescape=True), runs.c.id == text))
    if note:
        conditions.append(runs.c.notes.contains(f'"{note}"', autoescape=True))
    if feedback:
        told = f"{feedback.removesuffix('}')},"  # not by LIKE, for which letters of either case are one on SQLite
        conditions.append(sa.func.replace(runs.c.feedback, told, "") != runs.c.feedback)
    return conditions
