"""What a reader of a step must know before trusting its order: ties, saturation, an empty list, cut passages.

Functions take hits and give warnings; they change nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from rag_core.schema.cutoffs import CosineCutoffs
from rag_core.schema.documents import Passage
from rag_core.schema.filters import Filter
from rag_core.schema.measurement import RankedList
from rag_core.schema.policy import Policy
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit, Step, StepWarning
from rag_core.schema.threshold import Threshold, applies
from rag_core.wording import step_warnings as words

NOT_CALIBRATED = "not-calibrated"
"""Code of a note that a check could not be made; nothing is known to be wrong."""

ENGINE_FUSION = "engine-fusion"
"""Code of the note that the engine fused the list itself; nothing is wrong with the run."""

NO_SUCH_SEARCH = "no-such-search"
"""Code of a note that the engine has no search of this kind; nothing is wrong with the run."""

APPROXIMATE = "approximate"
"""Code of a note that a search did not compare with every passage; nothing is known to be wrong."""

NOT_CONVERTED = "not-converted"
"""Code of the note that the embedding model runs slower than it might; nothing is wrong with the run."""

SEARCH_SCORES_IDLE = "search-scores-idle"
"""Code of the note that a first pass adds nothing of a search's scores; nothing is wrong with the run."""

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
        return (StepWarning(code="flat", message=words.flat(len(hits))),)
    return (StepWarning(code="ties", message=words.tied(tied, len(head))),)


def warns(step: Step) -> bool:
    """Whether anything may be wrong with this step; a check that could not be made says nothing of it."""
    notes = (NOT_CALIBRATED, NO_SUCH_SEARCH, APPROXIMATE, ENGINE_FUSION, NOT_CONVERTED, SEARCH_SCORES_IDLE)
    return any(warning.code not in notes for warning in step.warnings)


def saturated(probabilities: Sequence[float], top_k: int) -> tuple[StepWarning, ...]:
    """More candidates near probability 1 than are kept: the threshold cannot choose among them."""
    high = sum(p >= SATURATED for p in probabilities)
    if high <= top_k:
        return ()
    return (StepWarning(code="saturated", message=words.saturated(high, SATURATED, top_k)),)


def outside(hits: Sequence[Hit], cutoffs: CosineCutoffs | None, model: str) -> tuple[StepWarning, ...]:
    """A question that the collection may have nothing on: even its nearest passage is far away. Where the embedding
    model `model` has no cut-offs, that cannot be told, and the warning says so."""
    if not hits:
        return ()
    if cutoffs is None:
        return (StepWarning(code=NOT_CALIBRATED, message=words.not_calibrated(model)),)
    if hits[0].score >= cutoffs.far:
        return ()
    return (StepWarning(code="outside", message=words.outside(hits[0].score)),)


def not_converted(why: str) -> tuple[StepWarning, ...]:
    """An embedding model that could not be converted; `why` is empty where it was, or need not be."""
    return (StepWarning(code=NOT_CONVERTED, message=words.not_converted(why)),) if why else ()


def approximate(how: str) -> tuple[StepWarning, ...]:
    """A search that may miss some of the nearest; `how` is empty where it was exact, or that is not known."""
    return (StepWarning(code=APPROXIMATE, message=words.approximate(how)),) if how else ()


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
    return (StepWarning(code="near-duplicates", message=words.near_duplicates(repeats, len(texts))),)


def _shingles(text: str) -> set[tuple[str, ...]]:
    """All runs of three words; the words themselves of a shorter text."""
    words = text.casefold().split()
    return set(zip(words, words[1:], words[2:], strict=False)) or {tuple(words)}


def dense(search: RankedList, where: Filter | None) -> tuple[StepWarning, ...]:
    """An empty dense list under a filter: without one, the nearest are always found."""
    if search.found or where is None:
        return ()
    return (StepWarning(code="dense-empty", message=words.dense_empty(str(where))),)


def lexical(search: RankedList, where: Filter | None) -> tuple[StepWarning, ...]:
    """An empty lexical list and why, where the search is our own: another one does not say which words it knows."""
    if search.found:
        return ()
    own = search.space is None
    message = words.lexical_empty(bool(search.terms), str(where or "")) if own else words.LEXICAL_EMPTY_ELSEWHERE
    return (StepWarning(code="lexical-empty", message=message),)


def rerank(
    report: RerankSummary, candidates: int, who: str = "reranker", order: str = "the fused order"
) -> tuple[StepWarning, ...]:
    """Whether a pass of reranking ran and read all, whether it changed anything, what it could not see.

    candidates: how many came out of it. who: `reranker` or `first pass`. order: what they came to it in.
    """
    warnings = []
    if report.status == "failed":
        warnings.append(StepWarning(code="rerank-failed", message=words.rerank_failed(report, who, order)))
    if report.stopped:
        warnings.append(StepWarning(code="stopped", message=words.stopped(report, candidates)))
    if report.status in ("ran", "cached") and not report.order_changed and candidates > 1:
        warnings.append(StepWarning(code="order-unchanged", message=words.order_unchanged(who, candidates)))
    if report.passages_cut:
        warnings.append(StepWarning(code="passages-cut", message=words.passages_cut(report, who, candidates)))
    return tuple(warnings)


def calibration(policy: Policy, model: str, ranked: bool) -> tuple[StepWarning, ...]:
    """A calibration of this reranker that was fitted to another model than the one that ran."""
    asked = policy.calibration
    if not ranked or not model or asked is None or asked.reranker != policy.reranker or asked.model == model:
        return ()
    return (StepWarning(code="calibration-idle", message=words.calibration_idle(asked.model, model)),)


def threshold(cut: Threshold, space: ScoreSpace) -> tuple[StepWarning, ...]:
    """A threshold for another score than the relevance of this run, which is in `space`."""
    if cut.minimum is None or applies(cut, space):
        return ()
    return (StepWarning(code="threshold-idle", message=words.threshold_idle(cut.space, space)),)


def undated(hits: Sequence[Hit], passages: Mapping[str, Passage]) -> tuple[StepWarning, ...]:
    """Candidates without a date, where freshness counts."""
    undated = sum(passages[hit.passage_id].updated_at is None for hit in hits)
    if not undated:
        return ()
    return (StepWarning(code="undated", message=words.undated(undated, len(hits))),)
