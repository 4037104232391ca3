"""Cases in the database: save, list with filters, read, revise, delete, and their re-runs.

A revision names the version that it was made from; if somebody else revised the case meanwhile it raises
CaseConflict with the case as it is now, and nothing is overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from rag_core.diagnosis import Verdict
from rag_core.errors import BadInput, CaseConflict, UnreadableRecord
from rag_core.schema.base import Frozen
from rag_core.schema.documents import CollectionRef
from rag_core.schema.records import Listing, listing
from rag_core.schema.validation import in_words
from rag_core.storage.database import UPSERT, Store
from rag_core.triage.case import CASE, RERUN, Case, Rerun, Status
from rag_core.triage.tables import cases, reruns

NOT_LISTED = ("body", "updated_by", "version")
"""Columns that the list does not show."""

REVISED = ("version", "status", "note", "tags", "updated_by", "updated_at")
"""What a revision changes: columns of their own, not part of `body`."""


class CaseSummary(Frozen):
    """A row of the list of cases. `outcome` is that of the latest re-run, in the words that it was stored with; None
    before the first. `elsewhere` is the collection that it ran on, where that is not the case's own."""

    id: str
    query: str
    collection: str
    fingerprint: str
    documents: tuple[str, ...]
    verdict: Verdict
    status: Status
    note: str
    tags: tuple[str, ...]
    created_by: str
    created_at: datetime
    updated_at: datetime
    outcome: str | None = None
    elsewhere: str | None = None

    @property
    def recorded(self) -> bool:
        """True for a case of a recorded run, whose `collection` is the project; no collection is without documents."""
        return not self.fingerprint


class CaseBook:
    """All cases of one database. Safe to share between threads; any number of processes may write at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unreadable: dict[str, str] = {}
        self._collections: dict[str, CollectionRef] = {}

    def save(self, case: Case) -> Case:
        """Keep a new case. Raises BadInput where there is one of that id already."""
        if not self.add(case):
            raise BadInput("There is a case with this id already.")
        return case

    def add(self, case: Case) -> bool:
        """Keep a case; False, and nothing changed, where there is one of that id already."""
        with self._store.begin() as connection:
            insert = UPSERT[connection.dialect.name](cases).values(_row(case))
            added = insert.on_conflict_do_nothing(index_elements=["id"]).returning(cases.c.id)
            return connection.execute(added).first() is not None

    def get(self, case_id: str) -> Case:
        """The case of that id. Raises BadInput where there is none, UnreadableRecord where it cannot be read."""
        found = self.lookup(case_id)
        if found is None:
            raise BadInput("This case is not there (any more).")
        return found

    def lookup(self, case_id: str) -> Case | None:
        """The case of that id, None where there is none. Raises UnreadableRecord where it cannot be read."""
        with self._store.begin() as connection:
            row = connection.execute(sa.select(cases).where(cases.c.id == case_id)).mappings().one_or_none()
        return _case(row) if row else None

    def collection_of(self, case_id: str) -> CollectionRef:
        """The collection that the case was saved on; one that was listed is not read again. Raises as `get`."""
        if case_id not in self._collections:
            self._collections[case_id] = self.get(case_id).trace.collection
        return self._collections[case_id]

    def find(
        self,
        *,
        status: Status | None = None,
        verdict: Verdict | None = None,
        collection: str | None = None,
        tag: str | None = None,
        text: str = "",
    ) -> Listing[CaseSummary]:
        """The cases that match all that is given, newest first. `text` stands in the question, note, documents or tags.

        A case that cannot be read is left out with a note; to know, each is read once.
        """
        given = ((cases.c.status, status), (cases.c.verdict, verdict), (cases.c.collection, collection))
        wanted = [column == value for column, value in given if value is not None]
        if tag:
            wanted.append(cases.c.tags.contains(json.dumps(tag, ensure_ascii=False), autoescape=True))
        if text:
            columns = (cases.c.query, cases.c.note, cases.c.documents, cases.c.tags)
            wanted.append(sa.or_(*(column.icontains(text, autoescape=True) for column in columns)))
        shown = [column for column in cases.c if column.name not in NOT_LISTED]
        asked = (
            sa.select(*shown, _latest("outcome"), _latest("elsewhere"))
            .where(*wanted)
            .order_by(cases.c.created_at.desc(), cases.c.id)
        )
        with self._store.begin() as connection:
            rows = connection.execute(asked).mappings().all()
        self._check({row["id"] for row in rows} - self._unreadable.keys())
        return listing((_called(row), partial(self._summary, row)) for row in rows)

    def _check(self, case_ids: Iterable[str]) -> None:
        """Read the cases that were not read before, and remember what is wrong with each; empty for nothing."""
        for case_id in case_ids:
            try:
                if found := self.lookup(case_id):
                    self._collections[case_id] = found.trace.collection
                self._unreadable[case_id] = ""
            except UnreadableRecord as exc:
                self._unreadable[case_id] = str(exc)

    def _summary(self, row: sa.RowMapping) -> CaseSummary:
        if self._unreadable[row["id"]]:
            raise UnreadableRecord(self._unreadable[row["id"]])
        return _summary(row)

    def revise(
        self, case: Case, *, status: Status | None = None, note: str | None = None,
        tags: Sequence[str] | None = None, by: str = "",
    ) -> Case:  # fmt: skip
        """The case with these changes, saved. Raises CaseConflict where somebody else was faster."""
        given = {"status": status, "note": note, "tags": tuple(tags) if tags is not None else None}
        changes = {name: value for name, value in given.items() if value is not None}
        now = {"version": case.version + 1, "updated_by": by, "updated_at": datetime.now(UTC)}
        revised = Case.model_validate({**dict(case), **changes, **now})
        unchanged = (cases.c.id == case.id) & (cases.c.version == case.version)
        with self._store.begin() as connection:
            done = connection.execute(sa.update(cases).where(unchanged).values(_revision(revised))).rowcount
        if not done:
            current = self.get(case.id)
            raise CaseConflict(current.updated_by, current)
        return revised

    def delete(self, case_id: str) -> None:
        """Delete the case and its re-runs."""
        with self._store.begin() as connection:
            connection.execute(sa.delete(cases).where(cases.c.id == case_id))

    def add_rerun(self, run: Rerun) -> None:
        """Keep a re-run. Raises BadInput where its case was deleted meanwhile."""
        row = {name: getattr(run, name) for name in ("id", "case_id", "job_id", "at", "outcome")}
        there = sa.select(cases.c.id).where(cases.c.id == run.case_id)
        with self._store.begin() as connection:
            if connection.execute(there).first() is None:
                raise BadInput("This case is not there (any more).")
            where = {"elsewhere": run.elsewhere.name if run.elsewhere else None}
            connection.execute(sa.insert(reruns).values(row | where | {"body": run.model_dump_json()}))

    def reruns_of(self, case_id: str, limit: int = 20) -> Listing[Rerun]:
        """The latest re-runs of a case, newest first; one that cannot be read is left out with a note."""
        asked = sa.select(reruns.c.at, reruns.c.body).where(reruns.c.case_id == case_id)
        asked = asked.order_by(reruns.c.at.desc(), reruns.c.id).limit(limit)
        with self._store.begin() as connection:
            rows = connection.execute(asked).all()
        return listing((f"of {at:%Y-%m-%d %H:%M}", partial(RERUN.read, body)) for at, body in rows)

    def outcomes(self, job_id: str) -> dict[str, str]:
        """What came out of a job's re-runs, by case id, in the words that each was stored with."""
        asked = sa.select(reruns.c.case_id, reruns.c.outcome).where(reruns.c.job_id == job_id)
        with self._store.begin() as connection:
            return {row.case_id: row.outcome for row in connection.execute(asked)}


