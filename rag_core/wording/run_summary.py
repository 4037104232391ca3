"""One run in a few lines: as text for a terminal, as HTML for a notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag_core.analysis.latency import step_time
from rag_core.schema.trace import Trace
from rag_core.wording.headline import headline
from rag_core.wording.numbers import score_text
from rag_core.wording.step_names import label_in

if TYPE_CHECKING:
    from rag_core.schema.ranked_passage import RankedPassage

TEXT_CHARS = 300
"""How much of a passage a notebook shows."""


def run_text(trace: Trace) -> str:
    """The run in three lines: the question, what happened, the steps with how many passages came out of each."""
    steps = " -> ".join(f"{step.name} {len(step.hits)}" for step in trace.steps)
    return f"Trace({trace.query!r} over {trace.collection.name})\n{headline(trace)}\n{steps}"


def run_html(trace: Trace) -> str:
    """The headline, the steps with their times, and the kept passages, as HTML. All text is escaped."""
    steps = [(label_in(trace, step.name), len(step.hits), str(step.space), step_time(step)) for step in trace.steps]
    kept = [(one.rank, one.title, _score(one), " ".join(one.text.split())[:TEXT_CHARS]) for one in trace.kept]
    tables = _table(("Step", "Passages", "Score space", "Time"), steps)
    tables += _table(("Rank", "Document", "Score", "Text"), kept) if kept else ""
    return f"<p><b>{html.escape(headline(trace))}</b></p>{tables}"


def _score(one: RankedPassage) -> str:
    return "" if one.score is None else score_text(one.score, one.space)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    cells = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
