"""Several settings at once, for a document that no single one would have kept.

Walks the stages in order and opens each just wide enough: depth, pool, threshold, top-k. Then every change is
taken back step by step as long as the document stays kept, so that one step less of any of them loses it.
"""

from __future__ import annotations

from rag_core.config import Policy, Threshold
from rag_core.diagnosis.probe import Probe
from rag_core.diagnosis.settings import SETTINGS, Setting

BY_NAME = {setting.name: setting for setting in SETTINGS}
WALK = tuple(BY_NAME[name] for name in ("depth", "pool", "threshold.minimum", "top_k"))


def combined(probe: Probe, policy: Policy) -> Policy | None:
    """A policy that keeps the document, with no step to spare in any setting that it changes.

    None where the settings' ranges do not reach that far, or pairs are missing that would tell.
    """
    wide = wide_enough(probe, policy)
    if wide is None:
        return None
    top_k = BY_NAME["top_k"]
    open_wide = top_k.write(wide.model_copy(update={"threshold": Threshold()}), top_k.high)
    return _taken_back(probe, policy, open_wide) if probe.kept(open_wide) else None


def wide_enough(probe: Probe, policy: Policy) -> Policy | None:
    """The policy with the least depth, then the least pool, that bring the document in; None where none does."""
    depth, pool = BY_NAME["depth"], BY_NAME["pool"]
    depths = [policy.depth, *(d for d in depth.away_from(policy.depth, 1) if d <= probe.measurement.depth)]
    for value in depths:
        wide = depth.write(policy, value)
        rank = probe.fused_rank(wide)
        if rank is not None and rank <= pool.high:
            return pool.write(wide, max(rank, policy.pool))
    return None


def _taken_back(probe: Probe, start: Policy, policy: Policy) -> Policy:
    """Steps back towards the start, setting by setting, until none can be taken."""
    while True:
        before = policy
        for setting in WALK:
            policy = _back(probe, start, policy, setting)
        if policy == before:
            return policy


def _back(probe: Probe, start: Policy, policy: Policy, setting: Setting) -> Policy:
    goal, value = setting.read(start), setting.read(policy)
    direction = 1 if goal > value else -1
    for nearer in setting.away_from(value, direction):
        if (nearer - goal) * direction > 0:
            nearer = goal
        changed = setting.write(policy, nearer)
        if not probe.kept(changed):
            return policy
        policy = changed
        if nearer == goal:
            return policy
    return policy
