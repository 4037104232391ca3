"""The promise of every counterfactual: it keeps the document, and one step less of any change in it does not."""

from __future__ import annotations

from rag_core.diagnosis.settings import SETTINGS
from rag_core.pipeline.replay import replay
from rag_core.schema.steps import StepName


def kept(measured, policy, *passage_ids):
    return bool(set(passage_ids) & set(replay(measured, policy)[StepName.KEPT].by_passage))


def check(measured, policy, what_if, *passage_ids):
    """The promise of every counterfactual, read from replays alone. A first pass or a rule left out is no matter of
    steps."""
    for one in what_if.found:
        assert kept(measured, one.policy, *passage_ids)
        for setting in SETTINGS:
            before, after = setting.read(policy), setting.read(one.policy)
            switched_off = setting.path[0] in ("first_pass", "stopping") and not setting.applies(one.policy)
            if before == after or switched_off or (policy.first_pass and one.policy.first_pass is None):
                continue
            back = setting.away_from(after, 1 if before > after else -1)
            nearer = next((v for v in back if abs(v - before) < abs(after - before)), before)
            if (nearer - before) * (after - before) < 0:
                nearer = before
            assert not kept(measured, setting.write(one.policy, nearer), *passage_ids), (setting.name, before, after)
