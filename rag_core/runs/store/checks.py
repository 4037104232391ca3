"""What is suspicious about a run, by looking at its lists: each finding is a note with a stable code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations

from rag_core.runs.run import Run, RunStep
from rag_core.runs.values import Note, StepKind
from rag_core.wording.numbers import verb

FEWEST = 3
"""Passages below which an order or a tie says nothing."""

NEAR_DUPLICATE = 0.9
"""Words in common, as a share of all words of the two, from which two passages say the same."""

LOOKED_AT = 20
"""Kept passages that are compared with each other at most."""

SLOW_MS, SLOW_SHARE = 1000.0, 0.7


def checks(run: Run) -> tuple[Note, ...]:
    """What the run's producer noted of it and its steps, then what its lists show; each code once."""
    said = [*run.warnings, *(note for step in run.steps for note in step.warnings)]
    found = [note for check in CHECKS for note in check(run)]
    return tuple({note.code: note for note in reversed([*said, *found])}.values())[::-1]


def _idle(run: Run) -> Iterator[Note]:
    for step in run.of_kind(StepKind.RERANK):
        before = [hit.passage_id for name in step.inputs[:1] for hit in run.step(name).hits]
        order = [hit.passage_id for hit in step.hits]
        if len(step.inputs) == 1 and len(order) >= FEWEST and before[: len(order)] == order:
            yield Note(code="reranker-idle", message=f"{step.name} left the order as it was.")


def _failed(run: Run) -> Iterator[Note]:
    for step in run.of_kind(StepKind.RERANK):
        if any(note.code == "step-failed" for note in step.warnings):
            yield Note(code="rerank-failed", message=f"{step.name} failed.")


def _ties(run: Run) -> Iterator[Note]:
    for step in run.of_kind(StepKind.RERANK):
        scores = [hit.score for hit in step.hits if hit.score is not None]
        tied = sum(times for times in Counter(scores).values() if times > 1)
        if len(scores) >= FEWEST and tied > len(scores) / 2:
            yield Note(code="ties", message=f"{tied} of {len(scores)} scores of {step.name} {verb(tied)} tied.")


def _nothing_kept(run: Run) -> Iterator[Note]:
    if run.last is not None and not run.last.hits:
        yield Note(code="nothing-kept", message=f"{run.last.name}, the last step, is empty.")


def _near_duplicates(run: Run) -> Iterator[Note]:
    texts = [run.passage(hit.passage_id).text for hit in _kept(run).hits[:LOOKED_AT]] if run.last else []
    words = [set(text.casefold().split()) for text in texts if text]
    pairs = sum(1 for one, other in combinations(words, 2) if len(one & other) >= NEAR_DUPLICATE * len(one | other) > 0)
    if pairs:
        yield Note(code="near-duplicates", message=f"{pairs} pairs of kept passages say the same.")


def _slow_step(run: Run) -> Iterator[Note]:
    timed = [(step.timing.took_ms, step.name) for step in run.steps if step.timing]
    total = sum(took for took, _ in timed)
    for took, name in timed:
        if len(timed) > 1 and took >= SLOW_MS and took >= SLOW_SHARE * total:
            yield Note(code="slow-step", message=f"{name} took {took / total:.0%} of the time.")


def _kept(run: Run) -> RunStep:
    """The last step; only for runs that have one."""
    assert run.last is not None
    return run.last


CHECKS: tuple[Callable[[Run], Iterator[Note]], ...] = (
    _idle,
    _failed,
    _ties,
    _nothing_kept,
    _near_duplicates,
    _slow_step,
)
