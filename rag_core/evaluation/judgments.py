"""Grades that people give while they read a pool, in the database: added to a set's own, never written over it.

A grade belongs to the set's content (`LabelledSet.origin_id`), never to its name: two people may upload sets of one
name whose query ids coincide. Grades given over a private collection are seen by its owner alone, since they name
its documents.
"""

from __future__ import annotations

import sqlalchemy as sa

from rag_core.errors import BadInput
from rag_core.evaluation.sets import LabelledSet
from rag_core.storage.database import UPSERT, Store, metadata

GRADES = {0: "not relevant", 1: "touches it", 2: "helps", 3: "answers it"}
"""What each grade says."""

judgments = sa.Table(
    "judgments",
    metadata,
    sa.Column("set_id", sa.String(250), primary_key=True),
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("query_id", sa.String(400), primary_key=True),
    sa.Column("item", sa.String(1000), primary_key=True),
    sa.Column("grade", sa.Integer, nullable=False),
    sa.Column("judged_by", sa.String(200), nullable=False),
)
"""`owner` is empty for grades that everybody sees."""


class JudgmentBook:
    """The grades that people gave, by labelled set. Safe to share between threads and processes.

    JudgmentBook(store)               grades over shared collections: everybody's
    JudgmentBook(store, owner="ana")  grades over Ana's private collections: hers alone
    """

    def __init__(self, store: Store, owner: str = "") -> None:
        self._store = store
        self._owner = owner

    def judge(self, labelled: LabelledSet, query_id: str, item: str, grade: int, by: str = "") -> None:
        """Keep a grade; it takes the place of an earlier one. Raises BadInput for a grade or query that is none."""
        if grade not in GRADES:
            raise BadInput(f"A grade is one of {', '.join(map(str, GRADES))}, not {grade}.")
        if query_id not in labelled.by_id:
            raise BadInput(f"The set {labelled.name} has no query {query_id!r} to grade.")
        row = {**self._key(labelled), "query_id": query_id, "item": item, "grade": grade, "judged_by": by}
        with self._store.begin() as connection:
            insert = UPSERT[connection.dialect.name](judgments).values(row)
            new = {"grade": insert.excluded["grade"], "judged_by": insert.excluded["judged_by"]}
            connection.execute(insert.on_conflict_do_update(index_elements=list(judgments.primary_key), set_=new))

    def take_back(self, labelled: LabelledSet, query_id: str, item: str) -> None:
        """Forget a grade that was given here; the set's own stays."""
        where = [judgments.c[name] == value for name, value in self._key(labelled).items()]
        where += [judgments.c.query_id == query_id, judgments.c.item == item]
        with self._store.begin() as connection:
            connection.execute(sa.delete(judgments).where(*where))

    def added_to(self, labelled: LabelledSet) -> LabelledSet:
        """The set with the grades given here; where both have one, the newer one given here holds."""
        where = [judgments.c[name] == value for name, value in self._key(labelled).items()]
        with self._store.begin() as connection:
            rows = connection.execute(sa.select(judgments).where(*where)).mappings().all()
        given: dict[str, dict[str, int]] = {}
        for row in rows:
            if row["query_id"] in labelled.by_id:
                given.setdefault(row["query_id"], {})[row["item"]] = row["grade"]
        return labelled.with_judgments(given) if given else labelled

    def _key(self, labelled: LabelledSet) -> dict[str, str]:
        return {"set_id": labelled.origin_id, "owner": self._owner}
