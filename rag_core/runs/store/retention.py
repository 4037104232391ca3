"""How long runs are kept: a rule in the database, for the collector and the app alike.

keep(store, Retention(days=30, number=100_000))
apply(store)                       # deletes what is older, or more
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from rag_core.errors import BadInput
from rag_core.runs.store.run_book import RunBook
from rag_core.runs.store.tables import run_retention
from rag_core.storage.database import UPSERT, Store

ONLY = 1
"""The id of the one row."""

MOST_DAYS, MOST_RUNS = 36_500, 1_000_000_000


@dataclass(frozen=True)
class Retention:
    """How many days runs are kept, and how many of each project; None: all."""

    days: int | None = None
    number: int | None = None

    def with_(self, other: Retention) -> Retention:
        """The stricter of both rules.

        >>> Retention(days=30).with_(Retention(days=7, number=100))
        Retention(days=7, number=100)
        """
        return Retention(_stricter(self.days, other.days), _stricter(self.number, other.number))


def retention(store: Store) -> Retention:
    """The rule of this database."""
    with store.begin() as connection:
        row = connection.execute(sa.select(run_retention.c.days, run_retention.c.number)).first()
    return Retention(row.days, row.number) if row else Retention()


def keep(store: Store, rule: Retention) -> None:
    """Make this the rule. It deletes nothing yet. Raises BadInput for less than one day or run."""
    for value, most in ((rule.days, MOST_DAYS), (rule.number, MOST_RUNS)):
        if value is not None and not 1 <= value <= most:
            raise BadInput(f"Give a number from 1 to {most:,}, or none to keep all.")
    with store.begin() as connection:
        insert = UPSERT[connection.dialect.name](run_retention).values(id=ONLY, days=rule.days, number=rule.number)
        fresh = {name: insert.excluded[name] for name in ("days", "number")}
        connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=fresh))


def apply(store: Store, also: Retention | None = None) -> int:
    """Delete what is older, or more, than the rule keeps, and `also` where that is stricter; how many runs."""
    rule = retention(store).with_(also or Retention())
    if rule == Retention():
        return 0
    return RunBook(store).trim(days=rule.days, number=rule.number)


def surplus(store: Store, rule: Retention, now: datetime | None = None) -> int:
    """How many runs the rule would delete now."""
    book = RunBook(store)
    since = (now or datetime.now(UTC)) - timedelta(days=rule.days) if rule.days is not None else None
    total = 0
    for project in book.projects():
        young = book.count(project.name, since=since)
        total += project.runs - min(young, young if rule.number is None else rule.number)
    return total


def _stricter(one: int | None, other: int | None) -> int | None:
    return min((value for value in (one, other) if value is not None), default=None)