def _latest(column: str) -> sa.Label[Any]:
    """What the newest re-run of each case has there."""
    newest = sa.select(reruns.c[column]).where(reruns.c.case_id == cases.c.id)
    return newest.order_by(reruns.c.at.desc(), reruns.c.id).limit(1).correlate(cases).scalar_subquery().label(column)


def _row(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "query": case.query,
        "collection": case.trace.collection.name,
        "fingerprint": case.trace.collection.fingerprint,
        "documents": json.dumps(case.documents, ensure_ascii=False),
        "verdict": str(case.verdict),
        "created_by": case.created_by,
        "created_at": case.created_at,
        "body": case.model_dump_json(exclude=set(REVISED) - {"updated_at"}),
        **_revision(case),
    }


def _revision(case: Case) -> dict[str, Any]:
    """The columns that a revision changes."""
    tags = json.dumps(case.tags, ensure_ascii=False)
    return {name: getattr(case, name) for name in REVISED} | {"status": str(case.status), "tags": tags}


def _case(row: sa.RowMapping) -> Case:
    kept = CASE.read(row["body"])
    revised = {name: row[name] for name in REVISED} | {"tags": _list(row, "tags")}
    return CASE.value_of({**dict(kept), **revised})


def _summary(row: sa.RowMapping) -> CaseSummary:
    lists = {name: _list(row, name) for name in ("documents", "tags")}
    try:
        return CaseSummary.model_validate(dict(row) | lists)
    except ValidationError as exc:
        raise UnreadableRecord(f"This is not a case that can be read: {in_words(exc)}.") from exc


def _list(row: sa.RowMapping, name: str) -> tuple[str, ...]:
    """A column that holds a JSON list."""
    try:
        return tuple(json.loads(row[name]))
    except (TypeError, ValueError) as exc:
        raise UnreadableRecord(f"This is not a case that can be read: “{name}” should be a list.") from exc


def _called(row: sa.RowMapping) -> str:
    """What a note calls a case."""
    return f"{row['query'][:80]} ({row['id'][:8]})"
