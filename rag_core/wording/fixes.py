"""What would have kept a document, in words: each change of settings, and what it takes to know more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag_core.diagnosis.counterfactuals import Change, Counterfactual, NotRead, Place, WhatIf
from rag_core.diagnosis.settings import SETTINGS
from rag_core.schema.policy import SIGNAL_NAMES
from rag_core.wording.numbers import count_of, ordinal, score_text, threshold_text

if TYPE_CHECKING:
    from rag_core.diagnosis.fix_check import CheckedFix

LABELS = {
    "top_k": "Top-k",
    "threshold.minimum": "Threshold",
    "pool": "Pool",
    "stopping.limit": "Reading",
    "stopping.patience": "Patience",
    "first_pass.pool": "First pass reads",
    "depth": "Depth",
    "fusion.dense_weight": "Dense weight",
    "fusion.lexical_weight": "Lexical weight",
    **{f"signals.{name}": f"{name.capitalize()} weight" for name in SIGNAL_NAMES},
    "signals.on": "Signals",
    "reranker": "Reranker",
    "first_pass": "First pass",
    "stopping": "Stopping early",
    "extra_searches": "Extra searches",
    "rewrite.on": "Rewriting",
}
"""What each setting is called, by the policy's field."""

NAMED = 3
"""Passages that are named of those that come in or leave; the others are counted."""

STEP = {setting.name: setting.step for setting in SETTINGS}


def what_if_sentence(what_if: WhatIf) -> str:
    """The smallest change that keeps it, or that none is known, and what it takes to know more."""
    if what_if.kept:
        return "It is kept already."
    if what_if.obstacle:
        return _OBSTACLES[what_if.obstacle.kind].format(step=what_if.obstacle.step)
    return f"{_unread(what_if.not_read)}{_summary(what_if)}"


def uncited_sentence(checked: Sequence[CheckedFix]) -> str:
    """That each of these changes keeps the document and none makes the answer cite it; empty where one does, or where
    an answer was not checked."""
    if not checked or not all(one.lost for one in checked):
        return ""
    if len(checked) == 1:
        return "This change keeps it, and yet the answer does not cite it."
    return f"Each of these {len(checked)} changes keeps it, and with none does the answer cite it."


def fix_sentence(fix: Counterfactual) -> str:
    """`Top-k 5 instead of 2 keeps it, 5th (logit 2.00). It also brings in “A” and “B”.`"""
    if fix.of:
        return _keeping_more(fix)
    changes = ", ".join(f"{LABELS[one.setting].lower()} {after(one)} instead of {before(one)}" for one in fix.changes)
    score = f" ({score_text(fix.score.score, fix.score.space)})" if fix.score else ""
    return f"{changes.capitalize()} keeps it, {ordinal(fix.rank)}{score}. {others_text(fix.entered, fix.left)}"


def _keeping_more(fix: Counterfactual) -> str:
    """`Keeping the first 2 of reranked instead of 1 keeps it, 2nd.`"""
    (top_k,) = fix.changes
    others = f" It also brings in {count_of(len(fix.entered), 'other passage')}." if fix.entered else ""
    first, now = after(top_k), before(top_k)
    return f"Keeping the first {first} of {fix.of} instead of {now} keeps it, {ordinal(fix.rank)}.{others}"


def changes_text(changes: Sequence[Change]) -> str:
    """`Top-k is now 6 (was 5)`; empty for no changes."""
    return ", ".join(f"{LABELS[one.setting]} is now {after(one)} (was {before(one)})" for one in changes)


def change_texts(change: Change) -> dict[str, str]:
    """`{"setting": "top_k", "label": "Top-k", "before": "5", "after": "6"}`"""
    label = LABELS[change.setting]
    return {"setting": change.setting, "label": label, "before": before(change), "after": after(change)}


def before(change: Change) -> str:
    """The value before, as it is shown."""
    return _value(change.setting, change.before)


def after(change: Change) -> str:
    """The value after, as it is shown."""
    return _value(change.setting, change.after)


def _value(setting: str, value: float | str) -> str:
    """`12`, `0.35`, `0.005`, `off`; a threshold of nothing is `none`."""
    if isinstance(value, str):
        return value
    if setting == "threshold.minimum":
        return threshold_text(value) if value else "none"
    step = STEP[setting]
    return f"{value:.0f}" if step == 1 else f"{value:.2f}" if step < 0.1 else f"{value:.1f}"


def others_text(entered: Sequence[Place], left: Sequence[Place]) -> str:
    """What else changes in the top-k."""
    parts = [
        f"{verb} {', '.join(f'“{one.title}”' for one in places[:NAMED])}"
        + f" and {len(places) - NAMED} more" * (len(places) > NAMED)
        for verb, places in (("it also brings in", entered), ("it drops", left))
        if places
    ]
    text = "; ".join(parts) or "nothing else changes in the top-k"
    return f"{text[0].upper()}{text[1:]}."


def _unread(known: NotRead | None) -> str:
    if known is None:
        return ""
    return (
        f"The reranker did not read it, so its score is unknown. Reading {known.place} candidates instead of "
        f"{known.read} takes {count_of(known.missing, 'more pair')}. "
    )


_OBSTACLES = {
    "unordered": "What is kept is not simply the first of {step}.",
    "missed": "No later step can keep what no search finds.",
    "unscored": "Its score by {step} was not recorded; another reranker can score it.",
    "not-listed": "That cannot be told from this run: it is not in the list that was cut.",
    "unknown": "That cannot be told from this run.",
}


def _summary(what_if: WhatIf) -> str:
    pairs = count_of(what_if.unscored, "more pair")
    if what_if.found:
        best = fix_sentence(what_if.found[0])
        return f"{best} Checking every setting takes {pairs}." if what_if.unscored else best
    if what_if.unscored:
        return f"No setting whose pairs are scored keeps it. Checking the others takes {pairs}."
    return "No setting within its range keeps it."
