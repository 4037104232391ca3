"""The sentence says what the trace says."""

from __future__ import annotations

import pytest

from rag_core.config import Policy, Threshold
from rag_core.narrative import headline, ordinal
from rag_core.replay import replay
from tests.builders import measurement

SCORES = {"a": -1.0, "b": -2.0, "c": 3.0, "d": -3.0}


def sentence(policy: Policy, **kwargs: object) -> str:
    return headline(replay(measurement("abcd", "", SCORES, **kwargs), policy, clock=lambda: 0.0))


def test_it_names_the_biggest_climb_and_the_news():
    assert sentence(Policy(reranker="ce", top_k=2)) == (
        "Reranking moved “Title c” from 3rd to 1st. 1 of the top 2 is new. Best score: probability 0.95. 47 ms."
    )


def test_it_says_when_nothing_reached_the_threshold():
    policy = Policy(reranker="ce", threshold=Threshold(minimum=0.99))
    assert "Nothing reached the threshold (probability 0.99)" in sentence(policy)


def test_it_never_credits_a_reranker_that_did_not_run():
    assert sentence(Policy(reranker="none")).startswith("No reranker: this is the fused order.")
    assert sentence(Policy(reranker="ce"), failure="Broken.").startswith("The reranker did not run")


def test_it_says_when_nothing_was_found():
    assert headline(replay(measurement("", ""), Policy(reranker="none"))).startswith("Nothing in toy matched")


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st"), (112, "112th")]
)
def test_ordinal(number, text):
    assert ordinal(number) == text
