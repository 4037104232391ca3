"""What is wrong with a value that somebody gave, in words for them: pydantic's messages never reach a user.

“policy” is missing
“candidates › 2 › score” should be a number
“depth” should be 1 or more
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "string": "text",
    "bool": "true or false",
    "date": "a date",
    "datetime": "a date and time",
    "timezone": "a date and time with its zone",
    "tuple": "a list",
    "list": "a list",
    "dict": "an object",
    "model": "an object",
}
"""What a value should be, by the first word of pydantic's error type."""

_LIMITS = {
    "greater_than": "should be more than {gt}",
    "greater_than_equal": "should be {ge} or more",
    "less_than": "should be less than {lt}",
    "less_than_equal": "should be {le} or less",
    "string_too_long": "should have at most {max_length} characters",
    "string_too_short": "should have at least {min_length} characters",
    "too_long": "should have at most {max_length} entries",
    "too_short": "should have at least {min_length} entries",
}
"""What is said of a value outside its limits, by pydantic's error type."""


def in_words(exc: ValidationError, names: Mapping[str, str] | None = None) -> str:
    """The first thing that is wrong, without a full stop: `“policy” is missing`, `--top-k should be 1 or more`.

    names: what a field is called where the user gave it, as `{"top_k": "--top-k"}`; one inside another is
    `first_pass.dense`.
    """
    first = exc.errors(include_url=False)[0]
    place, kind = _place(first["loc"], names or {}), first["type"]
    if kind != "value_error":
        return f"{place} {_fault(kind, first.get('ctx', {}))}"
    said = str(first["ctx"]["error"]).rstrip(".")
    if said.startswith("must "):
        return f"{place} {said}"
    return f"{place}: {said}" if first["loc"] else said


def _fault(kind: str, given: Mapping[str, object]) -> str:
    """What is wrong, from pydantic's error type and its figures."""
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not a field that this version knows"
    if kind in ("literal_error", "enum"):
        return f"should be {given['expected']}"
    if kind in ("string_too_short", "too_short") and given["min_length"] == 1:
        return "should not be empty"
    if kind in _LIMITS:
        return _LIMITS[kind].format(**{name: _short(value) for name, value in given.items()})
    expected = _EXPECTED.get(kind.partition("_")[0])
    return f"should be {expected}" if expected and _of_type(kind) else "has a value that does not fit"


def _short(value: object) -> object:
    """A limit as a person writes it: 1 and not 1.0."""
    return f"{value:g}" if isinstance(value, float) else value


def _of_type(kind: str) -> bool:
    """True for errors about a value's type, not about its size."""
    return kind.endswith(("_type", "_parsing", "_number", "_aware", "_from_float"))


def _place(parts: tuple[int | str, ...], names: Mapping[str, str]) -> str:
    """`“steps › 1 › hits”`: list places count from 1. A field with a name of its own is called that, unquoted."""
    if not parts:
        return "it"
    for own in (".".join(map(str, parts)), str(parts[0])):
        if own in names:
            return names[own]
    return f"“{' › '.join(str(one + 1) if isinstance(one, int) else one for one in parts)}”"
