"""What is said of recorded runs under another value of a setting."""

from __future__ import annotations

from rag_core.evaluation.recorded_cuts import Cuts, Setting
from rag_core.schema.threshold import can_cut
from rag_core.wording.numbers import count_of, verb

NAMED = 3
"""Reasons that are named."""


CALLED = {
    Setting.TOP_K: "Top-k {value:g}",
    Setting.THRESHOLD: "A threshold of {unit}{value:g}",
    Setting.POOL: "A pool of {value:g}",
    Setting.WEIGHT: "{search} with the weight {value:g}",
}


def cuts_sentence(cuts: Cuts, setting: Setting, search: str = "") -> str:
    """The value from which on no more runs keep a relevant document, and over how many runs that is; none where these
    runs cannot tell one value from another."""
    best = max(one.answered for one in cuts.points)
    keep = f"of {count_of(cuts.runs, 'run')} {verb(cuts.runs, 'keeps', 'keep')} a relevant document"
    if not any(one.fewer for one in cuts.points):
        least = min(one.answered for one in cuts.points)
        if least == best:
            return f"{best:.0%} {keep}, whatever the value."
        return f"{least:.0%} to {best:.0%} {keep}, by the value. So few runs cannot tell one value from another."
    reaching = [one for one in cuts.points if one.answered == best]
    at = reaching[-1] if setting is Setting.THRESHOLD else reaching[0]
    unit = "" if can_cut(cuts.space) else f"{cuts.space} "
    called = CALLED[setting].format(value=at.value, search=search, unit=unit)
    most = f"{called} keeps a relevant document in {best:.0%} of {count_of(cuts.runs, 'run')}"
    return f"{most}, the most of these values, and {at.others:.1f} other documents in each."


def left_out_sentence(cuts: Cuts) -> str:
    """Why judged runs are not among them, with how many that is."""
    return f"Some runs cannot be replayed so: {' '.join(cuts.reasons[:NAMED])}"
