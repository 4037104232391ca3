"""Filters as people write them, a condition at a time: on a command line, in a link and in the sidebar.

    product=Pro               the field has this value; of several of one field, one is enough
    product!=Pro              it does not have it, or nothing at all
    reviewed>=2026-01-01      it is a day, this one or a later one
    reviewed<2026-07-01       it is a day before this one
    {"kind": "any", ...}      any condition or filter, as a trace has it in `where`

A value that reads as a number or a truth value is meant as that and as text; in double quotes it is text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NoReturn

from pydantic import TypeAdapter, ValidationError

from rag_core.errors import BadInput
from rag_core.schema.base import Scalar
from rag_core.schema.filters import Condition, Dated, Equal, Filter, In, Not, same_value
from rag_core.schema.validation import in_words

FORMS = "FIELD=VALUE, FIELD!=VALUE, FIELD>=2026-01-31, FIELD<2026-01-31, or a condition as JSON"
"""What a condition may look like."""

_WRITTEN = re.compile(r"\s*(?P<field>[^=!<>]*?)\s*(?P<sign>!=|>=|<=|=|<|>)\s*(?P<value>.*?)\s*", re.DOTALL)
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,399})(\.\d{1,400})?([eE][+-]?\d{1,4})?", re.ASCII)
_ANY: TypeAdapter[Condition] = TypeAdapter(Condition)


def read_filter(conditions: Iterable[str]) -> Filter | None:
    """The filter that all of these conditions make; None for none. Raises BadInput, which quotes the wrong one.

    >>> str(read_filter(["region=eu", "region=us", "state!=draft", "reviewed>=2026-01-01"]))
    'region eu or us, not state draft, reviewed since 2026-01-01'
    """
    values: dict[str, list[Scalar]] = {}
    others: list[Condition] = []
    for written in conditions:
        if written.lstrip().startswith("{"):
            others += _of_json(written)
            continue
        field, sign, value = _parts(written)
        if sign == "=":
            values.setdefault(field, []).extend(_meant(value, written))
        else:
            others.append(_other(field, sign, value, written))
    found = (*(_one_of(field, several) for field, several in values.items()), *others)
    return Filter(conditions=tuple(dict.fromkeys(found))) if found else None


def written_filter(where: Filter | None) -> list[str]:
    """The filter as conditions that `read_filter` reads as the same filter.

    >>> written_filter(read_filter(["state!=draft", "region=us", "region=eu", "year=2026"]))
    ['region=us', 'region=eu', 'year=2026', 'state!=draft']
    """
    written, taken = list[str](), set[str]()
    for one in where.conditions if where else ():
        plain = _plainly(one)
        field = one.field if isinstance(one, Equal | In) else ""
        if plain is None or field in taken:  # two of one field must both hold; as words, one would be enough
            plain = [one.model_dump_json()]
        elif field:
            taken.add(field)
        written += plain
    return written


def condition_on(field: str, sign: str, value: str) -> str:
    """One condition as it is written, on a value as it is shown; JSON where the field has a sign in its name.

    >>> condition_on("year", "=", "2026"), condition_on("year", "!=", "=2"), condition_on("x<y", "=", "a")
    ('year=2026', 'year!="=2"', '{"kind":"equal","field":"x<y","value":"a"}')
    """
    shown = json.dumps(value, ensure_ascii=False) if _in_quotes(value) and _reads_as(value) is None else value
    if field and field == field.strip() and not re.search(r"[=!<>]|^{", field):
        return f"{field}{sign}{shown}"
    written = f"{field} {sign} {value}"
    made = _one_of(field, _meant(shown, written)) if sign == "=" else _other(field, sign, shown, written)
    return made.model_dump_json()


def _parts(written: str) -> tuple[str, str, str]:
    found = _WRITTEN.fullmatch(written)
    if found is None:
        _refuse(written, "It names no field and value")
    field, sign, value = found["field"], found["sign"], found["value"]
    if not field:
        _refuse(written, "It names no field")
    if sign in ("<=", ">"):
        _refuse(written, f"There is no “{sign}”: “>=” is on that day or later, “<” before it")
    if not value:
        _refuse(written, 'It names no value (an empty text is "")')
    if value.startswith("="):
        _refuse(written, "Write one “=”, and a value that begins with it in double quotes")
    return field, sign, value


def _other(field: str, sign: str, value: str, written: str) -> Condition:
    if sign == "!=":
        return Not(condition=_one_of(field, _meant(value, written)))
    try:
        day = date.fromisoformat(value)
    except ValueError:
        _refuse(written, f"“{value}” is no day, such as 2026-01-31, and only days are compared by “{sign}”")
    return Dated(field=field, after=day) if sign == ">=" else Dated(field=field, before=day)


def _one_of(field: str, values: Sequence[Scalar]) -> Equal | In:
    return Equal(field=field, value=values[0]) if len(values) == 1 else In(field=field, values=tuple(values))


def _meant(value: str, written: str) -> list[Scalar]:
    """The values that a written one means."""
    if value.startswith('"'):
        try:
            text = json.loads(value)
        except ValueError:
            _refuse(written, "Its value begins with a double quote and does not end with one")
        return [str(text)]
    read = _reads_as(value)
    return [value] if read is None else [value, read]


def _reads_as(value: str) -> Scalar | None:
    """The number or truth value that it reads as, as JSON writes them; None for another text, and for a whole number
    of more than 64 bits, which no index keeps.

    >>> _reads_as("4"), _reads_as("0.50"), _reads_as("1e-05"), _reads_as("True"), _reads_as("007"), _reads_as("NaN")
    (4, 0.5, 1e-05, True, None, None)
    """
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not _NUMBER.fullmatch(value):
        return None
    read: int | float = json.loads(value)
    return read if (math.isfinite(read) if isinstance(read, float) else -(2**63) <= read < 2**63) else None


def _of_json(written: str) -> tuple[Condition, ...]:
    try:
        given: Any = json.loads(written)
        if "kind" in given:
            return (_ANY.validate_python(given),)
        return Filter.model_validate(given).conditions
    except ValidationError as exc:
        _refuse(written, in_words(exc).replace("it has", "It has"))
    except (ValueError, RecursionError) as exc:
        _refuse(written, f"It is no JSON: {exc}")


def _plainly(one: Condition) -> list[str] | None:
    """The condition in words; None where only JSON says it."""
    one = _of_one_value(one)
    if isinstance(one, Dated) and (one.after is None) != (one.before is None):
        plain = [f"{one.field}>={one.after}" if one.after else f"{one.field}<{one.before}"]
    elif isinstance(one, Equal | In):
        plain = [f"{one.field}={value}" for value in _shown(one)]
    elif isinstance(one, Not) and isinstance(one.condition, Equal | In):
        plain = [f"{one.condition.field}!={value}" for value in _shown(one.condition)]
    else:
        return None
    try:
        again = read_filter(plain)
    except BadInput:  # a field with a sign in its name
        return None
    return plain if again and again.model_dump_json() == Filter(conditions=(one,)).model_dump_json() else None


def _of_one_value(one: Condition) -> Condition:
    """The condition, with one of a single value as one that is equal to it."""
    if isinstance(one, Not):
        return Not(condition=_of_one_value(one.condition))
    return Equal(field=one.field, value=one.values[0]) if isinstance(one, In) and len(one.values) == 1 else one


def _shown(one: Equal | In) -> list[str]:
    """Its values as they are written; a number that follows its own text is said by that."""
    values = one.values if isinstance(one, In) else (one.value,)
    return [_quoted(value, values) for value in values if isinstance(value, str)]


def _quoted(value: str, values: Sequence[Scalar]) -> str:
    read = _reads_as(value)
    paired = read is not None and any(not isinstance(other, str) and same_value(other, read) for other in values)
    return value if paired or not _in_quotes(value) else json.dumps(value, ensure_ascii=False)


def _in_quotes(value: str) -> bool:
    """Whether a text is written in double quotes, as it would be read as something else without them."""
    return not value or value != value.strip() or value[0] in '"=' or _reads_as(value) is not None


def _refuse(written: str, why: str) -> NoReturn:
    raise BadInput(f"“{written}” is no condition of a filter. {why}. Write {FORMS}.")
