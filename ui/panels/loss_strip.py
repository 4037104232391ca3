"""The document's way as a strip of steps: passed, lost here, not reached. A diagnosis in, HTML out."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

from rag_core.diagnosis import Diagnosis, Verdict
from rag_core.schema.steps import StepName
from rag_core.wording.numbers import ordinal

State = Literal["passed", "lost", "after"]
MARKS: dict[State, str] = {"passed": "✓", "lost": "✗", "after": "·"}
WORDS: dict[State, str] = {"passed": "passed", "lost": "lost here", "after": "not reached"}

ANSWER = "Answer"
StepRow = tuple[str, tuple[Verdict, ...], tuple[StepName, ...]]
FIRST_PASS: StepRow = ("First pass", (Verdict.CUT_BY_FIRST_PASS,), (StepName.FIRST_PASS,))
STEPS: tuple[StepRow, ...] = (
    ("Corpus", (Verdict.NOT_IN_CORPUS,), ()),
    ("Filter", (Verdict.FILTERED_OUT,), ()),
    ("Chunking", (Verdict.CUT_BY_CHUNKING,), ()),
    (
        "Searches",
        (Verdict.MISSED_BY_BOTH, Verdict.MISSED_BY_DENSE, Verdict.MISSED_BY_LEXICAL, Verdict.MISSED),
        (StepName.DENSE, StepName.LEXICAL),
    ),
    ("Pool", (Verdict.FUSED_OUT,), (StepName.FUSED,)),
    FIRST_PASS,
    ("Token limit", (Verdict.UNREAD,), ()),
    ("Rerank", (Verdict.DEMOTED, Verdict.NOT_RETURNED), (StepName.RERANKED,)),
    ("Signals", (Verdict.PUSHED_DOWN,), (StepName.ADJUSTED,)),
    ("Threshold", (Verdict.UNDER_THRESHOLD,), ()),
    ("Top-k", (Verdict.CUT_BY_TOP_K, Verdict.NOT_SELECTED), (StepName.KEPT,)),
    (ANSWER, (Verdict.NOT_CITED,), ()),
)
"""The steps in order: the label, the verdicts that lose a document there, the steps whose ranks it shows.
The first pass is a step of those runs only that have one."""


@dataclass(frozen=True)
class Step:
    """One step of the way: its label, what became of the document there, and its ranks."""

    label: str
    state: State
    ranks: str


def steps(diagnosis: Diagnosis) -> list[Step]:
    """The steps in order. What comes after the loss was not reached, whatever ranks it has."""
    if diagnosis.recorded:
        return _recorded(diagnosis)
    from_first_pass = any(step.step == StepName.FIRST_PASS for step in diagnosis.way)
    there = [row for row in STEPS if row is not FIRST_PASS or from_first_pass or diagnosis.verdict in row[1]]
    lost = next((place for place, (_, verdicts, _) in enumerate(there) if diagnosis.verdict in verdicts), len(there))
    states = _states(len(there), lost)
    return [
        Step(label, states[place], _ranks(diagnosis, steps) if states[place] != "after" else "")
        for place, (label, _, steps) in enumerate(there)
    ]


def _states(steps: int, lost: int) -> list[State]:
    """What became of the document at each of so many steps, lost at that place."""
    return ["passed" if place < lost else "lost" if place == lost else "after" for place in range(steps)]


def _recorded(diagnosis: Diagnosis) -> list[Step]:
    """The steps of another pipeline under their own names; where none lost it, each with its rank."""
    names = [one.step for one in diagnosis.way]
    after = diagnosis.after.step if diagnosis.lost and diagnosis.after else None
    lost = names.index(after) if after in names else len(names)
    states = _states(len(names), lost)
    return [
        Step(one.step, states[place], (ordinal(one.rank) if one.rank else "–") if states[place] != "after" else "")
        for place, one in enumerate(diagnosis.way)
    ]


def _ranks(diagnosis: Diagnosis, steps: tuple[StepName, ...]) -> str:
    """`3rd`, or `dense 3rd, lexical –` where there are two."""
    ranks = {step.step: ordinal(step.rank) if step.rank else "–" for step in diagnosis.way}
    shown = [(step, ranks[step]) for step in steps if step in ranks]
    return ", ".join(f"{step} {rank}" if len(shown) > 1 else rank for step, rank in shown)


def _words(step: Step) -> str:
    """What stands below the label: at the loss always that it is one."""
    if step.state == "lost" and step.label == ANSWER:
        return f"{WORDS['lost']}: not cited"
    if step.state == "lost":
        return f"{WORDS['lost']}: {step.ranks}" if step.ranks.strip("–") else WORDS["lost"]
    return step.ranks or WORDS[step.state]


def markup(diagnosis: Diagnosis) -> str:
    """The strip as HTML."""
    cells = "".join(
        f'<div class="sp-loss-{step.state}" role="listitem"><b>{html.escape(step.label)}</b>'
        f"<small>{MARKS[step.state]} {html.escape(_words(step))}</small></div>"
        for step in steps(diagnosis)
    )
    return f'<div class="sp-loss" role="list" data-testid="loss-strip">{cells}</div>'
