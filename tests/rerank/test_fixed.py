"""The reranker without a model."""

from __future__ import annotations

import pytest

from rag_core.errors import ModelError
from rag_core.rerank.fixed import FixedReranker, overlap
from rag_core.schema.steps import PairScore


def test_overlap_is_the_share_of_the_querys_words() -> None:
    assert overlap("refund for games", "Games: no refund") == 2 / 3
    assert overlap("?!", "x") == 0.0


def test_the_table_comes_first_then_overlap() -> None:
    pairs = FixedReranker({"blue": 9.0}).score("red cats", ["blue", "red"]).pairs
    assert [pair.score for pair in pairs] == [9.0, 1 / 2]


def test_words_past_the_limit_are_unseen() -> None:
    assert FixedReranker(max_tokens=2).score("q", ["one two three", "one"]).pairs == (
        PairScore(score=0.0, tokens=3, unseen_tokens=1, seen_chars=len("one two")),
        PairScore(score=0.0, tokens=1),
    )


def test_it_fails_when_told_to() -> None:
    reranker = FixedReranker(fail_after=1)
    reranker.score("q", ["a"])
    with pytest.raises(ModelError, match="after 1 pairs"):
        reranker.score("q", ["b"])


def test_a_score_that_is_no_number_names_the_passage() -> None:
    with pytest.raises(ModelError, match=r"inf instead of a number.*“bad”"):
        FixedReranker({"bad": float("inf")}).score("q", ["bad"])


def test_identity_follows_the_table() -> None:
    assert FixedReranker({"a": 1.0}).model == FixedReranker({"a": 1.0}).model
    assert FixedReranker({"a": 1.0}).model != FixedReranker({"a": 2.0}).model
