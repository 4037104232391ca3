"""The promise of every counterfactual: it keeps the document, and one step less of any change in it does not."""

from __future__ import annotations

from rag_core.diagnosis.settings import SETTINGS
from rag_core.replay import replay
from rag_core.types import StageName


def kept(measured, policy, *chunk_ids):
    return bool(set(chunk_ids) & set(replay(measured, policy)[StageName.KEPT].by_chunk))


def check(measured, policy, what_if, *chunk_ids):
    """The promise of every counterfactual, read from replays alone. A first pass or a rule left out is no matter of
    steps."""
    for one in what_if.found:
        assert kept(measured, one.policy, *chunk_ids)
        for setting in SETTINGS:
            before, after = setting.read(policy), setting.read(one.policy)
            switched_off = setting.path[0] in ("screen", "stopping") and not setting.applies(one.policy)
            if before == after or switched_off or (policy.screen and one.policy.screen is None):
                continue
            back = setting.away_from(after, 1 if before > after else -1)
            nearer = next((v for v in back if abs(v - before) < abs(after - before)), before)
            if (nearer - before) * (after - before) < 0:
                nearer = before
            assert not kept(measured, setting.write(one.policy, nearer), *chunk_ids), (setting.name, before, after)
