"""What is said of recorded runs under another value of a setting."""

from __future__ import annotations

from rag_core.evaluation.recorded_cuts import Cuts, Setting
from rag_core.schema.threshold import can_cut
from rag_core.wording.numbers import count_of

NAMED = 3
"""Reasons that are named."""


CALLED = {
    Setting.TOP_K: "Top-k {value:g}",
    Setting.THRESHOLD: "A threshold of {unit}{value:g}",
    Setting.POOL: "A pool of {value:g}",
    Setting.WEIGHT: "{search} with the weight {value:g}",
}


def cuts_sentence(cuts: Cuts, setting: Setting, search: str = "") -> str:
    """The value from which on no more runs keep a relevant document, and over how many runs that is."""
    best = max(one.answered for one in cuts.points)
    reaching = [one for one in cuts.points if one.answered == best]
    at = reaching[-1] if setting is Setting.THRESHOLD else reaching[0]
    unit = "" if can_cut(cuts.space) else f"{cuts.space} "
    called = CALLED[setting].format(value=at.value, search=search, unit=unit)
    most = f"{called} keeps a relevant document in {best:.0%} of {count_of(cuts.runs, 'run')}"
    return f"{most}, the most of these values, and {at.others:.1f} other documents in each."


def left_out_sentence(cuts: Cuts) -> str:
    """Why judged runs are not among them, with how many that is."""
    return f"Some runs cannot be replayed so: {' '.join(cuts.reasons[:NAMED])}"
