"""Where in a parsed JSON answer something is: `records`, `data.results`, `hits.hits[0]._source`, `["@search.score"]`.

`$` is the value itself. A path that leads nowhere says at which point, and what is there instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rag_core.errors import BadInput

ITSELF = "$"
PART = re.compile(r'\.?([^.\[\]"]+)|\.?\[(\d+)\]|\.?\["([^"]+)"\]')
"""A field's name, a place in a list, or a name with dots in it."""

SHOWN = 8
"""Fields that are named at most."""


class Nowhere(Exception):
    """A path that leads nowhere. The message says where it ends, and what is there."""


def parts_of(path: str) -> tuple[str | int, ...]:
    """The parts of a path. Raises BadInput for what is none.

    >>> parts_of('hits.hits[0]["@search.score"]')
    ('hits', 'hits', 0, '@search.score')
    """
    rest, parts = path.strip().removeprefix(ITSELF), []
    while rest:
        found = PART.match(rest)
        if found is None:
            raise BadInput(f"“{path}” is no path. Write it like data.results, hits[0].text or $ for the value itself.")
        name, place, quoted = found.groups()
        parts.append(int(place) if place else name or quoted)
        rest = rest[found.end() :]
    return tuple(parts)


def reached(value: object, path: str) -> object:
    """What is at the path. Raises Nowhere, or BadInput for what is no path."""
    passed = ""
    for part in parts_of(path):
        value = _step(value, part, passed)
        passed += f"[{part}]" if isinstance(part, int) else f".{part}" if passed else part
    return value


def _step(value: object, part: str | int, passed: str) -> object:
    if isinstance(part, int) and isinstance(value, list) and part < len(value):
        return value[part]
    if isinstance(part, str) and isinstance(value, Mapping) and part in value:
        return value[part]
    where = f"`{passed}` is {described(value)}" if passed else f"there is {described(value)}"
    wanted = f"`[{part}]`" if isinstance(part, int) else f"`{part}`"
    raise Nowhere(f"it looks for {wanted}, but {where}")


def described(value: object) -> str:
    """What a JSON value is, for somebody who looks for a field in it.

    >>> described({"records": [], "took": 3}), described([{}, {}]), described("no"), described(None)
    ('an object with `records`, `took`', 'a list of 2', 'the text “no”', 'null')
    """
    if isinstance(value, Mapping):
        names = [f"`{name}`" for name in list(value)[:SHOWN]]
        more = f" and {len(value) - SHOWN} more" if len(value) > SHOWN else ""
        return f"an object with {', '.join(names)}{more}" if names else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, str):
        return f"the text “{value[:60]}{'…' if len(value) > 60 else ''}”"
    return (
        {True: "true", False: "false", None: "null"}[value]
        if value is None or value is True or value is False
        else f"the number {value}"
    )
