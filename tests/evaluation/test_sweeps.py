"""Sweeps against replay and counting by hand: what a point says is what replaying every query says."""

from __future__ import annotations

from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.evaluation import metrics, sweeps
from rag_core.evaluation.cuts import Cuts
from rag_core.evaluation.gather import build
from rag_core.evaluation.sweeps import Sweep, SweepPoint, pareto
from rag_core.pipeline.replay import replay
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Fusion, Policy, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold
from tests.evaluation.builders import labelled, plain, pools_of

QRELS = {"q1": {"a": 1, "c": 3}, "q2": {"e": 2}, "q3": {"f": 1, "z": 1}}
POLICY = Policy(reranker="ce", pool=4, depth=100)
SCORES = {"a": -2.0, "b": 0.5, "c": 1.5, "d": -1.0, "e": 3.0, "f": 0.0}


def rows() -> dict[str, Measurement]:
    """Three queries, six candidates, all scored."""
    return {"q1": plain("abc", "cde", SCORES), "q2": plain("bad", "de", SCORES), "q3": plain("abcdef", "", SCORES)}


def by_replay(policy: Policy, metric: str, step: StepName = StepName.ADJUSTED) -> float:
    """The mean metric of the slow way."""
    ranking = {}
    for query_id, row in rows().items():
        trace = replay(row, policy)
        ranking[query_id] = [trace.passages[hit.passage_id].document_id for hit in trace[step].hits]
    return mean(metrics.by_ir_measures([metric], QRELS, ranking)[metric].values())


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6])
def test_a_pool_point_is_what_replay_and_ir_measures_say(size: int) -> None:
    found = sweeps.pool(build(rows(), labelled(QRELS)), POLICY, "nDCG@3", [size]).points[0]
    policy = POLICY.with_(pool=size)

    assert found.final == pytest.approx(by_replay(policy, "nDCG@3"))
    assert found.fused == pytest.approx(by_replay(policy, "nDCG@3", StepName.FUSED))


def test_pools_end_at_the_first_that_holds_every_candidate() -> None:
    found = sweeps.pool(build(rows(), labelled(QRELS)), POLICY, "nDCG@3")  # six candidates

    assert [point.at for point in found.points] == [5, 10]


def test_every_other_setting_too() -> None:
    pools = build(rows(), labelled(QRELS))
    signals = Signals(on=True, diversity=0.4)
    cases = [
        (sweeps.depth(pools, POLICY, "RR@5", [2]), POLICY.with_(depth=2)),
        (
            sweeps.lexical_share(pools, POLICY, "RR@5", [0.75]),
            POLICY.with_(fusion=Fusion(dense_weight=0.25, lexical_weight=0.75)),
        ),
        (sweeps.rrf_k(pools, POLICY, "RR@5", [1]), POLICY.with_(fusion=Fusion(k=1))),
        (sweeps.signal(pools, POLICY, "RR@5", "diversity", [0.4]), POLICY.with_(signals=signals)),
    ]
    for found, policy in cases:
        assert found.points[0].final == pytest.approx(by_replay(policy, "RR@5")), found.setting


def test_a_point_with_pairs_that_nobody_scored_is_not_known() -> None:
    pools = pools_of({"q": {"a": 1}}, [plain("abc", "", {"a": 1.0, "b": 2.0})])
    found = sweeps.pool(pools, POLICY, "RR@5", [2, 3])

    assert [(point.final, point.unscored) for point in found.points] == [(1 / 2, 0), (None, 1)]
    assert found.points[1].fused == 1
    assert found.unscored == 1


def test_the_knee_is_the_least_value_with_95_percent_of_the_gain() -> None:
    values = {5: 0.50, 10: 0.65, 20: 0.69, 50: 0.70, 100: 0.695}
    found = Sweep(
        setting="pool",
        metric="nDCG@10",
        chosen=50,
        points=tuple(SweepPoint(at=at, fused=0.5, final=value) for at, value in values.items()),
    )
    # 0.50 + 0.95 * (0.70 - 0.50) = 0.69
    assert found.knee and found.knee.at == 20
    assert found.best and found.best.at == 50


