"""What would have kept the document: the nearest value of each setting at which it is kept, found by replay.

Every suggestion is verified: under its policy the document is kept, and with one step less of any change in it, it
is not; a first pass that is left out is one change, after which the reranker reads all that it read. A setting whose
pools hold pairs that no one has scored is left open; `pairs_needed` names the pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag_core.diagnosis.combined import combined, wide_enough
from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.probe import Probe
from rag_core.diagnosis.settings import SETTINGS, SWITCHES, Setting
from rag_core.schema.base import Frozen
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of, ordinal, score_text, title_of

POOLING = (
    "pool",
    "stopping.limit",
    "stopping.patience",
    "first_pass.pool",
    "depth",
    "fusion.dense_weight",
    "fusion.lexical_weight",
)
READING = ("first_pass", "stopping")
"""The settings and switches that decide which candidates the reranker and its first pass read."""


class Change(Frozen):
    """One setting and its values as they are shown. `setting` is the policy's field, such as `fusion.dense_weight`."""

    setting: str
    label: str
    before: str
    after: str


class Place(Frozen):
    """A candidate that comes into the top-k or leaves it. `rank` is its rank there."""

    passage_id: str
    title: str
    rank: int


class Counterfactual(Frozen):
    """A change of the policy that keeps the document, and what else it changes in the top-k.

    size: the change's share of its setting's range, added up over the changes; a switch counts 1.
    """

    changes: tuple[Change, ...]
    policy: Policy
    size: float
    rank: int
    entered: tuple[Place, ...] = ()
    left: tuple[Place, ...] = ()
    sentence: str


class WhatIf(Frozen):
    """All that was found, smallest change first. `unscored`: pairs without a score, which left settings open."""

    found: tuple[Counterfactual, ...]
    unscored: int
    sentence: str


def what_would_keep(measurement: Measurement, policy: Policy, location: Location) -> WhatIf:
    """The changes of a single setting that keep the document; where there is none, the smallest combination found.

    Nothing is found for a document that is kept already, or that neither search found at full depth. Raises
    UnscoredPairs where the policy itself cannot be replayed.
    """
    probe = Probe(measurement, location)
    before = probe.trace(policy)
    if probe.keeps(before):
        return WhatIf(found=(), unscored=0, sentence="It is kept already.")
    found = [*_by_setting(probe, policy), *_by_switch(probe, policy)]
    if not found and location.whole and (together := combined(probe, policy)):
        found = [(together, sum(s.size(s.read(policy), s.read(together)) for s in SETTINGS))]
    told = [_told(probe, before, changed, size) for changed, size in found]
    unscored = sum(map(len, _needed(probe, policy).values()))
    return WhatIf(
        found=tuple(sorted(told, key=lambda one: one.size)),
        unscored=unscored,
        sentence=f"{_never_read(probe, before)}{_summary(told, unscored)}",
    )


def pairs_needed(measurement: Measurement, policy: Policy, location: Location) -> dict[str, list[Passage]]:
    """The passages to score by reranker, so that no setting is left open; none where no setting can bring it in.

    Where a first pass has pairs to score, what the reranker must score after it is known only once it has.
    """
    probe = Probe(measurement, location)
    return {reranker: probe.passages(ids) for reranker, ids in _needed(probe, policy).items()}


def _needed(probe: Probe, policy: Policy) -> dict[str, set[str]]:
    needed: dict[str, set[str]] = {}
    for changed in (*_pool_variants(policy), wide_enough(probe, policy)):
        if changed and probe.reached(changed):
            reranker, ids = probe.missing(changed)
            if ids:
                needed.setdefault(reranker, set()).update(ids)
    return needed


def _pool_variants(policy: Policy) -> Iterator[Policy]:
    for setting in SETTINGS:
        if setting.name in POOLING and setting.applies(policy):
            for direction in setting.towards:
                for value in setting.tries(policy, direction):
                    yield setting.write(policy, value)
    changed = (switch.change(policy) for switch in SWITCHES if switch.setting in READING)
    yield from (one for one in changed if one != policy)


