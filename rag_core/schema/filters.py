"""Metadata filters, applied inside both searches, never after them.

A filter is a conjunction of conditions; each names a field of the passage (`source`, `tenant`, `title`,
`document_id`, `updated_at`, or any metadata field), or joins other conditions.

    intersect(make_filter(tenants=["acme"]), make_filter(since=date(2026, 9, 1)))     # of this tenant, and recent
    Filter(conditions=(Not(condition=AnyOf(conditions=(Equal(field="state", value="draft"), Dated(before=day)))),))

What a condition means is `matches`: every engine finds exactly those passages, or refuses the condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from rag_core.schema.base import Frozen, Scalar
from rag_core.schema.days import utc_day
from rag_core.schema.documents import LISTED, Passage

OWN_FIELDS = ("source", "tenant", "title", "document_id", "updated_at")
"""Fields that a passage has beside its metadata."""


def field_of(passage: Passage, field: str) -> Scalar | date | None:
    """The value of a field of the passage or of its document's metadata; None where it has none."""
    value: Scalar | date | None = getattr(passage, field) if field in OWN_FIELDS else passage.metadata.get(field)
    return value


def _plain(value: Scalar | date | None) -> Scalar | None:
    """A date as ISO text, so that it can be compared with what a filter holds."""
    return value.isoformat() if isinstance(value, date) else value


def _has(passage: Passage, field: str, value: Scalar) -> bool:
    """Whether the field has the value; of a field that is kept as a list, one of its values is enough."""
    found = _plain(field_of(passage, field))
    if isinstance(found, str) and LISTED in found:
        return str(value) in found.split(LISTED)
    return same_value(found, value)


def same_value(one: Scalar | None, other: Scalar) -> bool:
    """Equal, and both or neither true or false: for JSON and for databases, true is not 1.

    >>> same_value(4, 4.0), same_value(True, 1)
    (True, False)
    """
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _words(field: str) -> str:
    """A field's name as it is read."""
    return "updated" if field == "updated_at" else field.replace("_", " ")


class Equal(Frozen):
    """The field has exactly this value; a date is compared as ISO text (`2026-03-14`)."""

    kind: Literal["equal"] = "equal"
    field: str
    value: Scalar

    def matches(self, passage: Passage) -> bool:
        """True where the passage has the field with this value."""
        return _has(passage, self.field, self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equal) and self.field == other.field and same_value(self.value, other.value)

    def __hash__(self) -> int:
        return hash((self.field, self.value))

    def __str__(self) -> str:
        return f"{_words(self.field)} {self.value}"


class In(Frozen):
    """The field has one of these values."""

    kind: Literal["in"] = "in"
    field: str
    values: tuple[Scalar, ...]

    def matches(self, passage: Passage) -> bool:
        """True where the passage's field is one of the values."""
        return any(_has(passage, self.field, value) for value in self.values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, In) or (self.field, len(self.values)) != (other.field, len(other.values)):
            return False
        return all(map(same_value, self.values, other.values))

    def __hash__(self) -> int:
        return hash((self.field, self.values))

    def __str__(self) -> str:
        return f"{_words(self.field)} {' or '.join(dict.fromkeys(map(str, self.values))) or 'of nothing'}"


class Dated(Frozen):
    """The date field is on or after `after` and before `before`. A passage without a date never matches.

    A day begins at midnight in UTC: `2026-01-01T00:30+02:00` is still in 2025.
    """

    kind: Literal["dated"] = "dated"
    field: str = "updated_at"
    after: date | None = None
    before: date | None = None

    def matches(self, passage: Passage) -> bool:
        """True where the passage's date lies in the interval."""
        value = field_of(passage, self.field)
        if isinstance(value, str):
            value = utc_day(value)
        if not isinstance(value, date):
            return False
        return (self.after is None or value >= self.after) and (self.before is None or value < self.before)

    def __str__(self) -> str:
        since, before = f" since {self.after}" * bool(self.after), f" before {self.before}" * bool(self.before)
        return f"{_words(self.field)}{since}{before}" if since or before else f"{_words(self.field)} known"


