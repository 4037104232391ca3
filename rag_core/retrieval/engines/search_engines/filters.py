"""Filters as both servers': `bool` of `term`, `range`, `exists` and `ids`, by the type of each field.

A text that is only indexed by its words, and a field that is kept without being indexed, cannot be compared: such a
filter is refused in words. Of a list, one matching value is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from rag_core.errors import BadInput
from rag_core.retrieval.engines.index_config import IndexFields
from rag_core.retrieval.engines.rest.filters import Dialect, days_near, spellings, translated
from rag_core.retrieval.engines.search_engines.layout import DATES, KEYWORDS, NUMBERS, TEXTS, Layout
from rag_core.schema.base import Scalar
from rag_core.schema.filters import Filter

Query = dict[str, Any]
NEVER: Query = {"match_none": {}}
ALWAYS: Query = {"match_all": {}}
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}.*"
"""A text that begins with a day, as both servers write a regular expression: it is anchored at both ends."""

OFFSET = "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.*[+-][0-9]{2}(:?[0-9]{2})?"
"""A text that is a time with an offset to UTC."""


def _is_text(value: Scalar) -> bool:
    return isinstance(value, str)


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_truth(value: Scalar) -> bool:
    return isinstance(value, bool)


FITS: dict[str, Callable[[Scalar], bool]] = {
    **dict.fromkeys((*KEYWORDS, *DATES), _is_text),
    **dict.fromkeys(NUMBERS, _is_number),
    "boolean": _is_truth,
}
"""Which values a field of a type can have."""


def search_filter(where: Filter, fields: IndexFields, layout: Layout, place: str) -> Query:
    """The filter as a query that gives no score. Raises BadInput for a field that cannot be compared."""

    def equal(path: str, value: Scalar, true: bool) -> Query:
        found = layout.keyword(path) if layout.type(path) in TEXTS else path
        if not found or layout.concealed(path):
            raise BadInput(
                f"{path} of {place} cannot be compared: whole values of it are not indexed. Use another filter."
            )
        fits = FITS.get(layout.type(found), _is_text if layout.flat(found) else _no_value)
        return _held({"term": {found: {"value": value}}} if fits(value) else NEVER, true)

    def dated(path: str, after: date, before: date | None, true: bool) -> Query:
        found = layout.keyword(path) or path
        if layout.concealed(path) or (layout.type(found) in TEXTS):
            raise BadInput(f"{path} of {place} is not indexed as a date. Use another filter.")
        bounds = {"gte": after.isoformat(), **({"lt": before.isoformat()} if before else {})}
        if layout.type(found) in DATES:
            return _held({"range": {found: {**bounds, "format": "yyyy-MM-dd"}}}, true)
        if layout.type(found) not in KEYWORDS and not layout.flat(found):
            return _held(NEVER, true)
        return _held({"bool": {"filter": [{"range": {found: bounds}}, {"regexp": {found: DAY}}]}}, true)

    def absent(path: str, true: bool) -> Query:
        return _held({"exists": {"field": path}}, not true)

    def by_id(passage_id: str, true: bool) -> Query:
        if fields.id:
            return (_some if true else _every)([equal(fields.id, one, true) for one in spellings(passage_id)])
        return _held(by_own_ids([passage_id], layout), true)

    return translated(where, fields, Dialect(equal, dated, absent, by_id, _every, _some))


def offset_filters(where: Filter, fields: IndexFields, layout: Layout) -> list[tuple[str, Query]]:
    """Paths of texts, and the queries of documents whose offset decides on which side of a day they are."""
    made = []
    for path, first, last in days_near(where, fields):
        found = layout.keyword(path) or path
        if not layout.concealed(path) and (layout.type(found) in KEYWORDS or layout.flat(found)):
            near = {"gte": first.isoformat(), "lt": (last + timedelta(days=1)).isoformat()}
            made.append((path, _every([{"range": {found: near}}, {"regexp": {found: OFFSET}}])))
    return made


def by_key(key: str, ids: Sequence[str], layout: Layout) -> Query:
    """Documents by a field with their ids, with values of its type; an id that it cannot have is left out."""
    fits = FITS.get(layout.type(key), _is_text)
    return {"terms": {key: [value for one in ids for value in spellings(one) if fits(value)]}}


def by_own_ids(ids: Sequence[str], layout: Layout) -> Query:
    """Documents by `_id`; behind an alias of several indices by `_index/_id`."""
    if not layout.several:
        return {"ids": {"values": list(ids)}}
    inside: dict[str, list[str]] = {}
    for index, _, one in (each.partition("/") for each in ids):
        inside.setdefault(index, []).append(one)
    return _some([_every([{"term": {"_index": {"value": name}}}, {"ids": {"values": some}}])
                  for name, some in inside.items()])  # fmt: skip


def _no_value(_: Scalar) -> bool:
    return False


def _held(query: Query, true: bool) -> Query:
    return query if true else {"bool": {"must_not": [query]}}


def _every(queries: list[Query]) -> Query:
    return {"bool": {"filter": queries}} if queries else ALWAYS


def _some(queries: list[Query]) -> Query:
    return {"bool": {"should": queries, "minimum_should_match": 1}} if queries else NEVER
