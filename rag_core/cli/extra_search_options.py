"""An extra search as words on a command line: `recent since=2026-09-01 depth=20 weight=0.5`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import ValidationError

from rag_core.errors import BadInput
from rag_core.schema.filters import intersect, make_filter
from rag_core.schema.policy import ExtraSearch
from rag_core.schema.validation import in_words
from rag_core.schema.written_filters import read_filter

FILTERS = ("tenant", "source", "since")
WHERE = "where"
"""A condition on any field; the one setting that may be there several times."""
PLAIN = ("query", "depth", "weight")
USAGE = "--extra NAME tenant=A,B source=A,B since=2026-09-01 where=FIELD=VALUE query='other words' depth=20 weight=0.5"


def extra_search(words: Sequence[str]) -> ExtraSearch:
    """The extra search of a name and `key=value` words. Raises BadInput with the word that cannot be.

    >>> str(extra_search(["recent", "since=2026-09-01", "depth=20"]))
    'recent (updated since 2026-09-01; depth 20, weight 1)'
    """
    name, *settings = words
    values: dict[str, str] = {}
    conditions: list[str] = []
    for word in settings:
        key, equals, value = word.partition("=")
        if not equals or not value or key not in (*FILTERS, *PLAIN, WHERE):
            raise BadInput(f"--extra {name}: {word!r} is not a setting of an extra search. Write {USAGE}.")
        if key == WHERE:
            conditions.append(value)
            continue
        if key in values:
            raise BadInput(f"--extra {name}: {key} is given twice. Write several values as {key}=A,B.")
        values[key] = value
    lists = {
        key: [one.strip() for one in values.get(key, "").split(",") if one.strip()] for key in ("tenant", "source")
    }
    where = make_filter(lists["tenant"], lists["source"], _day(name, values.get("since")))
    where = intersect(where, read_filter(conditions))
    try:
        plain = {key: values[key] for key in PLAIN if key in values}
        return ExtraSearch.model_validate({"name": name, "where": where, **plain})
    except ValidationError as exc:
        raise BadInput(f"--extra {name}: {in_words(exc)}. Write {USAGE}.") from exc


def _day(name: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as exc:
        raise BadInput(f"--extra {name}: since={text} is not a date. Write since=2026-09-01.") from exc
