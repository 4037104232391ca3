"""What a reader of a step must know before trusting its order: ties, saturation, an empty list, cut passages.

Functions take hits and give warnings; they change nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rag_core.schema.cutoffs import CosineCutoffs
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit, Step, StepWarning
from rag_core.schema.threshold import Threshold, applies, relevance_space

NOT_CALIBRATED = "not-calibrated"
"""Code of a note that a check could not be made; nothing is known to be wrong."""

SATURATED = 0.999
"""Probabilities over this (or under 1 minus this) no longer tell candidates apart on a screen."""

ALIKE = 0.8
"""Texts that share this part of their runs of three words (Jaccard) are near-duplicates."""


def ties(hits: Sequence[Hit], first: int = 10) -> tuple[StepWarning, ...]:
    """Equal scores among the first places: their order carries no information."""
    head = hits[:first]
    tied = sum(a.score == b.score for a, b in itertools.pairwise(head))
    if len(head) < 2 or not tied:
        return ()
    if len(hits) > 2 and hits[0].score == hits[-1].score:
        message = f"All {len(hits)} candidates have the same score: this order carries no information."
        return (StepWarning(code="flat", message=message),)
    message = f"{tied} of the first {len(head)} places are tied with the one above; ties keep the order before."
    return (StepWarning(code="ties", message=message),)


def warns(step: Step) -> bool:
    """Whether anything may be wrong with this step; a check that could not be made says nothing of it."""
    return any(warning.code != NOT_CALIBRATED for warning in step.warnings)


def saturated(probabilities: Sequence[float], top_k: int) -> tuple[StepWarning, ...]:
    """More candidates near probability 1 than are kept: the threshold cannot choose among them."""
    high = sum(p >= SATURATED for p in probabilities)
    if high <= top_k:
        return ()
    message = f"{high} candidates score over {SATURATED}: more than the {top_k} kept, so the scores hardly choose."
    return (StepWarning(code="saturated", message=message),)


def outside(hits: Sequence[Hit], cutoffs: CosineCutoffs | None, model: str) -> tuple[StepWarning, ...]:
    """A question that the collection may have nothing on: even its nearest passage is far away. Where the embedding
    model `model` has no cut-offs, that cannot be told, and the warning says so."""
    if not hits:
        return ()
    if cutoffs is None:
        message = (
            f"Whether the collection holds anything about this question cannot be told from its nearest passage: the "
            f"embedding model {model} is not calibrated."
        )
        return (StepWarning(code=NOT_CALIBRATED, message=message),)
    if hits[0].score >= cutoffs.far:
        return ()
    message = (
        f"Even the nearest passage is far from this question (cosine {hits[0].score:.2f}): "
        "the collection may hold nothing about it."
    )
    return (StepWarning(code="outside", message=message),)


def near_duplicates(texts: Sequence[str]) -> tuple[StepWarning, ...]:
    """Kept passages that say again, almost word for word, what one before them says."""
    seen: list[set[tuple[str, ...]]] = []
    repeats = 0
    for text in texts:
        shingles = _shingles(text)
        repeats += any(len(shingles & other) >= ALIKE * len(shingles | other) for other in seen)
        seen.append(shingles)
    if not repeats:
        return ()
    message = (
        f"{repeats} of the {len(texts)} kept passages {'repeats' if repeats == 1 else 'repeat'} another one almost "
        "word for word, in a place that other text could have."
    )
    return (StepWarning(code="near-duplicates", message=message),)


def _shingles(text: str) -> set[tuple[str, ...]]:
    """All runs of three words; the words themselves of a shorter text."""
    words = text.casefold().split()
    return set(zip(words, words[1:], words[2:], strict=False)) or {tuple(words)}


def lexical(found: int, terms: Sequence[str]) -> tuple[StepWarning, ...]:
    """An empty lexical list and why."""
    if found:
        return ()
    common = "its words are in half of the passages or more, which BM25 ignores, or the filter excludes all of them"
    why = common if terms else "no word of the question is in the collection"
    return (StepWarning(code="lexical-empty", message=f"The lexical search found nothing: {why}."),)


def rerank(
    report: RerankSummary, candidates: int, who: str = "reranker", order: str = "the fused order"
) -> tuple[StepWarning, ...]:
    """Whether a pass of reranking ran and read all, whether it changed anything, what it could not see.

    candidates: how many came out of it. who: `reranker` or `first pass`. order: what they came to it in.
    """
    warnings = []
    if report.status == "failed":
        instead = f"Instead, {order} goes on." if who == "first pass" else f"You see {order}."
        message = f"The {who} {report.name} did not run: {report.reason} {instead}"
        warnings.append(StepWarning(code="rerank-failed", message=message))
    if report.stopped:
        warnings.append(StepWarning(code="stopped", message=_stopped(report, candidates)))
    if report.status in ("ran", "cached") and not report.order_changed and candidates > 1:
        message = f"The {who} scored {candidates} candidates and changed no rank."
        warnings.append(StepWarning(code="order-unchanged", message=message))
    if report.passages_cut:
        message = (
            f"{report.passages_cut} of {candidates} passages are longer than the {who} reads; "
            f"it never saw {report.unseen_tokens} of their tokens."
        )
        warnings.append(StepWarning(code="passages-cut", message=message))
    return tuple(warnings)


_WHY_STOPPED = {
    "asked": "was stopped",
    "certain": "stopped because nothing unread can score higher than the candidates that are kept",
    "patience": "stopped because the first places had not changed for long (a guess: one that it did not read may "
    "belong there)",
}


def _stopped(report: RerankSummary, read: int) -> str:
    rest, why = report.pairs_unread, _WHY_STOPPED[report.stopped or "asked"]
    return (
        f"The reranker {why}. It read {read} of {read + rest} candidates; the others have no score and follow in "
        "the order before."
    )


def threshold(cut: Threshold, reranked: ScoreSpace) -> tuple[StepWarning, ...]:
    """A threshold for another score than this run has."""
    space = relevance_space(reranked)
    if cut.minimum is None or applies(cut, space):
        return ()
    message = f"The threshold is for {cut.space} scores; this run's are {space}, so nothing was cut by it."
    return (StepWarning(code="threshold-idle", message=message),)