def test_the_best_value_is_held_against_the_lowest_and_the_present_one() -> None:
    measured = [plain("ab", "", {"a": 1.0, "b": 2.0})] * 6  # a pool of 2 has b first, one of 1 has a alone
    found = sweeps.pool(pools_of({f"q{n}": {"b": 1} for n in range(6)}, measured), POLICY.with_(pool=1), "RR@5", [1, 2])
    assert found.over_lowest == found.over_chosen and found.over_lowest is not None
    assert (found.over_lowest.difference, found.over_lowest.wins, found.flat) == (1, 6, False)
    alike = sweeps.pool(pools_of({"q": {"a": 1}}, [plain("ab", "", {"a": 2.0, "b": 1.0})]), POLICY, "RR@5", [1, 2])
    assert alike.over_lowest is alike.over_chosen is None and not alike.flat


def test_a_flat_or_falling_curve_has_no_knee() -> None:
    points = tuple(SweepPoint(at=at, fused=0.5, final=0.5 - at / 1000) for at in (5, 10, 20))
    assert Sweep(setting="pool", metric="P@5", chosen=5, points=points).knee is None


def test_the_front_holds_what_nothing_beats() -> None:
    #        cheap   good    worse than the first   as good, dearer   best
    assert pareto([10, 20, 12, 30, 50], [0.5, 0.7, 0.4, 0.7, 0.8]) == [True, True, False, False, True]
    assert pareto([1, 1], [0.5, 0.5]) == [True, True]


@settings(max_examples=25)
@given(
    minimum=st.sampled_from([None, 0.0, 0.2, 0.5, 0.62, 0.9]),
    space=st.sampled_from([ScoreSpace.PROBABILITY, ScoreSpace.RRF]),
    top_k=st.integers(1, 6),
)
def test_a_cut_counts_what_replay_keeps(minimum: float | None, space: ScoreSpace, top_k: int) -> None:
    asked = {**rows(), "q4": plain("ab", "", {"a": -3.0, "b": 0.4})}
    threshold = Threshold(minimum=minimum, space=space)
    policy = POLICY.with_(threshold=threshold, top_k=top_k)
    cuts = Cuts(build(asked, labelled(QRELS, "q4")), POLICY, unanswerable=["q4"])

    found = cuts.at(threshold, top_k)

    kept = {one: [hit.passage_id for hit in replay(row, policy)[StepName.KEPT].hits] for one, row in asked.items()}
    hits = {one: sum(QRELS[one].get(item, 0) > 0 for item in kept[one]) for one in QRELS}
    answered = [one for one in QRELS if kept[one]]
    assert found.answered == mean(bool(items) for items in kept.values())
    assert found.passages == mean(len(items) for items in kept.values())
    assert found.success == pytest.approx(mean(hits[one] > 0 for one in QRELS))
    assert found.recall == pytest.approx(mean(hits[one] / len(QRELS[one]) for one in QRELS))
    assert found.refused == (not kept["q4"])
    assert found.precision == (
        pytest.approx(mean(hits[one] / len(kept[one]) for one in answered)) if answered else None
    )


def test_thresholds_span_the_scores_that_are_there() -> None:
    cuts = Cuts(build(rows(), labelled(QRELS)), POLICY)

    assert [cut.threshold for cut in cuts.by_threshold(4)] == pytest.approx([0.0, 0.001, 0.01, 0.1, 1.0])
    assert [cut.top_k for cut in cuts.by_top_k([1, 2])] == [1, 2]
    assert [cut.answered for cut in cuts.by_threshold(2)][::2] == [1.0, 0.0]


def test_a_sweep_keeps_the_rule_of_the_policy() -> None:
    class Half(Threshold):
        """A rule that also looks at the best score of a query."""

        def lowest(self, best):
            return super().lowest(best) * best

    cuts = Cuts(build(rows(), labelled(QRELS)), POLICY.with_(threshold=Half(minimum=0.5)))
    assert [cut.answered for cut in cuts.by_threshold(2)] == [1.0, 1.0, 1.0], "the best candidate is always kept"
