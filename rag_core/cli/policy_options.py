"""A policy from command-line options, with the option named where it cannot be."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import ValidationError

from rag_core.errors import BadInput
from rag_core.evaluation.calibrating import CalibrationFit
from rag_core.rerank.catalogue import entry_of
from rag_core.schema.policy import DEFAULT_FIRST_PASS, Policy
from rag_core.schema.scale import Scale
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold, can_cut, relevance_space
from rag_core.schema.validation import in_words
from rag_core.wording.thresholds import why_no_threshold

FLAGS = {
    "first_pass": "first-pass",
    "first_pass.dense": "first-pass-weights",
    "first_pass.lexical": "first-pass-weights",
    "signals": "search",
    "extra_searches": "extra",
    "top_k": "top-k",
}
"""The option that sets a policy's field, where it has another name."""
_OPTIONS = {field: f"--{FLAGS.get(field, field)}" for field in (*Policy.model_fields, *FLAGS)}

FIRST_PASS = "a cheap reranker that reads a wider pool first"
"""The help of `--first-pass`."""
FIRST_PASS_WEIGHTS = (
    "how much the searches' own scores count in the first pass beside its reranker's: the weight of the cosine, and of "
    "the lexical score as a share of the best, 0 to 1 each (default: 0 0 with --first-pass; the first pass of the "
    f"app has {DEFAULT_FIRST_PASS.dense:g} {DEFAULT_FIRST_PASS.lexical:g})"
)
"""The help of `--first-pass-weights`."""


def first_pass_of(named: Sequence[str] | None, weights: Sequence[float] | None) -> dict[str, object] | None:
    """A first pass as `--first-pass` names it (a reranker, and how many it reads) with the weights of the searches, in
    the order of `--first-pass-weights`; None where none is named. Raises BadInput for weights of none."""
    if named is None:
        if weights is not None:
            raise BadInput("--first-pass-weights needs a first pass. Name one with --first-pass.")
        return None
    return dict(zip(("reranker", "pool", "dense", "lexical"), (*named, *(weights or ())), strict=False))


def policy_of(**values: object) -> Policy:
    """The policy with these fields. Raises BadInput for an option that is out of range, or an unknown reranker."""
    try:
        policy = Policy.model_validate(values)
    except ValidationError as exc:
        raise BadInput(f"{in_words(exc, _OPTIONS)}.") from exc
    for reranker in (policy.reranker, *([policy.first_pass.reranker] if policy.first_pass else [])):
        entry_of(reranker)
    return policy


def threshold_of(reranker: str, minimum: float | None) -> Threshold:
    """The threshold at `minimum`; by default the reranker's own, as in the app. 0 keeps everything. Raises BadInput
    where the scores say nothing of relevance, so that no threshold but 0 makes sense."""
    entry = entry_of(reranker)
    space = relevance_space(entry.space)
    check_minimum(minimum, space)
    if minimum and not can_cut(space):
        raise BadInput(f"{why_no_threshold(space)} Leave --threshold out, or name another --reranker.")
    lowest = entry.default_threshold if minimum is None else minimum
    return Threshold(minimum=lowest or None, space=space)


def calibrated_threshold(fit: CalibrationFit, minimum: float | None) -> Threshold:
    """The threshold of calibrated probabilities at `minimum`; by default the fitted one. 0 keeps everything."""
    check_minimum(minimum, ScoreSpace.PROBABILITY)
    lowest = fit.threshold.minimum if minimum is None else minimum
    return Threshold(minimum=lowest or None, space=ScoreSpace.PROBABILITY)


def check_minimum(minimum: float | None, space: ScoreSpace | None = None) -> None:
    """Raises BadInput for a threshold that is none (`nan` and `inf` are numbers to a parser), or that is outside the
    scale of `space`, where it has one."""
    if minimum is not None and not math.isfinite(minimum):
        raise BadInput("--threshold should be a number.")
    if minimum is None or space is None or not can_cut(space):
        return
    scale = Scale(space=space)
    if not scale.holds(minimum):
        raise BadInput(
            f"--threshold should be from {scale.low:g} to {scale.high:g}: it cuts scores of the kind “{space}”."
        )
