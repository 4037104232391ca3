"""A labelled set: queries and the grades that somebody gave to documents or passages for them.

Reading files into one is in `beir.py` and `table.py`; ranking and measuring are elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from rag_core.errors import BadInput
from rag_core.schema.base import Frozen, Scalar

Qrels = Mapping[str, Mapping[str, int]]
"""Grade by query id and document (or passage) id; 1 and up is relevant."""

Level = Literal["document", "passage"]
UNANSWERABLE = "unanswerable"


class Query(Frozen):
    """One labelled question. `kind` groups queries ("exact code"); `fields` holds whatever else its file said."""

    id: Annotated[str, Field(min_length=1)]
    text: Annotated[str, Field(min_length=1)]
    kind: str = ""
    fields: dict[str, Scalar] = {}

    @property
    def unanswerable(self) -> bool:
        """True where the set says that nothing in the collection answers this."""
        return self.kind == UNANSWERABLE or self.fields.get("answerable") is False


class LabelledSet(Frozen):
    """Queries and their judgments. `level`: whether the qrels name documents or passages.

    `notices` are facts about its files that a reader must know (a query without text, a grade under 0). `origin` is the
    `origin_id` of the set that this one was made from; empty for a set as it was read.
    """

    name: str
    queries: tuple[Query, ...]
    qrels: dict[str, dict[str, int]]
    level: Level = "document"
    notices: tuple[str, ...] = ()
    origin: str = ""

    @cached_property
    def by_id(self) -> dict[str, Query]:
        """Query of each id."""
        return {query.id: query for query in self.queries}

    def find(self, text: str) -> Query | None:
        """The query with this text that is worth scoring; None where the set has none."""
        return next((query for query in self.asked if query.text == text), None)

    @cached_property
    def judged(self) -> tuple[Query, ...]:
        """The queries that metrics are averaged over: those with at least one judgment, as trec_eval does."""
        return tuple(query for query in self.queries if self.qrels.get(query.id))

    @cached_property
    def unanswerable(self) -> tuple[Query, ...]:
        """The queries that the set says nothing answers, and that no judgment contradicts."""
        return tuple(q for q in self.queries if q.unanswerable and not any(self.qrels.get(q.id, {}).values()))

    @cached_property
    def asked(self) -> tuple[Query, ...]:
        """The queries worth scoring, in file order: the judged and the unanswerable ones."""
        wanted = {query.id for query in (*self.judged, *self.unanswerable)}
        return tuple(query for query in self.queries if query.id in wanted)

    @cached_property
    def judgments(self) -> int:
        """How many (query, document) pairs have a grade."""
        return sum(len(grades) for grades in self.qrels.values())

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Fields that group queries, with their values: `kind`, and any other whose values repeat; 2 to 20 values."""
        seen: dict[str, dict[str, None]] = {}
        for query in self.queries:
            for name, value in {"kind": query.kind, **query.fields}.items():
                if value != "":
                    seen.setdefault(name, {})[str(value)] = None
        most = {"kind": 20}
        repeats = min(20, len(self.queries) // 2)
        return {name: tuple(values) for name, values in seen.items() if 2 <= len(values) <= most.get(name, repeats)}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (first 16 hex digits) of queries and grades: two sets with the same one ask the same."""
        content = json.dumps(
            [self.level, sorted((q.id, q.text) for q in self.queries), sorted_qrels(self.qrels)], ensure_ascii=True
        )
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def origin_id(self) -> str:
        """What stays the same when queries are picked from a set or grades are added: the fingerprint of the set as it
        was read. Grades that people give belong to it."""
        return self.origin or self.fingerprint

    def group_of(self, query_id: str, field: str) -> str:
        """The query's value of a grouping field; empty where it has none."""
        query = self.by_id[query_id]
        return query.kind if field == "kind" else str(query.fields.get(field, ""))

    def only(self, query_ids: Iterable[str]) -> LabelledSet:
        """The same set with these queries alone. Raises BadInput for an id that is not in it."""
        wanted = dict.fromkeys(query_ids)
        strange = [one for one in wanted if one not in self.by_id]
        if strange:
            raise BadInput(f"The set {self.name} has no query {strange[0]!r}.")
        queries = tuple(query for query in self.queries if query.id in wanted)
        return self._like(queries, {one: grades for one, grades in self.qrels.items() if one in wanted})

    def with_judgments(self, qrels: Qrels) -> LabelledSet:
        """The same set with these grades added; a new grade replaces an old one."""
        merged = {one: dict(grades) for one, grades in self.qrels.items()}
        for query_id, grades in qrels.items():
            if query_id not in self.by_id:
                raise BadInput(f"The set {self.name} has no query {query_id!r} to grade.")
            merged.setdefault(query_id, {}).update(grades)
        return self._like(self.queries, merged)

    def _like(self, queries: tuple[Query, ...], qrels: dict[str, dict[str, int]]) -> LabelledSet:
        """A new value, so that no cached property of this one comes along."""
        return LabelledSet(
            name=self.name, queries=queries, qrels=qrels, level=self.level, notices=self.notices, origin=self.origin_id
        )


def sorted_qrels(qrels: Qrels) -> list[tuple[str, str, int]]:
    """All judgments as (query id, document id, grade), sorted: the order that files are written in."""
    return sorted((query, item, grade) for query, grades in qrels.items() for item, grade in grades.items())
