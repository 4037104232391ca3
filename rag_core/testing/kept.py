"""`assert_kept`: this document is kept for this query, or the test fails with the step that lost it."""

from __future__ import annotations

from rag_core.diagnosis import (
    Expected,
    Location,
    Verdict,
    diagnose,
    locate,
    locate_in_run,
    what_would_keep_in_run,
)
from rag_core.diagnosis.expected import Corpus
from rag_core.report.verdict_text import verdict_text
from rag_core.runs.as_trace import trace_of
from rag_core.runs.run import Run
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of, nearest_titles

USED = (Verdict.KEPT, Verdict.NOT_CITED)
"""Verdicts on a document that was given to the answer."""


def assert_kept(
    run: Trace | Run, document: str, *, quote: str = "", within: int | None = None, collection: Corpus | None = None
) -> None:
    """Raises AssertionError, with the verdict and the ranks, unless the run kept the document for the answer.

    run         a trace, or a recorded run of any pipeline
    document    its id or title (in a recorded run, its source too)
    quote       the words that answer: a passage with them must be kept
    within      the largest rank among the kept that is enough
    collection  what a trace of Second Pass searched: tells a document that it does not have from one that was lost

    A run that does not record what was kept fails too: it cannot be told. Raises BadInput for a quote that the
    collection's document does not have.
    """
    __tracebackhide__ = True
    trace = trace_of(run) if isinstance(run, Run) else run
    expected = Expected(document=document, quote=quote)
    location = locate(collection, expected) if collection else locate_in_run(trace, expected)
    problem = _not_among(trace, location) if collection is None and trace.origin is None else ""
    if problem := problem or _problem(trace, location, within):
        raise AssertionError(f"“{document}” is not kept for “{trace.query}”.\n\n{problem}")


def _not_among(trace: Trace, location: Location) -> str:
    """What is known without the collection of a document that no search found; empty for one among the candidates."""
    if location.passages:
        return ""
    which = "has these words" if location.document_id else "belongs to it"
    said = f"None of the {count_of(len(trace.passages), 'candidate')} {which}."
    near = nearest_titles(one.title for one in location.nearest[:3])
    return " ".join(filter(None, (said, near, "Give `collection=` to tell whether it is there.")))


def _problem(trace: Trace, location: Location, within: int | None) -> str:
    """What is wrong, in words; empty where the document is kept."""
    found = diagnose(trace, location)
    if found.verdict not in USED:
        return verdict_text(found, what_would_keep_in_run(trace, found) if trace.origin else None)
    rank = _best_rank(trace, location)
    if within is None or rank <= within:
        return ""
    return f"It is kept at rank {rank}, and must be among the first {within}.\n\n{verdict_text(found)}"


def _best_rank(trace: Trace, location: Location) -> int:
    kept = trace.kept_step.by_passage
    return min(kept[one].rank for one in location.passage_ids if one in kept)
