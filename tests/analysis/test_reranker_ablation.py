"""The answer with and without reranking: what reached the one and not the other, in a sentence."""

from __future__ import annotations

from rag_core.analysis.reranker_ablation import only_in, without_reranking
from rag_core.generation.citations import marks
from rag_core.pipeline.replay import replay
from rag_core.schema.answers import Answer, Citation
from rag_core.schema.policy import Policy
from rag_core.schema.threshold import Threshold
from rag_core.schema.trace import Trace
from rag_core.wording.comparisons import reranking_difference
from tests.builders import measurement

# Both searches give a, b, c, d in this order, so that is the fused order; the reranker turns it round.
MEASURED = measurement("abcd", "abcd", {"a": -2.0, "b": -1.0, "c": 1.0, "d": 2.0})


def policy(**update: object) -> Policy:
    return Policy(reranker="ce", **{"top_k": 2, **update})


def both(**update: object) -> tuple[Trace, Trace]:
    return without_reranking(MEASURED, policy(**update)), replay(MEASURED, policy(**update))


def citing(text: str, *passage_ids: str) -> Answer:
    spans = tuple((mark.start, mark.end) for mark in marks(text))
    citations = tuple(Citation(number=n, passage_id=one, spans=spans) for n, one in enumerate(passage_ids, start=1))
    return Answer(kind="chat", text=text, citations=citations)


def test_without_reranking_is_the_fused_order_without_a_threshold() -> None:
    plain, reranked = both(threshold=Threshold(minimum=0.5))
    assert [hit.passage_id for hit in plain.steps[-1].hits] == ["a", "b"]
    assert [hit.passage_id for hit in reranked.steps[-1].hits] == ["d", "c"]
    assert plain.rerank.status == "off"
    assert [one.steps[2].hits for one in (plain, reranked)] == [plain.steps[2].hits] * 2


def test_what_only_one_side_saw() -> None:
    plain, reranked = both(top_k=3)
    assert (only_in(reranked, plain), only_in(plain, reranked)) == (["d"], ["a"])


def test_the_sentence_names_what_the_answer_rests_on() -> None:
    said = reranking_difference(*both(), citing("x", "a"), citing("y", "d"))
    assert said == (
        "Reranking replaced 2 of the 2 passages that the answer is made from: the reranked answer rests on "
        "“Title d” (fused rank 4), which the other side never saw. "
        "Without reranking the answer rests on “Title a” (fused rank 1), which the reranked one was not given."
    )


def test_a_new_passage_that_the_answer_does_not_use_is_no_merit() -> None:
    said = reranking_difference(*both(top_k=3), citing("x", "b"), citing("y", "b"))
    assert "brought in “Title d” (fused rank 4), but the answer does not rest on what is new" in said
    assert "dropped" not in said


def test_the_same_passages_are_called_the_same() -> None:
    said = reranking_difference(*both(top_k=4), citing("x", "a"), citing("x", "a"))
    assert said == "Both answers are made from the same 4 passages, in another order; the answers are the same."


def test_other_numbers_for_the_same_passages_are_no_difference() -> None:
    said = reranking_difference(*both(top_k=4), citing("x [1].", "a"), citing("x [4].", "a"))
    assert said.endswith("the answers are the same.")
    assert reranking_difference(*both(top_k=4), citing("x [1].", "a"), citing("x [1].", "d")).endswith(
        "the answers differ."
    )


def test_a_threshold_that_keeps_nothing_is_told() -> None:
    plain, reranked = both(threshold=Threshold(minimum=0.999))
    assert "I don't know" in reranking_difference(plain, reranked, citing("x", "a"), Answer(kind="unknown", text="?"))


def test_a_threshold_that_keeps_less_brings_nothing_new() -> None:
    measured = measurement("ab", "ab", {"a": 2.0, "b": -2.0})
    limited = Policy(reranker="ce", top_k=2, threshold=Threshold(minimum=0.5))
    said = reranking_difference(
        without_reranking(measured, limited), replay(measured, limited), citing("x", "b"), citing("y", "a")
    )
    assert said.startswith(
        "Reranking, with the threshold on its scores, leaves 1 of the 2 passages that the answer without it is made "
        "from, and brings in nothing new; the answers differ."
    )
    assert "“Title b” (fused rank 2), which the reranked one was not given" in said


def test_what_the_threshold_took_is_not_called_replaced() -> None:
    measured = measurement("abcd", "abcd", {"d": 3.0, "a": -1.0, "b": -2.0, "c": -3.0})
    limited = Policy(reranker="ce", top_k=3, threshold=Threshold(minimum=0.5))
    said = reranking_difference(
        without_reranking(measured, limited), replay(measured, limited), citing("x", "a"), citing("y", "d")
    )
    assert said.startswith("Reranking replaced 1 of the 3 passages that the answer is made from and left 2 more out:")
