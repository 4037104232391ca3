"""A verdict with its evidence as plain text, for a terminal or the message of a failed test."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rag_core.diagnosis import Diagnosis, Rule, Verdict, WhatIf
from rag_core.wording.fixes import what_if_sentence
from rag_core.wording.numbers import score_text
from rag_core.wording.recorded_verdicts import to_record
from rag_core.wording.remedies import advice, fix_name
from rag_core.wording.rivals import note_text, why
from rag_core.wording.verdicts import VERDICT_LABELS, sentence

WIDTH = 100


def verdict_text(found: Diagnosis, what_if: WhatIf | None = None, fixes: Sequence[Rule] = ()) -> str:
    """The verdict, the rank at each step, what is ahead, what would have kept it, the fixes, and what else to know."""
    parts = [f"{VERDICT_LABELS[found.verdict]}\n{textwrap.fill(sentence(found), WIDTH)}"]
    if found.way:
        parts.append(ranks_text(found))
    if found.rivals:
        ahead = [f"  {one.step.rank}. {one.title}: {why(one)}" for one in found.rivals]
        parts.append("\n".join(["Ahead of it:", *ahead]))
    if what_if and found.verdict is not Verdict.KEPT:
        parts.append(textwrap.fill(f"What would have kept it: {what_if_sentence(what_if)}", WIDTH))
    parts += [textwrap.fill(f"Fix: {fix_name(one)}. {advice(one)}", WIDTH) for one in fixes]
    notes = (*map(note_text, found.notes), *map(to_record, found.needs))
    parts += [textwrap.fill(f"Note: {one}", WIDTH) for one in notes]
    return "\n\n".join(parts)


def ranks_text(found: Diagnosis) -> str:
    """A line for each step, with the document's rank and score there."""
    rows = [
        (
            one.step,
            f"{one.rank} of {one.of}" if one.rank else f"not among {one.of}",
            "" if one.score is None else score_text(one.score, one.space),
        )
        for one in found.way
    ]
    return table([("step", "rank", "score"), *rows])


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows in columns, the first row as their heads."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (zip(row, widths, strict=True) for row in rows)
    return "\n".join("  ".join(cell.ljust(width) for cell, width in row).rstrip() for row in padded)
