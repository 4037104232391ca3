"""The sentence says what the trace says."""

from __future__ import annotations

from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Fusion, Policy, Signals
from rag_core.schema.threshold import Threshold
from rag_core.wording.headline import best_answers, closest, headline
from tests.builders import measurement, passage

SCORES = {"a": -1.0, "b": -2.0, "c": 3.0, "d": -3.0}


def sentence(policy: Policy, **kwargs: object) -> str:
    return headline(replay(measurement("abcd", "", SCORES, **kwargs), policy, clock=lambda: 0.0))


def test_the_probability_of_the_best_says_what_it_is_and_only_where_something_is_kept():
    trace = replay(measurement("abcd", "", SCORES), Policy(reranker="ce", top_k=2))
    assert best_answers(trace) == ""
    assert best_answers(trace.model_copy(update={"best_probability": 0.3})) == (
        "The best passage answers with probability 0.30. That counts its lead over the next passage, which its own "
        "score does not, and holds for questions like the sample's."
    )
    nothing = replay(measurement("abcd", "", SCORES), Policy(reranker="ce", threshold=Threshold(minimum=0.99)))
    assert nothing.unknown and best_answers(nothing.model_copy(update={"best_probability": 0.3})) == ""


def test_it_names_the_biggest_climb_and_the_news():
    assert sentence(Policy(reranker="ce", top_k=2)) == (
        "Reranking moved “Title c” from 3rd to 1st. 1 of the 2 kept is new. Best score: probability 0.95. 47 ms."
    )


def test_it_says_how_many_of_the_first_the_threshold_cuts():
    policy = Policy(reranker="ce", top_k=3, threshold=Threshold(minimum=0.2))
    assert "Best score: probability 0.95, over the threshold of 0.20; 1 of the top 3 is under it." in sentence(policy)


def test_it_speaks_of_what_is_kept_where_the_threshold_cuts_the_rest():
    scores = {"b": 3.0, "d": -1.0, "c": -2.0, "a": -3.0}
    policy = Policy(reranker="ce", top_k=3, threshold=Threshold(minimum=0.5))
    said = headline(replay(measurement("abcd", "", scores), policy, clock=lambda: 0.0))
    assert said.startswith("Reranking moved “Title b” from 2nd to 1st. Best score")  # not d, from 4th to 2nd, not kept


def test_one_kept_passage_is_not_counted():
    alone = Policy(reranker="ce", top_k=3, threshold=Threshold(minimum=0.5))
    first = headline(replay(measurement("abcd", "", {"a": 3.0, "b": -1.0, "c": -2.0, "d": -3.0}), alone))
    assert first.startswith("Reranking did not move the kept passage up. Best score")
    last = headline(replay(measurement("abcd", "", {"d": 3.0, "a": -1.0, "b": -2.0, "c": -3.0}), alone))
    assert "from 4th to 1st. The kept passage is new. Best score" in last


def test_it_says_when_nothing_reached_the_threshold():
    policy = Policy(reranker="ce", threshold=Threshold(minimum=0.99))
    assert sentence(policy) == (
        "Nothing reached the threshold (probability 0.99), so the answer is “I don't know”; the best score was "
        "probability 0.95. 47 ms."
    )


def test_the_closest_candidate_is_named_with_its_score_where_nothing_was_kept():
    measured = measurement("abcd", "", SCORES)
    strict = Policy(reranker="ce", threshold=Threshold(minimum=0.99))
    assert closest(replay(measured, strict)) == "Closest: “Title c” with probability 0.95, under the threshold of 0.99."
    assert closest(replay(measured, Policy(reranker="ce"))) == ""
    assert closest(replay(measurement("", "", {}), strict)) == ""


def test_it_never_credits_a_reranker_that_did_not_run():
    assert sentence(Policy(reranker="none")).startswith("No reranker: this is the fused order.")
    broken = replay(measurement("ab", "", {"a": 1.0}, failure="Broken."), Policy(reranker="ce"))
    assert headline(broken).startswith("The reranker did not run: this is the fused order.")


def test_it_says_when_nothing_was_found():
    assert headline(replay(measurement("", ""), Policy(reranker="none"))).startswith("Nothing in toy matched")


def test_signals_get_their_own_credit():
    passages = [passage("a"), passage("f", source="policy")]
    only = Signals(on=True, relevance=0, freshness=0, authority=1, diversity=0, sources=(("policy", 1.0),))
    same = {"a": 2.0, "f": 1.0}
    ran = replay(measurement("af", "", same, passages=passages), Policy(reranker="ce", signals=only))
    assert headline(ran).startswith(
        "Reranking moved none of the kept passages up. Signals moved “Title f” from 2nd to 1st."
    )
    off = replay(measurement("af", "", passages=passages), Policy(reranker="none", signals=only))
    assert headline(off).startswith("No reranker: signals reorder the fused order. Signals moved “Title f”")


def test_weights_of_zero_are_not_called_no_match():
    policy = Policy(reranker="none", fusion=Fusion(dense_weight=0, lexical_weight=0))
    assert headline(replay(measurement("ab", "b"), policy)).startswith("Both fusion weights are 0")
