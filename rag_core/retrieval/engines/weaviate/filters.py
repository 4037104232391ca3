"""Filters as Weaviate's `where`: operators on the path of a property, with a value of its type.

Weaviate compares a text whole only where it is indexed so (`tokenization: field`), nothing inside an object, and knows
what is absent only with `indexNullState`. What it cannot say is refused in words.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any, NoReturn

from rag_core.errors import BadInput
from rag_core.retrieval.engines.index_config import IndexFields
from rag_core.retrieval.engines.rest.filters import Dialect, days_near, spellings, translated
from rag_core.retrieval.engines.weaviate.layout import Layout
from rag_core.schema.base import Scalar
from rag_core.schema.filters import Filter

NOBODY = "00000000-0000-0000-0000-000000000000"
OFFSETS = ("????-??-?????:??*+??:??", "????-??-?????:??*-??:??", "????-??-?????:??*+????", "????-??-?????:??*-????")
"""Texts that are times with an offset to UTC: the day, a sign, hours and minutes, and the offset."""
VALUES: dict[str, tuple[str, tuple[type, ...]]] = {
    "text": ("valueText", (str,)),
    "uuid": ("valueText", (str,)),
    "int": ("valueInt", (int,)),
    "number": ("valueNumber", (int, float)),
    "boolean": ("valueBoolean", (bool,)),
    "date": ("valueDate", (str,)),
}
"""How a value of a type is named, and which values are of it."""


def weaviate_filter(where: Filter, fields: IndexFields, layout: Layout, place: str) -> str:
    """The filter as the argument `where`. Raises BadInput for what the class cannot say."""

    def refused(path: str, why: str) -> NoReturn:
        raise BadInput(f"{path} of {place} {why}, so nothing was searched. Use another filter than “{where}”.")

    def equal(path: str, value: Scalar, true: bool) -> str:
        kind = layout.types.get(path, "").removesuffix("[]")
        if not kind:
            return _settled(not true)
        if path in layout.hidden or kind not in VALUES:
            refused(path, "cannot be filtered")
        if kind == "text" and path not in layout.whole:
            refused(path, "is indexed by its words only")
        name, types = VALUES[kind]
        if not isinstance(value, types) or isinstance(value, bool) is not (kind == "boolean"):
            return _settled(not true)
        return leaf("Equal" if true else "NotEqual", path, name, value)

    def dated(path: str, after: date, before: date | None, true: bool) -> str:
        kind = layout.types.get(path, "")
        if not kind or kind in ("int", "number", "boolean", "uuid"):
            return _settled(not true)
        if path in layout.hidden or kind not in ("date", "text") or (kind == "text" and path not in layout.whole):
            refused(path, "cannot be compared with a day")
        name, end = ("valueDate", "T00:00:00Z") if kind == "date" else ("valueText", "")
        if true:
            within = [leaf("GreaterThanEqual", path, name, f"{after}{end}")]
            within += [leaf("LessThan", path, name, f"{before}{end}")] if before else []
            return _every(within if kind == "date" else [*within, leaf("Like", path, name, "????-??-??*")])
        if kind == "text":
            refused(path, "is a text, of which Weaviate cannot say that it is no day")
        outside = [leaf("LessThan", path, name, f"{after}{end}")]
        outside += [leaf("GreaterThanEqual", path, name, f"{before}{end}")] if before else []
        return _some([*outside, absent(path, True)])

    def absent(path: str, true: bool) -> str:
        if not layout.nulls:
            refused(path, "may be absent, which this collection does not index (indexNullState)")
        return leaf("IsNull", path, "valueBoolean", true)

    def by_id(passage_id: str, true: bool) -> str:
        if fields.id:
            return (_some if true else _every)([equal(fields.id, one, true) for one in spellings(passage_id)])
        return leaf("Equal" if true else "NotEqual", "id", "valueText", passage_id)

    return translated(where, fields, Dialect(equal, dated, absent, by_id, _every, _some))


def offset_filters(where: Filter, fields: IndexFields, layout: Layout) -> list[tuple[str, str]]:
    """Paths of texts, and the filters of objects whose offset decides on which side of a day they are."""
    made = []
    for path, first, last in days_near(where, fields):
        if layout.types.get(path) == "text" and path in layout.whole and path not in layout.hidden:
            forms = _some([leaf("Like", path, "valueText", form) for form in OFFSETS])
            near = [leaf("GreaterThanEqual", path, "valueText", str(first))]
            near.append(leaf("LessThan", path, "valueText", str(last + timedelta(days=1))))
            made.append((path, _every([*near, forms])))
    return made


def leaf(operator: str, path: str, name: str, value: Any) -> str:
    """One condition.

    >>> leaf("Equal", "kind", "valueText", "faq")
    '{operator: Equal, path: ["kind"], valueText: "faq"}'
    """
    return f"{{operator: {operator}, path: [{json.dumps(path)}], {name}: {json.dumps(value)}}}"


def ids_in(path: str, one_id: str, layout: Layout) -> list[str]:
    """The condition of that id, with a value of the property's type; none where it can have no such value."""
    name, types = VALUES.get(layout.types.get(path, "text"), VALUES["text"])
    return [leaf("Equal", path, name, value) for value in spellings(one_id) if isinstance(value, types)]


def any_of(operands: list[str]) -> str:
    """One of these conditions."""
    return _some(operands)


def _every(operands: list[str]) -> str:
    return _joined("And", operands) if operands else _settled(True)


def _some(operands: list[str]) -> str:
    return _joined("Or", operands) if operands else _settled(False)


def _joined(operator: str, operands: list[str]) -> str:
    return operands[0] if len(operands) == 1 else f"{{operator: {operator}, operands: [{', '.join(operands)}]}}"


def _settled(holds: bool) -> str:
    """Every object is another one than nobody, and none is nobody."""
    return leaf("NotEqual" if holds else "Equal", "id", "valueText", NOBODY)
