"""A comparison of two rankings, the split of what is missing to a perfect score, and the gate, in words."""

from __future__ import annotations

from rag_core.evaluation.compare import FEWEST, PRACTICAL, ChangeVerdict, Comparison, MoreLabels
from rag_core.evaluation.gate import AgainstBaseline, Changed, Shortfall
from rag_core.evaluation.headroom import Headroom

LOSSES = {
    "retrieval": "never found",
    "fusion": "left outside the pool",
    "first_pass": "cut by the first pass",
    "ranking": "left by the ranking",
    "signals": "lost to signals",
}
"""What each part of the loss is called."""

SHOWN = 0.0005
"""A smaller loss is not to be seen in three digits."""

CHANGED = {
    Changed.LABELLED_SET: "The labelled set has changed since the baseline; the common questions are compared.",
    Changed.COLLECTION: "The collection has changed since the baseline.",
    Changed.OTHER_COLLECTION: "The baseline was measured on another collection, so a difference may come from that.",
    Changed.FILTER: "The baseline was measured under another filter.",
    Changed.FILTER_UNKNOWN: "Under which filter the baseline was measured is not known: an older version saved it.",
}


TOO_FEW = f"Fewer than {FEWEST} questions, or too few that differ, have no interval: they bound nothing."
NO_INTERVAL = f"A dash is no interval: fewer than {FEWEST} questions, or too few that differ, bound nothing."
"""Why a table shows a dash for an interval."""


def interval_text(found: Comparison) -> str:
    """`+0.250 to +0.340`; a dash where too few questions were compared to bound anything."""
    return f"{found.low:+.3f} to {found.high:+.3f}" if found.bounded else "–"


def bounds_text(found: Comparison) -> str:
    """`95% interval +0.250 to +0.340`, or why there is none."""
    if found.bounded:
        return f"95% interval {interval_text(found)}"
    return "no interval " + (f"under {FEWEST} questions" if found.queries < FEWEST else "over so few questions")


def comparison_sentence(found: Comparison) -> str:
    """`Better by +0.298 (95% interval +0.250 to +0.340).`"""
    interval = f"{found.difference:+.3f} ({bounds_text(found)})"
    return {
        ChangeVerdict.UNCHANGED: f"No question changed ({found.queries} compared).",
        ChangeVerdict.BETTER: f"Better by {interval}.",
        ChangeVerdict.WORSE: f"Worse by {interval}.",
        ChangeVerdict.ALIKE: f"Alike: {interval}, and either way less than {PRACTICAL}.",
        ChangeVerdict.UNSURE: f"Too few questions to tell: {interval} over {found.queries}. {_how_many(found)}",
    }[found.verdict]


def _how_many(found: Comparison) -> str:
    return {
        MoreLabels.NO_DIFFERENCE: "There is no difference that more questions could confirm.",
        MoreLabels.TOO_MANY: "No realistic number of questions tells a difference this small. Treat the two as equal.",
        MoreLabels.A_FEW: "It is a close call. A few more labelled questions would decide it.",
        MoreLabels.SO_MANY: f"If the difference stays the same, about {found.needed} questions are enough.",
    }[found.more_labels]


def headroom_sentence(found: Headroom) -> str:
    """The split in words, the largest loss first."""
    losses = sorted(((getattr(found, name), words) for name, words in LOSSES.items()), reverse=True)
    told = [f"{loss:.3f} {words}" for loss, words in losses if loss >= SHOWN]
    missing = found.perfect - found.achieved
    if not told:
        return f"{found.metric} {found.achieved:.3f}: nothing is lost."
    return f"{found.metric} {found.achieved:.3f}; {missing:.3f} is missing: {', '.join(told)}."


def fine_tuning_sentence(held_out: int, metric: str, found: Comparison) -> str:
    """What fine-tuning changed on so many held-out questions, whichever way it went."""
    return (
        f"On {held_out} held-out questions, {metric} {found.before:.3f} → {found.after:.3f}. "
        f"{comparison_sentence(found)}"
    )


def shortfall_text(one: Shortfall) -> str:
    """`RR@10 of the step fused is 0.5556, under 0.8.`"""
    return f"{one.metric} of the step {one.step} is {one.mean:.4f}, under {one.minimum:g}."


def against_baseline_text(one: AgainstBaseline) -> str:
    """`RR@10 against the baseline: Worse by ...`"""
    return f"{one.metric} against the baseline: {comparison_sentence(one.found)}"
