"""How the commands print the filter of a run, and a kept passage."""

from __future__ import annotations

import textwrap

from rag_core.report.verdict_text import WIDTH
from rag_core.schema.ranked_passage import RankedPassage
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import document_of, score_text, title_of

LINES = 4
"""Lines that are printed of a passage."""


def filter_lines(trace: Trace) -> list[str]:
    """The run's filter in words; none where it has none."""
    return [textwrap.fill(f"Only passages with {trace.where}.", WIDTH)] if trace.where else []


def passage_text(number: int, kept: RankedPassage) -> str:
    """`[1] Title (document)`, its rank at each step and its score, and the beginning of its text."""
    ranks = ", ".join(f"{step} {rank}" for step, rank in kept.ranks.items())
    score = "" if kept.score is None else f"; {score_text(kept.score, kept.space)}"
    text = textwrap.wrap(kept.text, WIDTH - 4, max_lines=LINES, placeholder=" ...")
    lines = (f"ranks: {ranks}{score}", *text)
    document = document_of(kept.passage)
    head = f"[{number}] {title_of(kept.passage)}" + (f" ({document})" if document else "")
    return f"{head}\n" + textwrap.indent("\n".join(lines), "    ")
