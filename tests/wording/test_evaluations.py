"""The verdict of an evaluation is on what reaches the answer, and names what the cut takes."""

from __future__ import annotations

import re

from rag_core.evaluation.gather import build
from rag_core.evaluation.report import Report, rankings_of, report
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold
from rag_core.wording.evaluations import evaluation_verdict, never_found, short_lists
from tests.evaluation.builders import labelled, plain

QUERIES = [f"q{number}" for number in range(8)]


def made(policy: Policy) -> Report:
    """Eight queries whose one relevant document `c` the reranker brings from the third place to the first, with a
    probability of 0.3."""
    asked = labelled({one: {"c": 1} for one in QUERIES})
    scores = {"a": -5.0, "b": -6.0, "c": -0.85}  # 1 / (1 + e^0.85) = 0.30
    pools = build({one: plain("abc", "", scores) for one in QUERIES}, asked)
    return report(asked, rankings_of(pools, policy), pools=pools, policy=policy)


def test_a_cut_that_takes_nothing_leaves_the_verdict_on_the_order() -> None:
    policy = Policy(reranker="ce", pool=3)
    assert evaluation_verdict(made(policy)).startswith("nDCG@5: Better by +0.500")


def test_a_threshold_that_eats_the_gain_is_named_with_what_it_takes() -> None:
    high = Threshold(minimum=0.5, space=ScoreSpace.PROBABILITY)
    told = evaluation_verdict(made(Policy(reranker="ce", pool=3, threshold=high)))
    # before 1 / log2(1 + 3) = 0.5, after 1, and 0 of it is kept
    assert told.startswith("nDCG@5 of the passages that the answer gets: Worse by -0.500")
    assert re.search(r"Reranking alone gives \+0\.500; threshold 0\.50* takes 1\.000, more than that\.$", told)


def test_a_top_k_under_the_metrics_depth_is_named() -> None:
    asked = labelled({one: {"a": 1, "b": 1} for one in QUERIES})
    policy = Policy(reranker="ce", pool=3, top_k=1)
    pools = build({one: plain("cab", "", {"a": 3.0, "b": 2.0, "c": 1.0}) for one in QUERIES}, asked)
    told = evaluation_verdict(report(asked, rankings_of(pools, policy), pools=pools, policy=policy))
    assert "top-k 1 takes" in told and "threshold" not in told


def test_metrics_that_look_deeper_than_the_pool_are_named() -> None:
    told = short_lists(made(Policy(reranker="ce", pool=10)))
    assert told == " The reranker hands on 10 candidates: R@100 and AP@100 of its lists count those alone."
    assert short_lists(made(Policy(reranker="ce", pool=100))) == short_lists(made(Policy(reranker="none"))) == ""


def test_an_unknown_document_that_nearly_is_another_says_which() -> None:
    assert never_found(["prices.csv"], "document", "Handbook", ["prices.csv#1", "prices.csv#2"]) == (
        "1 graded document is not in Handbook, 'prices.csv'; it counts as never found. For 'prices.csv', did you mean "
        "prices.csv#1 or prices.csv#2?",
    )
