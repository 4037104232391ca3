"""What would have kept the document: the nearest value of each setting at which it is kept, found by replay.

Every suggestion is verified: under its policy the document is kept, and with one step less of any change in it, it
is not; a first pass that is left out is one change, after which the reranker reads all that it read. A setting whose
pools hold pairs that no one has scored is left open; `pairs_needed` names the pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from rag_core.diagnosis.combined import combined, wide_enough
from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.facts import Score
from rag_core.diagnosis.probe import Probe
from rag_core.diagnosis.settings import SETTINGS, SWITCHES, Setting, State
from rag_core.schema.base import Frozen
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import title_of

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
    """One setting and its values: numbers, or the states of a switch. `setting` is the policy's field, such as
    `fusion.dense_weight`."""

    setting: str
    before: float | State
    after: float | State


class Place(Frozen):
    """A candidate that comes into the top-k or leaves it. `rank` is its rank there."""

    passage_id: str
    title: str
    rank: int


class Counterfactual(Frozen):
    """A change of the policy that keeps the document, and what else it changes in the top-k.

    size: the change's share of its setting's range, added up over the changes; a switch counts 1. rank and score: those
    at which it is kept; no score where the run of another pipeline tells none. of: the list of such a run whose first
    are kept.
    """

    changes: tuple[Change, ...]
    policy: Policy
    size: float
    rank: int
    score: Score | None
    of: str = ""
    entered: tuple[Place, ...] = ()
    left: tuple[Place, ...] = ()


class NotRead(Frozen):
    """A document without a score that a stopped reranker never came to: its place in the pool, how many candidates were
    read, and how many scores are missing up to it."""

    place: int
    read: int
    missing: int


class Obstacle(Frozen):
    """Why nothing is known that keeps a document in another pipeline's run. `step`: the one that it is about.

    unordered    what is kept is not simply the first of the step's list
    missed       no search found it
    unscored     the step, a reranker, did not record its score
    not-listed   it is not in the list that was cut
    unknown      it cannot be told whether it was lost
    """

    kind: Literal["unordered", "missed", "unscored", "not-listed", "unknown"]
    step: str = ""


class WhatIf(Frozen):
    """All that was found, smallest change first. `unscored`: pairs without a score, which left settings open. `kept`:
    the policy keeps the document already. `obstacle`: why nothing is found in a run of another pipeline."""

    found: tuple[Counterfactual, ...] = ()
    unscored: int = 0
    kept: bool = False
    not_read: NotRead | None = None
    obstacle: Obstacle | None = None


def what_would_keep(measurement: Measurement, policy: Policy, location: Location) -> WhatIf:
    """The changes of a single setting that keep the document; where there is none, the smallest combination found.

    Nothing is found for a document that is kept already, or that neither search found at full depth. Raises
    UnscoredPairs where the policy itself cannot be replayed.
    """
    probe = Probe(measurement, location)
    before = probe.trace(policy)
    if probe.keeps(before):
        return WhatIf(kept=True)
    found = [*_by_setting(probe, policy), *_by_switch(probe, policy)]
    if not found and location.whole and (together := combined(probe, policy)):
        found = [(together, sum(s.size(s.read(policy), s.read(together)) for s in SETTINGS))]
    told = [_told(probe, before, changed, size) for changed, size in found]
    return WhatIf(
        found=tuple(sorted(told, key=lambda one: one.size)),
        unscored=sum(map(len, _needed(probe, policy).values())),
        not_read=_not_read(probe, before),
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
    place = next(hit for hit in after.kept_step.hits if hit.passage_id in probe.wanted)
    return Counterfactual(
        changes=changes_between(before.policy, policy),
        policy=policy,
        size=size,
        rank=place.rank,
        score=Score(score=place.score, space=after.kept_step.space),
        entered=tuple(one for one in exchanged(after, before) if one.passage_id not in probe.wanted),
        left=exchanged(before, after),
    )


def changes_between(before: Policy, after: Policy) -> tuple[Change, ...]:
    """The settings that differ. Without a reranker nothing is said of the pool that follows from it."""
    passes_off = after.reranker == NO_RERANKER and before.first_pass is not None
    numbers = [
        Change(setting=s.name, before=s.read(before), after=s.read(after))
        for s in SETTINGS
        if s.applies(before) and s.applies(after) and s.read(before) != s.read(after)
        if not (passes_off and s.name == "pool")
    ]
    switched = [
        Change(setting=s.setting, before=s.before, after=s.after)
        for s in SWITCHES
        if after != before and s.change(before) == after
    ]
    return (*numbers, *switched)


def exchanged(there: Trace, not_there: Trace) -> tuple[Place, ...]:
    """The passages that one run keeps and the other does not, in the first one's order."""
    gone = not_there.kept_step.by_passage
    return tuple(
        Place(passage_id=hit.passage_id, title=title_of(there.passages[hit.passage_id]), rank=hit.rank)
        for hit in there.kept_step.hits
        if hit.passage_id not in gone
    )


def _not_read(probe: Probe, before: Trace) -> NotRead | None:
    """What is not known of a document without a score that a stopped reranker never came to; None for any other."""
    places = [place for place, hit in enumerate(before.pool, start=1) if hit.passage_id in probe.wanted]
    scored = probe.scored(before.policy.reranker)
    if not places or places[0] <= len(before.pool_read) or scored & probe.wanted:
        return None
    missing = sum(hit.passage_id not in scored for hit in before.pool[: places[0]])
    return NotRead(place=places[0], read=len(before.pool_read), missing=missing)
