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
from rag_core.runs.values import Feedback
from rag_core.schema.base import Frozen
from rag_core.storage.database import Store

VALUES = 12
"""Values of one name of feedback that are counted."""

SECONDS: dict[str, Callable[[Any], sa.ColumnElement[int]]] = {
    "sqlite": lambda moment: sa.cast(sa.func.strftime("%s", moment), sa.BigInteger),
    "postgresql": lambda moment: sa.cast(sa.func.extract("epoch", moment), sa.BigInteger),
}
"""Seconds since 1970 of a moment, by database."""


class RunFilter(Frozen):
    """Which runs: those of `RunBook.find(**dict(chosen))`. feedback: a key of `feedback_counts`."""

    project: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    note: str = ""
    feedback: str = ""


def note_counts(store: Store, chosen: RunFilter) -> dict[str, int]:
    """How many of the runs have each note, by its code, the most frequent first. A damaged list of notes counts for
    nothing."""
    wanted = sa.select(runs.c.notes, sa.func.count()).where(*matching(**dict(chosen))).group_by(runs.c.notes)
    counts: Counter[str] = Counter()
    with store.begin() as connection:
        for notes, number in connection.execute(wanted):
            counts.update(dict.fromkeys(_codes(notes), number))
    return dict(counts.most_common())


def feedback_counts(store: Store, chosen: RunFilter) -> dict[str, int]:
    """How many of the runs have each feedback, by its `feedback_key`, the most frequent first; of each name so many
    values only, since a score may have a value of its own in each run."""
    wanted = sa.select(runs.c.feedback).where(*matching(**dict(chosen)), runs.c.feedback != "[]")
    with store.begin() as connection:
        same = Counter(connection.execute(wanted).scalars())
    counts: Counter[str] = Counter()
    for feedback, number in same.items():
        for key in _said(feedback):
            counts[key] += number
    names: Counter[str] = Counter()
    found: dict[str, int] = {}
    for key, number in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        name = json.loads(key)["name"]
        names[name] += 1
        if names[name] <= VALUES:
            found[key] = number
    return found


def feedback_key(one: Feedback) -> str:
    """What tells a name and value from others, as a filter takes it and the database holds it.

    >>> feedback_key(Feedback(name="thumbs", value="down", comment="Too long."))
    '{"name": "thumbs", "value": "down"}'
    """
    return json.dumps({"name": one.name, "value": one.value})


def _said(feedback: str) -> set[str]:
    """The keys of a stored list; none of a damaged one. Nothing is validated: there may be 100,000 of them."""
    try:
        return {json.dumps({"name": one["name"], "value": one["value"]}) for one in json.loads(feedback)}
    except (TypeError, ValueError, KeyError):
        return set()


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
