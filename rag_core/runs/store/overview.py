"""What many runs have in common, without reading any of them whole: how often each note, what was asked,
and how long they took."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from rag_core.runs.store.run_book import matching
from rag_core.runs.store.tables import runs
from rag_core.schema.base import Frozen
from rag_core.storage.database import Store

SECONDS: dict[str, Callable[[Any], sa.ColumnElement[int]]] = {
    "sqlite": lambda moment: sa.cast(sa.func.strftime("%s", moment), sa.BigInteger),
    "postgresql": lambda moment: sa.cast(sa.func.extract("epoch", moment), sa.BigInteger),
}
"""Seconds since 1970 of a moment, by database."""


class RunFilter(Frozen):
    """Which runs: those of `RunBook.find(**dict(chosen))`."""

    project: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    note: str = ""


def note_counts(store: Store, chosen: RunFilter) -> dict[str, int]:
    """How many of the runs have each note, by its code, the most frequent first. A damaged list of notes counts for
    nothing."""
    wanted = sa.select(runs.c.notes, sa.func.count()).where(*matching(**dict(chosen))).group_by(runs.c.notes)
    counts: Counter[str] = Counter()
    with store.begin() as connection:
        for notes, number in connection.execute(wanted):
            counts.update(dict.fromkeys(_codes(notes), number))
    return dict(counts.most_common())


def queries_of(store: Store, chosen: RunFilter, limit: int) -> list[str]:
    """The different queries of the runs, at most so many, the newest first. Blank ones are left out."""
    latest = sa.func.max(runs.c.started_at)
    wanted = sa.select(runs.c.query).where(*matching(**dict(chosen)), sa.func.trim(runs.c.query) != "")
    with store.begin() as connection:
        rows = connection.execute(wanted.group_by(runs.c.query).order_by(latest.desc(), runs.c.query).limit(limit))
        return [query for (query,) in rows]


def times_of(store: Store, chosen: RunFilter) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """When each of the runs started, in seconds since 1970, and how long it took, in milliseconds, in order of time.
    Runs without a recorded time are not among them."""
    with store.begin() as connection:
        started = SECONDS[connection.dialect.name](runs.c.started_at)
        wanted = sa.select(started, runs.c.took_ms).where(*matching(**dict(chosen)), runs.c.took_ms.is_not(None))
        rows = [(second, took_ms) for second, took_ms in connection.execute(wanted) if second is not None]
    found = np.array(rows, np.float64).reshape(-1, 2)
    found = found[np.argsort(found[:, 0], kind="stable")]  # the database takes longer to sort them
    return found[:, 0].astype(np.int64), found[:, 1]


def _codes(notes: str) -> set[str]:
    try:
        return {code for code in json.loads(notes) if isinstance(code, str)}
    except (TypeError, ValueError):
        return set()
