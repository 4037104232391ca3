"""Two ways over several queries, counted by hand."""

from __future__ import annotations

from rag_core.analysis.run_comparison import row, table, tally
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Policy
from rag_core.wording.comparisons import comparison_verdict
from tests.builders import measurement

OFF = Policy(reranker="none", top_k=1)
ON = Policy(reranker="ce", top_k=1)


def pair(query, scores, grades=None):
    measured = measurement("abc", "", scores, query=query)
    return row(replay(measured, OFF), replay(measured, ON), grades)


MOVED = pair("moved", {"a": 0.0, "b": 1.0, "c": 2.0}, {"doc-c": 3})
SAME = pair("same", {"a": 2.0, "b": 1.0, "c": 0.0}, {"doc-b": 1, "doc-a": 0})
WORSE = pair("worse", {"a": 1.0, "b": 2.0, "c": 0.0}, {"doc-a": 2})
UNLABELLED = pair("unlabelled", {"a": 2.0, "b": 1.0, "c": 0.0})


def test_ranks_of_the_first_relevant_passage():
    assert (MOVED.left_first, MOVED.right_first) == (3, 1)
    assert (SAME.left_first, SAME.right_first) == (2, 2)
    assert not UNLABELLED.labelled


def test_what_differs_most_comes_first():
    assert list(table([SAME, WORSE, MOVED])["query"]) == ["moved", "worse", "same"]
    more = UNLABELLED.model_copy(update={"only_left": 2, "only_right": 2, "rbo": 1.0})
    assert list(table([SAME, MOVED, more])["query"]) == ["unlabelled", "moved", "same"]


def test_the_verdict_counts_and_averages():
    told = comparison_verdict(tally([MOVED, SAME, WORSE, UNLABELLED]), ("off", "on"))
    assert "keep different passages for 2 of 4 queries" in told
    assert "on ranks the first relevant passage higher for 1, off for 1, 1 are equal" in told
    off, on = (1 / 3 + 1 / 2 + 1) / 3, (1 + 1 / 2 + 1 / 2) / 3
    assert f"mean reciprocal rank {off:.3f} and {on:.3f}" in told


def test_without_labels_no_side_is_called_right():
    assert comparison_verdict(tally([UNLABELLED])).endswith("Without grades the better side is unknown.")


def test_an_unfound_document_has_no_rank():
    lost = pair("lost", {"a": 0.0, "b": 0.0, "c": 0.0}, {"doc-z": 1})
    assert (lost.left_first, lost.right_first) == (None, None)
    assert table([lost])["left_first"].isna().all()
    assert "mean reciprocal rank 0.000 and 0.000" in comparison_verdict(tally([lost]))
