"""Filters as SQL: exactly what `matches` of each condition says, with every value as a parameter.

Every condition is true or false, never NULL, so that `NOT` means what it says. A value is compared as JSON (so `4` is
no `"4"`, and true is not 1), but text columns as text, so that their indexes serve.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_core.retrieval.engines.index_config import FILTERED, IndexFields
from rag_core.retrieval.engines.postgres.layout import JSON, PLAIN, Column, Layout, Place
from rag_core.schema.base import Scalar
from rag_core.schema.filters import AllOf, AnyOf, Condition, Dated, Equal, Filter, In, Not

if TYPE_CHECKING:
    from psycopg import sql

TEXTS = ("text", "varchar")
DATES = ("date", "timestamp", "timestamptz")
HEADINGS = "heading_path"
EMPTY_TEXT = ("title", "source")
"""Parts of a passage that are an empty text where there is none."""

LEAP = r"(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
DAY = (
    r"^(?!0000)(\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))"
    rf"|{LEAP}-02-29)"
)
"""How a text with a date begins."""
OFFSET = (
    r"^(?!0001-01-01|9999-12-31).{10}[Tt ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)? ?[+-](0\d|1[0-5])(:?[0-5]\d)?$"
)
"""A time with an offset to UTC, as `schema.days` reads it."""


@dataclass(frozen=True)
class Part:
    """A piece of SQL and the values of its placeholders, in order."""

    sql: sql.SQL | sql.Composed
    values: tuple[Any, ...] = ()


def identifier(*names: str) -> Any:
    """A name in quotes. Statements are run with values, so a `%` in it is doubled."""
    return _sql().Identifier(*(name.replace("%", "%%") for name in names))


class Conditions:
    """Translates filters for one table."""

    def __init__(self, layout: Layout, fields: IndexFields) -> None:
        self.layout = layout
        self.fields = fields
        self._mapped = {fields_of for fields_of in fields.model_dump().values() if fields_of}

    def where(self, filter_: Filter | None) -> Part:
        """The filter as one condition; true where there is none."""
        return self._joined(" AND ", filter_.conditions if filter_ else ())

    def metadata_columns(self) -> list[Column]:
        """The columns that become metadata: plain ones that are no other part of a passage."""
        return [one for one in self.layout.columns if one.type in PLAIN and one.name not in self._mapped]

    @property
    def headings(self) -> Any:
        """The headings above a passage: a column `heading_path` of several texts, as tables of our own have it."""
        column = self.layout.by_name.get(HEADINGS)
        return identifier(HEADINGS) if column and column.type == "_text" else _sql().SQL("NULL")

    def _condition(self, one: Condition) -> Part:
        ways: dict[type[Condition], Callable[[Any], Part]] = {
            Equal: self._equal,
            In: self._in,
            Dated: self._dated,
            AllOf: lambda every: self._joined(" AND ", every.conditions),
            AnyOf: lambda some: self._joined(" OR ", some.conditions),
            Not: self._not,
        }
        return ways[type(one)](one)

    def _joined(self, word: str, conditions: Sequence[Condition]) -> Part:
        sql = _sql()
        parts = [self._condition(one) for one in conditions]
        if not parts:
            return Part(sql.SQL("TRUE" if word == " AND " else "FALSE"))
        joined = sql.SQL("({})").format(sql.SQL(word).join([part.sql for part in parts]))
        return Part(joined, tuple(value for part in parts for value in part.values))

    def _not(self, one: Not) -> Part:
        inside = self._condition(one.condition)
        return Part(_sql().SQL("NOT {}").format(inside.sql), inside.values)

    def _equal(self, one: Equal) -> Part:
        return self._in(In(field=one.field, values=(one.value,)))

    def _in(self, one: In) -> Part:
        sql, values = _sql(), [value for value in one.values if _storable(value)]
        if not values:
            return Part(sql.SQL("FALSE"))
        place = self.place_of(one.field)
        texts = [value for value in values if isinstance(value, str)]
        blank = one.field in EMPTY_TEXT and "" in texts
        if place is None:
            return Part(sql.SQL("TRUE" if blank else "FALSE"))
        if self._is_part(one.field) or (not place.key and place.column.type in TEXTS):
            found, given = (day_text if one.field == "updated_at" else text_value)(place)
            known = sql.SQL("coalesce({} = ANY(%s), FALSE)").format(found)
            either = sql.SQL("({} OR {} IS NULL)").format(known, found)
            return Part(either, (*given, texts, *given)) if blank else Part(known, (*given, texts))
        found, given = json_value(place)
        compared = sql.SQL("coalesce({} = ANY(%s::jsonb[]), FALSE)").format(found)
        return Part(compared, (*given, [json.dumps(value, ensure_ascii=False) for value in values]))

    def _dated(self, one: Dated) -> Part:
        sql, place = _sql(), self.place_of(one.field)
        if place is None:
            return Part(sql.SQL("FALSE"))
        if not place.key and place.column.type in DATES:
            value, given, cast = identifier(place.column.name), (), sql.SQL("::date")
        else:
            value, given = day_text(place)
            cast = sql.SQL("")
        tests = [(">=", one.after), ("<", one.before)]
        parts = [Part(sql.SQL("{} IS NOT NULL").format(value), given)]
        parts += [
            Part(sql.SQL(f"{{}} {sign} %s{{}}").format(value, cast), (*given, day.isoformat()))
            for sign, day in tests
            if day
        ]
        joined = sql.SQL(" AND ").join([part.sql for part in parts])
        values = tuple(value for part in parts for value in part.values)
        return Part(sql.SQL("coalesce({}, FALSE)").format(joined), values)

    def _is_part(self, field: str) -> bool:
        """Whether it is a part of a passage. A language that is not mapped is one of the metadata."""
        return field in FILTERED and (field != "language" or bool(self.fields.language))

    def place_of(self, field: str) -> Place | None:
        """Where a filter's field is; None where the table has no such part."""
        if self._is_part(field):
            mapped = self.fields.of(field)
            return self.layout.of(mapped or (self.fields.id if field == "document_id" else ""))
        if any(column.name == field for column in self.metadata_columns()):
            return self.layout.of(field)
        metadata = self.layout.of(self.fields.metadata)
        return Place(metadata.column, field) if metadata else None