class AllOf(Frozen):
    """Every condition holds; an empty one always holds."""

    kind: Literal["all"] = "all"
    conditions: tuple[Condition, ...]

    def matches(self, passage: Passage) -> bool:
        """True where every condition holds."""
        return all(condition.matches(passage) for condition in self.conditions)

    def __str__(self) -> str:
        return " and ".join(map(_bracketed, self.conditions)) or "anything"


class AnyOf(Frozen):
    """One of the conditions holds at least; an empty one never holds."""

    kind: Literal["any"] = "any"
    conditions: tuple[Condition, ...]

    def matches(self, passage: Passage) -> bool:
        """True where a condition holds."""
        return any(condition.matches(passage) for condition in self.conditions)

    def __str__(self) -> str:
        return " or ".join(map(_bracketed, self.conditions)) or "nothing"


class Not(Frozen):
    """The condition does not hold. So a passage without the field matches `Not(Equal(...))`."""

    kind: Literal["not"] = "not"
    condition: Condition

    def matches(self, passage: Passage) -> bool:
        """True where the condition does not hold."""
        return not self.condition.matches(passage)

    def __str__(self) -> str:
        return f"not {_bracketed(self.condition)}"


Leaf: TypeAlias = Equal | In | Dated
Condition = Annotated[Leaf | AllOf | AnyOf | Not, Field(discriminator="kind")]
ConditionKind = Literal["equal", "in", "dated", "all", "any", "not"]


def _bracketed(condition: Condition) -> str:
    """A condition inside another; in brackets where it is put together itself."""
    return str(condition) if isinstance(condition, Leaf | Not) else f"({condition})"


class Filter(Frozen):
    """All conditions must hold."""

    conditions: tuple[Condition, ...]

    def matches(self, passage: Passage) -> bool:
        """True where every condition holds."""
        return all(condition.matches(passage) for condition in self.conditions)

    def __str__(self) -> str:
        """`tenant acme or all, updated since 2026-09-01`"""
        return ", ".join(map(str, self.conditions))

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The conditions that name a field, wherever in the tree, in order."""
        return tuple(one for condition in self.conditions for one in tree_of(condition) if isinstance(one, Leaf))

    @property
    def kinds(self) -> frozenset[ConditionKind]:
        """Which kinds of conditions it has, wherever in the tree."""
        return frozenset(one.kind for condition in self.conditions for one in tree_of(condition))


def tree_of(condition: Condition) -> Iterator[Condition]:
    """The condition and all that it is put together from."""
    yield condition
    if isinstance(condition, Not):
        yield from tree_of(condition.condition)
    elif isinstance(condition, AllOf | AnyOf):
        for one in condition.conditions:
            yield from tree_of(one)


def fields_in(condition: Condition) -> tuple[str, ...]:
    """The fields that a condition asks for, each once."""
    return tuple(dict.fromkeys(one.field for one in tree_of(condition) if isinstance(one, Leaf)))


def make_filter(tenants: Sequence[str] = (), sources: Sequence[str] = (), since: date | None = None) -> Filter | None:
    """One of these tenants, one of these sources, updated on or after `since`; what is empty asks for nothing.

    None where nothing is asked for.
    """
    conditions: list[Condition] = []
    for field, values in (("tenant", tenants), ("source", sources)):
        if values:
            conditions.append(In(field=field, values=tuple(sorted(values))))
    if since:
        conditions.append(Dated(after=since))
    return Filter(conditions=tuple(conditions)) if conditions else None


def intersect(one: Filter | None, other: Filter | None) -> Filter | None:
    """The filter that both must hold for; None where neither asks for anything."""
    if one is None or other is None:
        return one or other
    return Filter(conditions=tuple(dict.fromkeys((*one.conditions, *other.conditions))))
