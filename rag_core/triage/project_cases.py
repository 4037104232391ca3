"""The cases of a project's recorded runs: found by their run, counted, and deleted with the project."""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa

from rag_core.errors import UnreadableRecord
from rag_core.schema.trace import Trace
from rag_core.storage.database import Store
from rag_core.triage.case import CASE
from rag_core.triage.tables import cases


def run_in_cases(store: Store, project: str, run_id: str) -> Trace | None:
    """The recorded run as the newest case about it keeps it; None where there is no such case."""
    about = sa.select(cases.c.body).where(*_of(project)).order_by(cases.c.created_at.desc())
    with store.begin() as connection:
        bodies = connection.execute(about.where(cases.c.body.contains(run_id, autoescape=True))).scalars().all()
    for body in bodies:
        with suppress(UnreadableRecord):
            trace = CASE.read(body).trace
            if trace.origin and trace.origin.run_id == run_id:
                return trace
    return None


def cases_of_project(store: Store, project: str) -> int:
    """How many cases are about recorded runs of this project."""
    with store.begin() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(cases).where(*_of(project))).scalar_one()


def delete_cases_of(store: Store, project: str) -> None:
    """Delete the cases of this project's recorded runs, with their re-runs."""
    with store.begin() as connection:
        connection.execute(sa.delete(cases).where(*_of(project)))


def _of(project: str) -> tuple[sa.ColumnElement[bool], ...]:
    """A case of a recorded run of this project: no other case is without a fingerprint of its documents."""
    return cases.c.collection == project, cases.c.fingerprint == ""