def json_value(place: Place) -> tuple[sql.Composable, tuple[Any, ...]]:
    """A part's value as `jsonb`, NULL where it has none."""
    sql = _sql()
    column = identifier(place.column.name)
    if place.key:
        return sql.SQL("({}::jsonb -> %s::text)").format(column), (place.key,)
    return sql.SQL("to_jsonb({})").format(column), ()


def text_value(place: Place) -> tuple[sql.Composable, tuple[Any, ...]]:
    """A part's value as text, NULL where it has none."""
    sql = _sql()
    column = identifier(place.column.name)
    if place.key:
        return sql.SQL("({}::jsonb ->> %s::text)").format(column), (place.key,)
    if place.column.type in JSON:
        return sql.SQL("({}::jsonb #>> '{{}}')").format(column), ()
    return sql.SQL("{}::text").format(column), ()


def day_text(place: Place) -> tuple[sql.Composable, tuple[Any, ...]]:
    """The day of a part in UTC, as ISO text that compares as days do; NULL where it begins with no day.

    A connection is in UTC. What is no time of that form is never cast, so nothing that a text holds is an error.
    """
    sql = _sql()
    if not place.key and place.column.type in DATES:
        return sql.SQL("(to_char({}::date, 'YYYY-MM-DD') COLLATE \"C\")").format(identifier(place.column.name)), ()
    found, given = text_value(place)
    moment = "to_char((left({0}, 10) || ' ' || substr({0}, 12))::timestamptz, 'YYYY-MM-DD')"
    written = f"CASE WHEN {{0}} ~ {{2}} THEN {moment} ELSE left({{0}}, 10) END"
    day = sql.SQL(f'((CASE WHEN left({{0}}, 10) ~ {{1}} THEN {written} END) COLLATE "C")')
    return day.format(found, sql.Literal(DAY), sql.Literal(OFFSET)), given * 5


def _storable(value: Scalar) -> bool:
    """Whether Postgres can hold it at all: a text without NUL and without half of a character."""
    if not isinstance(value, str):
        return True
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _sql() -> Any:
    from psycopg import sql

    return sql
