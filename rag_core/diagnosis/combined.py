"""Several settings at once, for a document that no single one would have kept.

Walks the steps in order and opens each just wide enough: depth, first pass, pool, reading, threshold, top-k. Then
every change is taken back step by step as long as the document stays kept, so that one step less of any loses it.
"""

from __future__ import annotations

from rag_core.diagnosis.probe import Probe
from rag_core.diagnosis.settings import SETTINGS, Setting
from rag_core.schema.policy import Policy
from rag_core.schema.threshold import Threshold

BY_NAME = {setting.name: setting for setting in SETTINGS}
WALK = tuple(
    BY_NAME[name] for name in ("depth", "first_pass.pool", "pool", "stopping.limit", "threshold.minimum", "top_k")
)


def combined(probe: Probe, policy: Policy) -> Policy | None:
    """A policy that keeps the document, with no step to spare in any setting that it changes: one that reads what the
    run read, where that is enough.

    None where the settings' ranges do not reach that far, or pairs are missing that would tell.
    """
    top_k = BY_NAME["top_k"]
    for read in (policy, wide_enough(probe, policy)):
        if read is not None:
            open_wide = top_k.write(read.with_(threshold=Threshold()), top_k.high)
            if probe.kept(open_wide):
                return _taken_back(probe, policy, open_wide)
    return None


def wide_enough(probe: Probe, policy: Policy) -> Policy | None:
    """The policy with the least depth, then the least pool, that bring the document in; None where none does.

    Where there is a first pass, it reads so much, and all that it reads goes on as far as a pool can reach. A reranker
    that was stopped after so many reads on to the end of that pool.
    """
    depth, pool, first_pass = BY_NAME["depth"], BY_NAME["pool"], BY_NAME["first_pass.pool"]
    depths = [policy.depth, *(d for d in depth.away_from(policy.depth, 1) if d <= probe.measurement.depth)]
    for value in depths:
        wide = depth.write(policy, value)
        rank = probe.fused_rank(wide)
        if rank is None or rank > (first_pass if policy.first_pass else pool).high:
            continue
        if policy.first_pass is None:
            return _read_on(pool.write(wide, max(rank, policy.pool)))
        wide = first_pass.write(wide, max(rank, policy.first_pass.pool))
        return _read_on(pool.write(wide, min(first_pass.read(wide), max(pool.high, policy.pool))))
    return None


def _read_on(policy: Policy) -> Policy:
    limit = BY_NAME["stopping.limit"]
    return limit.write(policy, max(limit.read(policy), policy.pool)) if limit.applies(policy) else policy


def _taken_back(probe: Probe, start: Policy, policy: Policy) -> Policy:
    """Steps back towards the start, setting by setting, until none can be taken."""
    while True:
        before = policy
        for setting in (one for one in WALK if one.applies(start)):
            policy = _back(probe, start, policy, setting)
        if policy == before:
            return policy


def _back(probe: Probe, start: Policy, policy: Policy, setting: Setting) -> Policy:
    goal, value = setting.read(start), setting.read(policy)
    direction = 1 if goal > value else -1
    for nearer in setting.away_from(value, direction):
        if (nearer - goal) * direction > 0:
            nearer = goal
        if not setting.fits(policy, nearer) or not probe.kept(changed := setting.write(policy, nearer)):
            return policy
        policy = changed
        if nearer == goal:
            return policy
    return policy