def _by_setting(probe: Probe, policy: Policy) -> Iterator[tuple[Policy, float]]:
    """For each setting the nearest value that keeps it, with the size of the change."""
    for setting in SETTINGS:
        if not setting.applies(policy):
            continue
        current = setting.read(policy)
        values = [_first_kept(probe, policy, setting, direction) for direction in setting.towards]
        near = min((v for v in values if v is not None), key=lambda v: setting.size(current, v), default=None)
        if near is not None:
            yield setting.write(policy, near), setting.size(current, near)


def _first_kept(probe: Probe, policy: Policy, setting: Setting, direction: int) -> float | None:
    """The first value in that direction that keeps it. An open question on the way ends the search."""
    for value in setting.tries(policy, direction):
        if setting.name == "depth" and value > probe.measurement.depth:
            return None
        kept = probe.kept(setting.write(policy, value))
        if kept is None:
            return None
        if kept:
            return value
    return None


def _by_switch(probe: Probe, policy: Policy) -> Iterator[tuple[Policy, float]]:
    for switch in SWITCHES:
        changed = switch.change(policy)
        if changed != policy and probe.kept(changed):
            yield changed, 1.0


def _told(probe: Probe, before: Trace, policy: Policy, size: float) -> Counterfactual:
    after = probe.trace(policy)
    assert probe.keeps(after)
    changes = changes_between(before.policy, policy)
    entered, left = _exchanged(after, before), _exchanged(before, after)
    place = next(hit for hit in after.kept_step.hits if hit.passage_id in probe.wanted)
    score = score_text(place.score, after.kept_step.space)
    what = ", ".join(f"{c.label.lower()} {c.after} instead of {c.before}" for c in changes)
    others = tuple(one for one in entered if one.passage_id not in probe.wanted)
    return Counterfactual(
        changes=changes,
        policy=policy,
        size=size,
        rank=place.rank,
        entered=others,
        left=left,
        sentence=f"{what.capitalize()} keeps it, {ordinal(place.rank)} ({score}). {_others(others, left)}",
    )


def changes_between(before: Policy, after: Policy) -> tuple[Change, ...]:
    """The settings that differ, in the words that they are shown with."""
    numbers = [
        Change(setting=s.name, label=s.label, before=s.text(s.read(before)), after=s.text(s.read(after)))
        for s in SETTINGS
        if s.applies(before) and s.applies(after) and s.read(before) != s.read(after)
    ]
    switched = [
        Change(setting=s.setting, label=s.label, before=s.before, after=s.after)
        for s in SWITCHES
        if after != before and s.change(before) == after
    ]
    return (*numbers, *switched)


def _exchanged(there: Trace, not_there: Trace) -> tuple[Place, ...]:
    gone = not_there.kept_step.by_passage
    return tuple(
        Place(passage_id=hit.passage_id, title=title_of(there.passages[hit.passage_id]), rank=hit.rank)
        for hit in there.kept_step.hits
        if hit.passage_id not in gone
    )


def _others(entered: Sequence[Place], left: Sequence[Place]) -> str:
    """What else changes in the top-k, in words."""
    parts = [
        f"{verb} {', '.join(f'“{one.title}”' for one in places[:3])}"
        + f" and {len(places) - 3} more" * (len(places) > 3)
        for verb, places in (("it also brings in", entered), ("it drops", left))
        if places
    ]
    text = "; ".join(parts) or "nothing else changes in the top-k"
    return f"{text[0].upper()}{text[1:]}."


def _never_read(probe: Probe, before: Trace) -> str:
    """What is not known of a document without a score that a stopped reranker never came to; empty for any other."""
    places = [place for place, hit in enumerate(before.pool, start=1) if hit.passage_id in probe.wanted]
    scored = probe.scored(before.policy.reranker)
    if not places or places[0] <= len(before.pool_read) or scored & probe.wanted:
        return ""
    missing = sum(hit.passage_id not in scored for hit in before.pool[: places[0]])
    return (
        f"The reranker did not read it, so its score is unknown. Reading {places[0]} candidates instead of "
        f"{len(before.pool_read)} takes {count_of(missing, 'more pair')}. "
    )


def _summary(found: Sequence[Counterfactual], unscored: int) -> str:
    pairs = count_of(unscored, "more pair")
    if found:
        best = min(found, key=lambda one: one.size)
        return best.sentence + (f" Checking every setting takes {pairs}." if unscored else "")
    if unscored:
        return f"No setting whose pairs are scored keeps it. Checking the others takes {pairs}."
    return "No setting within its range keeps it."
