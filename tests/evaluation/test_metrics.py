"""Metrics on arrays against ir_measures, and both against visible arithmetic."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.errors import BadInput
from rag_core.evaluation import metrics, vectorised_replay
from rag_core.evaluation.gather import build
from rag_core.evaluation.sets import Qrels
from rag_core.schema.policy import Policy
from tests.builders import measurement, passage
from tests.evaluation.builders import labelled, plain, pools_of

NAMES = [f"{kind}@{k}" for kind in ("nDCG", "RR", "P", "R", "AP", "Success", "Judged") for k in (1, 3, 5, 10)]
ranked = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8).map("".join)
grades = st.dictionaries(st.sampled_from("abcdefghyz"), st.integers(0, 3), min_size=1, max_size=8)


def test_ndcg_by_hand() -> None:
    # Found a (0), b (3), c (unjudged), d (1); the ideal order is b (3), e (2), d (1).
    pools = pools_of({"q": {"a": 0, "b": 3, "d": 1, "e": 2}}, [plain("abcd")])
    graded = metrics.graded(pools, vectorised_replay.search_rankings(pools, Policy())["dense"])

    dcg = 3 / log2(3) + 1 / log2(5)
    ideal = 3 / log2(2) + 2 / log2(3) + 1 / log2(4)
    assert metrics.on_arrays("nDCG@10", graded)[0] == pytest.approx(dcg / ideal)
    assert metrics.on_arrays("RR@10", graded)[0] == 1 / 2
    assert metrics.on_arrays("P@5", graded)[0] == 2 / 5
    assert metrics.on_arrays("R@3", graded)[0] == pytest.approx(1 / 3)
    assert metrics.on_arrays("AP@10", graded)[0] == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert metrics.on_arrays("Success@1", graded)[0] == 0
    assert metrics.on_arrays("Judged@4", graded)[0] == 3 / 4


def test_a_document_stands_where_its_first_chunk_stands() -> None:
    passages = [passage("a1", document_id="A"), passage("a2", document_id="A"), passage("b1", document_id="B")]
    pools = build({"q": measurement(["a1", "a2", "b1"], [], passages=passages)}, labelled({"q": {"B": 1}}))
    order = vectorised_replay.search_rankings(pools, Policy())["dense"]

    assert metrics.documents(pools, order) == {"q": ["A", "B"]}
    assert metrics.on_arrays("RR@10", metrics.graded(pools, order))[0] == 1 / 2


@settings(max_examples=40)
@given(data=st.data(), qrels=st.lists(grades, min_size=3, max_size=3))
def test_arrays_equal_ir_measures(data: st.DataObject, qrels: list[dict[str, int]]) -> None:
    named: Qrels = {f"q{n}": of for n, of in enumerate(qrels)}
    passages = [passage(one, document_id=data.draw(st.sampled_from([one, "a", "b"]))) for one in "abcdefgh"]
    rows = {one: measurement(data.draw(ranked), data.draw(ranked), passages=passages) for one in named}
    pools = build(rows, labelled(named))
    order, _ = vectorised_replay.fused_rankings(pools, Policy())
    reference = metrics.by_ir_measures(NAMES, named, metrics.documents(pools, order))
    graded = metrics.graded(pools, order)

    for name in NAMES:
        values = dict(zip(pools.query_ids, metrics.on_arrays(name, graded), strict=True))
        assert values == pytest.approx(reference[name], abs=1e-9), name


def test_a_query_that_found_nothing_counts_as_zero() -> None:
    assert metrics.by_ir_measures(["nDCG@5"], {"q": {"a": 1}, "r": {"b": 1}}, {"q": ["a"]}) == {
        "nDCG@5": {"q": 1.0, "r": 0.0}
    }


def test_a_ranking_that_is_empty_breaks_nothing() -> None:
    assert metrics.by_ir_measures(["Judged@5"], {"q": {"a": 1}}, {"q": []}) == {"Judged@5": {"q": 0.0}}


def test_names_are_read_kindly_and_strangers_refused() -> None:
    assert str(metrics.parse("ndcg@10")) == "nDCG@10"
    assert str(metrics.parse("MRR@10")) == "RR@10"
    for name in ("nDCG", "nDCG@0", "BLEU@4", "nDCG@x", "P@5000"):
        with pytest.raises(BadInput, match="is not a metric"):
            metrics.parse(name)


def test_a_mean_looks_as_far_as_its_cutoff_needs() -> None:
    """Ten passages of one document stand before the relevant one: four passages a document are not enough to see it."""
    passages = [passage(f"a{n}", document_id="A") for n in range(10)] + [passage("b", document_id="B")]
    found = measurement([one.id for one in passages], [], passages=passages)
    pools = build({"q": found}, labelled({"q": {"B": 1}}))

    assert metrics.mean(pools, "RR@2", vectorised_replay.search_rankings(pools, Policy())["dense"]) == 1 / 2
