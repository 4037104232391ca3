"""Cases as JSON lines: a file of them is all that somebody elsewhere needs to look at them.

A case file is untrusted input: it is read line by line, each line is limited and validated on its own, and the good
ones are kept. No more than one case is in memory at a time.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import pydantic_core

from rag_core.errors import BadInput, UnreadableRecord
from rag_core.schema.base import Frozen
from rag_core.triage.case import CASE, Case
from rag_core.triage.case_book import CaseBook
from rag_core.wording.verdicts import sentence

FORMAT = "second-pass-case/1"
MAX_BYTES = 100 * 2**20
"""Of a file that is imported; also what the page lets you upload."""

MAX_CASE_BYTES = 16 * 2**20
"""Of one line. A case of 200 long candidates is about 1 MB."""

NAMED = 20
"""Lines that are no case and are named; the rest is counted."""

_BOM = b"\xef\xbb\xbf"


class Imported(Frozen):
    """What a file held: the cases that can be read, and for each other line its number and the reason."""

    cases: tuple[Case, ...]
    problems: tuple[str, ...] = ()


class ImportResult(Frozen):
    """What an import did: how many cases are new, how many were there already, and the lines that are no case, the
    first ones by number and reason. `bad` counts them all."""

    added: int = 0
    known: int = 0
    bad: int = 0
    problems: tuple[str, ...] = ()


def export_lines(cases: Iterable[Case]) -> Iterator[str]:
    """One line a case; `read_cases` gives them back without loss. `verdicts` says in words what the case holds as data,
    for a person or a program that reads the file elsewhere; reading a case leaves it out."""
    for case in cases:
        said = json.dumps([sentence(one.diagnosis) for one in case.findings], ensure_ascii=False)
        yield f'{{"format": "{FORMAT}", "case": {case.model_dump_json()}, "verdicts": {said}}}\n'


def export_cases(cases: Iterable[Case]) -> str:
    """The lines of a few cases in one text. For many, write `export_lines` to a file."""
    return "".join(export_lines(cases))


def import_cases(book: CaseBook, file: BinaryIO) -> ImportResult:
    """Keep the cases of a file that are not there yet, one after the other. What is there stays as it is.

    Raises BadInput for a file that is too large.
    """
    added, known, bad, problems = 0, 0, 0, []
    for number, line in _numbered_lines(file):
        try:
            new = book.add(_read(line))
        except UnreadableRecord as exc:
            bad += 1
            problems += [f"Line {number}: {exc}"] if bad <= NAMED else []
        else:
            added, known = added + new, known + (not new)
    return ImportResult(added=added, known=known, bad=bad, problems=tuple(problems))


def read_cases(data: str | bytes) -> Imported:
    """The cases of a file. A line that is none is named in `problems`. Raises BadInput for a file that is too large."""
    cases: dict[str, Case] = {}
    problems: list[str] = []
    for number, line in _numbered_lines(io.BytesIO(data.encode() if isinstance(data, str) else data)):
        try:
            case = _read(line)
        except UnreadableRecord as exc:
            problems.append(f"Line {number}: {exc}")
        else:
            cases[case.id] = case
    return Imported(cases=tuple(cases.values()), problems=tuple(problems))


def _numbered_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank with its number from 1; of one that is too long, its start."""
    if file.seek(0, io.SEEK_END) > MAX_BYTES:
        largest = MAX_BYTES // 2**20
        raise BadInput(f"This file is larger than {largest} MB. Split it between lines and import the parts.")
    file.seek(0)
    number = 0
    while start := file.readline(MAX_CASE_BYTES + 1):
        number += 1
        rest = start
        while len(rest) > MAX_CASE_BYTES and not rest.endswith(b"\n"):
            rest = file.readline(MAX_CASE_BYTES + 1)
        line = start.removeprefix(_BOM) if number == 1 else start
        if line.strip():
            yield number, line


def _read(line: bytes) -> Case:
    if len(line) > MAX_CASE_BYTES:
        raise UnreadableRecord(f"it is longer than {MAX_CASE_BYTES // 2**20} MB; no case is.")
    try:
        entry = pydantic_core.from_json(line)
    except ValueError as exc:
        raise UnreadableRecord("this is not complete JSON in UTF-8.") from exc
    if not isinstance(entry, dict) or entry.get("format") != FORMAT:
        raise UnreadableRecord(f"this is no case of this version; its format should be {FORMAT}.")
    return CASE.value_of(entry.get("case"))
