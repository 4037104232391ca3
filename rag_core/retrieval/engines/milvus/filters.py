"""Filters as Milvus's boolean expressions.

A comparison with nothing is neither true nor false there, so a condition that shall not hold says what is absent as
well. A day is compared with texts that begin with one.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from rag_core.errors import BadInput
from rag_core.retrieval.engines.index_config import IndexFields
from rag_core.retrieval.engines.milvus.layout import DYNAMIC, NUMBERS, TEXTS, Layout
from rag_core.retrieval.engines.rest.filters import Dialect, days_near, translated
from rag_core.schema.base import Scalar
from rag_core.schema.filters import Filter
from rag_core.schema.whole_numbers import whole_number

DAY = '"____-__-__%"'
OFFSETS = (
    '"____-__-_____:__%+__:__"',
    '"____-__-_____:__%-__:__"',
    '"____-__-_____:__%+____"',
    '"____-__-_____:__%-____"',
)
"""Times with an offset to UTC: the day, a sign, hours and minutes, and the offset."""


def literal(value: Any) -> str:
    """A value as an expression has it.

    >>> literal('a "b" ü'), literal(True), literal(0.5)
    ('"a \\\\"b\\\\" ü"', 'true', '0.5')
    """
    return json.dumps(value, ensure_ascii=False)


def milvus_filter(where: Filter, fields: IndexFields, layout: Layout, place: str) -> str:
    """The filter as `filter` of a request. Raises BadInput for a field that cannot be compared."""
    never = f"{layout.primary} in []"

    def equal(path: str, value: Scalar, true: bool) -> str:
        named, inside = _place(path, layout)
        if not named or not (inside or _fits(layout.types[path], value, path, place)):
            return _settled(never, true)
        return _held(named, inside, f"{named} == {literal(value)}", true)

    def dated(path: str, after: date, before: date | None, true: bool) -> str:
        named, inside = _place(path, layout)
        if not named or not (inside or _fits(layout.types[path], "", path, place)):
            return _settled(never, true)
        until = before.isoformat() if before else ":"
        between = f"{named} >= {literal(after.isoformat())} and {named} < {literal(until)}"
        return _held(named, inside, f"{between} and {named} like {DAY}", true)

    def absent(path: str, true: bool) -> str:
        named, inside = _place(path, layout)
        return _settled(never, not true) if not named else _absent(named, inside, true)

    def by_id(passage_id: str, true: bool) -> str:
        ids = id_literals([passage_id], fields.id or layout.primary, layout)
        return _held(fields.id or layout.primary, False, f"{fields.id or layout.primary} in [{ids}]", true)

    def every(conditions: list[str]) -> str:
        return " and ".join(f"({one})" for one in conditions) or _settled(never, False)

    def some(conditions: list[str]) -> str:
        return " or ".join(f"({one})" for one in conditions) or never

    return translated(where, fields, Dialect(equal, dated, absent, by_id, every, some))


def offset_filters(where: Filter, fields: IndexFields, layout: Layout) -> list[tuple[str, str]]:
    """Paths, and the filters of rows whose offset decides on which side of a day they are: Milvus compares texts."""
    made = []
    for path, first, last in days_near(where, fields):
        named, inside = _place(path, layout)
        if named and (inside or layout.types[path] in TEXTS):
            forms = " or ".join(f"{named} like {form}" for form in OFFSETS)
            until = literal((last + timedelta(days=1)).isoformat())
            made.append((path, f"{named} >= {literal(first.isoformat())} and {named} < {until} and ({forms})"))
    return made


def id_literals(ids: list[str], field: str, layout: Layout) -> str:
    """Ids as a list of an expression; those that the field cannot have are left out."""
    if layout.types.get(field) in TEXTS:
        return ", ".join(map(literal, ids))
    return ", ".join(one for one in ids if whole_number(one) is not None)


def _place(path: str, layout: Layout) -> tuple[str, bool]:
    """How an expression names a path, and whether that is inside an object; empty where nothing can be there.

    `meta.stars` is `meta["stars"]`, and a field that only rows have `$meta["stars"]`.
    """
    if path in layout.types:
        return path, False
    head, _, rest = path.partition(".")
    if rest and layout.types.get(head) == "JSON":
        return f"{head}[{literal(rest)}]", True
    return (f"{DYNAMIC}[{literal(path)}]", True) if layout.dynamic else ("", False)


def _fits(kind: str, value: Scalar, path: str, place: str) -> bool:
    """Whether a field of that type can have the value."""
    if kind in TEXTS:
        return isinstance(value, str)
    if kind in NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "Bool":
        return isinstance(value, bool)
    raise BadInput(f"{path} of {place} is {kind}, which cannot be compared. Use another filter.")


def _held(named: str, inside: bool, expression: str, true: bool) -> str:
    return expression if true else f"{_absent(named, inside, True)} or not ({expression})"


def _absent(named: str, inside: bool, true: bool) -> str:
    found = f"exists {named}" if inside else f"{named} is not null"
    return f"not ({found})" if true else found


def _settled(never: str, true: bool) -> str:
    return never if true else f"not ({never})"
