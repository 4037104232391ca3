"""Cases as JSON lines: a file of them is all that somebody elsewhere needs to look at them.

A case file is untrusted input: every line is validated on its own, and the good ones are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from rag_core.errors import BadInput
from rag_core.schema.base import Frozen
from rag_core.schema.trace import MAX_TRACE_BYTES
from rag_core.triage.case import CASE, Case

FORMAT = "second-pass-case/1"
MAX_BYTES = 512 * 2**20


class Imported(Frozen):
    """What a file held: the cases that can be read, and for each other line its number and the reason."""

    cases: tuple[Case, ...]
    problems: tuple[str, ...] = ()


def export_cases(cases: Iterable[Case]) -> str:
    """One line a case; `read_cases` gives them back without loss."""
    return "".join(f'{{"format": "{FORMAT}", "case": {case.model_dump_json()}}}\n' for case in cases)


def read_cases(data: str | bytes) -> Imported:
    """The cases of a file. A line that is none is named in `problems`. Raises BadInput for no text, or too much."""
    if len(data) > MAX_BYTES:
        raise BadInput(f"This file is larger than {MAX_BYTES // 2**20} MB. Split it and import the parts.")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    except UnicodeDecodeError as exc:
        raise BadInput("This is not a case file: it is not UTF-8 text.") from exc
    cases: dict[str, Case] = {}
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            case = _read(line)
        except BadInput as exc:
            problems.append(f"Line {number}: {exc}")
        else:
            cases[case.id] = case
    return Imported(cases=tuple(cases.values()), problems=tuple(problems))


def _read(line: str) -> Case:
    if len(line) > MAX_TRACE_BYTES:
        raise BadInput(f"it is longer than {MAX_TRACE_BYTES // 2**20} MB; no case is.")
    try:
        entry = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as exc:
        raise BadInput("this is not JSON.") from exc
    if not isinstance(entry, dict) or entry.get("format") != FORMAT:
        raise BadInput(f"this is no case; its format should be {FORMAT}.")
    return CASE.value_of(entry.get("case"))
