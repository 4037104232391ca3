"""What thresholds do to a labelled set, counted by hand, and the choice among them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from rag_core.analysis.query_scores import QueryScores, auroc, outcomes, risk_coverage, score_query
from rag_core.analysis.threshold_choice import choose
from rag_core.errors import BadInput
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.analysis_captions import threshold_choice_caption
from tests.builders import measurement, passage


def query(best, right=None, answerable=True):
    return QueryScores(query="q", answerable=answerable, best=best, right=right)


def no_answer(best):
    return query(best, None, answerable=False)


def test_a_trace_becomes_one_labelled_query():
    measured = measurement(
        "abcd",
        "",
        {"a": math.log(9), "b": 0.0, "c": -math.log(9), "d": -5.0},
        passages=[passage("c", document_id="doc-b")],
    )
    one = score_query(replay(measured, Policy(reranker="ce", top_k=2)), {"doc-b": 2, "doc-d": 0})
    assert one.answerable
    assert (one.best, one.right) == (pytest.approx(0.9), pytest.approx(0.5))
    assert one.relevant == pytest.approx((0.5, 0.1))
    assert len(one.irrelevant) == 2
    none = score_query(replay(measured, Policy(reranker="ce")), {})
    assert not none.answerable and none.right is None


def test_a_relevant_passage_under_the_first_k_is_not_right():
    measured = measurement("ab", "", {"a": 1.0, "b": 0.0})
    assert score_query(replay(measured, Policy(reranker="ce", top_k=1)), {"doc-b": 3}).right is None


def test_outcomes_are_counts():
    queries = [query(0.9, 0.9), query(0.8, 0.4), query(0.3, 0.3), no_answer(0.6)]
    table = outcomes(queries, [0.0, 0.5, 0.7, 1.0])
    assert list(table["answered"]) == [4, 3, 2, 0]
    assert list(table["right"]) == [3, 1, 1, 0]
    assert list(table["wrong"]) == [1, 2, 1, 0]
    assert list(table["refused"]) == [0, 1, 1, 3]
    assert table["precision"][1] == pytest.approx(1 / 3)
    assert table["recall"][1] == pytest.approx(1 / 3)
    assert table["risk"][0] == pytest.approx(1 / 4)
    assert np.isnan(table["precision"][3])


def test_risk_against_coverage():
    table = risk_coverage([query(0.9, 0.9), query(0.7, None), no_answer(0.5), query(0.3, 0.3)])
    assert list(table["coverage"]) == [0.25, 0.5, 0.75, 1.0]
    assert list(table["risk"]) == pytest.approx([0, 1 / 2, 2 / 3, 2 / 4])


def test_parted_scores_are_cut_half_way():
    queries = [query(0.8 + n / 100, 0.8 + n / 100) for n in range(10)] + [no_answer(0.2 - n / 100) for n in range(10)]
    choice = choose(queries)
    assert choice.minimum == pytest.approx(0.5)
    assert choice.cost == 0
    assert choice.separates
    assert choice.low <= choice.minimum <= choice.high
    assert auroc(queries) == 1
    assert "Cut at probability 0.50" in threshold_choice_caption(queries, choice, ScoreSpace.PROBABILITY)


def test_scores_that_say_nothing_are_called_that():
    rng = np.random.default_rng(3)
    scores = rng.uniform(size=60)
    queries = [query(s, s) if n % 2 else no_answer(s) for n, s in enumerate(scores)]
    choice = choose(queries)
    assert not choice.separates
    assert threshold_choice_caption(queries, choice, ScoreSpace.PROBABILITY).startswith("No threshold separates")


def test_a_dear_wrong_answer_raises_the_threshold():
    rng = np.random.default_rng(5)
    high, low = rng.normal(0.65, 0.15, size=80), rng.normal(0.35, 0.15, size=80)
    queries = [query(s, s) for s in high] + [no_answer(s) for s in low]
    cheap, dear = choose(queries, wrong_cost=0.2), choose(queries, wrong_cost=5)
    assert cheap.minimum < dear.minimum
    assert cheap.separates and dear.separates


def test_the_choice_costs_no_more_than_any_threshold_of_a_grid():
    rng = np.random.default_rng(7)
    queries = [query(s, s if s > 0.4 else None) if s > 0.3 else no_answer(s + 0.2) for s in rng.uniform(size=50)]
    choice = choose(queries, wrong_cost=2)
    table = outcomes(queries, list(np.linspace(0, 1.01, 300)))
    costs = 100 * (2 * table["wrong"] + table["refused"]) / 50
    assert choice.cost <= costs.min() + 1e-9


def test_the_choice_is_the_same_twice():
    queries = [query(0.5 + n / 50, 0.5 + n / 50) for n in range(8)] + [no_answer(0.45 + n / 40) for n in range(8)]
    assert choose(queries) == choose(queries)


def test_queries_that_found_nothing_are_refused_at_any_threshold():
    queries = [query(None), no_answer(None), query(0.7, 0.7)]
    assert list(outcomes(queries, [0.0])["answered"]) == [1]
    assert choose(queries).queries == 3


def test_one_query_is_no_set():
    with pytest.raises(BadInput, match="fewer than two"):
        choose([query(0.5)])


def test_auroc_is_scipys_rank_statistic():
    rng = np.random.default_rng(11)
    high, low = rng.normal(0.6, 0.2, 30).round(1), rng.normal(0.4, 0.2, 20).round(1)
    queries = [query(float(s), None) for s in high] + [no_answer(float(s)) for s in low]
    assert auroc(queries) == pytest.approx(mannwhitneyu(high, low).statistic / (30 * 20))
    assert auroc(queries[:30]) is None
