"""The results of an endpoint's answer, read by its field map.

No list is an error that says what is there instead; an empty list is an answer: nothing was found. Where the server
reports an error beside its list, an empty one is that error, and results get a note.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from rag_core.errors import RetrieverError
from rag_core.runs.live.endpoint import FieldMap
from rag_core.runs.live.field_paths import Nowhere, described, reached
from rag_core.runs.live.request import struck, words_of
from rag_core.runs.run import MAX_HITS
from rag_core.schema.base import Frozen
from rag_core.wording.numbers import count_of

Row = dict[str, Any]


class ReadAnswer(Frozen):
    """The rows of an answer, as `recorder.shapes` reads them, and a sentence on each thing that was not found."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def read_answer(
    answer: object, fields: FieldMap, errors: Mapping[int, str], optional: Collection[str] = (), secret: str = ""
) -> ReadAnswer:
    """The results. Raises RetrieverError where there is no list of them, or their text is nowhere.

    errors    what the API's error codes mean
    optional  parts of a result whose absence needs no note
    secret    the key, which no message quotes
    """
    failure = _failure(answer, errors, secret)
    found = _list(answer, fields, failure, secret)[:MAX_HITS]
    rows: list[Row] = []
    missing: dict[str, list[str]] = {}
    notes = [f"The retriever reports an error beside its results: {failure}"] if failure else []
    for place, result in enumerate(found, start=1):
        row, absent = _row(result, fields)
        for part, why in absent.items():
            missing.setdefault(part, []).append(f"In result {place}, {struck(why, secret)}")
        if "text" in row or "id" in row:
            rows.append(row)
        else:
            notes.append(f"Result {place} is left out: it has neither text nor id.")
    needed = "text" if fields.text else "id"
    astray = missing.get(needed, [])
    if found and len(astray) == len(found):
        raise RetrieverError(
            f"The path of the {needed}, `{getattr(fields, needed)}`, leads nowhere. {astray[0]}. Correct the path."
        )
    said = [
        f"{part.capitalize()} (`{getattr(fields, part)}`) is not in {_some(len(why), len(found))}. {why[0]}."
        for part, why in missing.items()
        if part not in optional and not (part == "metadata" and len(why) < len(found))
    ]
    return ReadAnswer(rows=tuple(rows), notes=(*said, *notes))


def _some(number: int, of: int) -> str:
    return f"any of {count_of(of, 'result')}" if number == of else f"{number} of {count_of(of, 'result')}"


def _list(answer: object, fields: FieldMap, failure: str, secret: str) -> list[Any]:
    """The list of results. An error that comes with status 200 and without results is told in the server's words."""
    try:
        found = reached(answer, fields.results)
        why = f"there is {described(found)}"
    except Nowhere as exc:
        found, why = None, str(exc)
    if isinstance(found, list) and (found or not failure):
        return found
    if failure:
        raise RetrieverError(f"The retriever reports an error: {failure}")
    raise RetrieverError(
        f"There is no list of results at `{fields.results}`: {struck(why, secret)}. Correct the path, or have the "
        "retriever answer with an empty list where it finds nothing."
    )


def _failure(answer: object, errors: Mapping[int, str], secret: str) -> str:
    """What an answer of status 200 says went wrong, in the server's words; empty where it says nothing of the kind."""
    if not isinstance(answer, Mapping):
        return ""
    code = next((answer[name] for name in ("error_code", "error", "errors") if answer.get(name) not in NO_ERROR), None)
    if code is not None:
        known = errors.get(code, "") if isinstance(code, int) else ""
        said = struck(words_of(answer) or str(code), secret)[:300].rstrip(".")
        return f"“{said}”. {known}".rstrip()
    shards = answer.get("_shards")
    failed = shards.get("failed") if isinstance(shards, Mapping) else None
    parts = ["its search timed out"] if answer.get("timed_out") is True else []
    if isinstance(failed, int) and failed:
        parts.append(f"{count_of(failed, 'shard')} of its index failed")
    return f"{' and '.join(parts)}. Look into its log, or try again." if parts else ""


NO_ERROR: tuple[object, ...] = (None, False, 0, "", "0", [], {})
"""What stands in the place of an error where there is none."""


def _row(result: object, fields: FieldMap) -> tuple[Row, dict[str, str]]:
    """The parts of one result that are there, and for each other one why not."""
    row: Row = {}
    absent: dict[str, str] = {}
    for part, path in dict(fields).items():
        if part == "results" or not path:
            continue
        try:
            value = reached(result, path)
        except Nowhere as exc:
            absent[part] = str(exc)
            continue
        kept = READERS[part](value)
        if kept is None:
            absent[part] = f"at `{path}` is {described(value)}"
        else:
            row[part] = kept
    return row, absent


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _score(value: object) -> float | None:
    """The number, also one that is written as a text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _metadata(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


READERS = {"text": _text, "id": _text, "title": _text, "score": _score, "metadata": _metadata}
"""What each part of a result may be; None for what it cannot be."""
