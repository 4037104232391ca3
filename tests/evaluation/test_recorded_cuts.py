"""What recorded runs would have kept with another top-k or threshold, by judgments."""

from __future__ import annotations

import pytest

from rag_core.evaluation.recorded_cuts import Setting, cuts_of, searches_of
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.runs.as_trace import trace_of
from rag_core.runs.sent import run_from
from rag_core.wording.recorded_cuts import cuts_sentence
from tests.runs.odd_runs import hits, step

LABELLED = LabelledSet(
    name="Ours",
    queries=(Query(id="1", text="How long?"), Query(id="2", text="How much?"), Query(id="3", text="Why?")),
    qrels={"1": {"c": 1, "a": 1}, "2": {"a": 2}, "3": {"z": 0}},
)


def a_run(query, reranked, kept, scores=(0.9, 0.6, 0.2), space="probability"):
    """dense -> reranked -> kept, each a string of passage ids."""
    steps = [
        step("dense", "search", hits("abc")),
        step("reranked", "rerank", hits(reranked, scores), "dense", space=space),
        step("kept", "select", hits(kept), "reranked"),
    ]
    return trace_of(run_from({"project": "bot", "id": f"r{len(query)}", "query": query, "steps": steps}))


def points(found):
    return {one.value: (one.answered, one.relevant, one.others) for one in found.points}


def test_every_top_k_over_the_same_runs():
    found = cuts_of([a_run("how LONG?", "cba", "c"), a_run("How much?", "bca", "b"), a_run("Why?", "abc", "a")],
                    LABELLED, Setting.TOP_K)  # fmt: skip
    assert found.runs == 2 and found.reasons == ()
    assert points(found)[1] == (1 / 2, (1 / 2 + 0) / 2, (0 + 1) / 2)
    assert points(found)[2] == (1 / 2, (1 / 2 + 0) / 2, (1 + 2) / 2)
    assert points(found)[3] == points(found)[20] == (1, 1, (1 + 2) / 2)


def test_every_threshold():
    found = points(cuts_of([a_run("How long?", "cba", "cba")], LABELLED, Setting.THRESHOLD))
    assert found[0] == (1, 1, 1) and found[0.3] == (1, 1 / 2, 1) and found[0.7] == (1, 1 / 2, 0)
    assert found[0.9] == (1, 1 / 2, 0)


def test_thresholds_of_logits_lie_between_the_lowest_and_the_highest_of_all_runs():
    logits = [
        a_run("How long?", "cba", "cba", (8.0, 1.0, -2.0), "logit"),
        a_run("How much?", "bca", "bca", (3.0, 0.0, -1.0), "logit"),
    ]
    found = cuts_of([*logits, a_run("How much?", "bca", "b")], LABELLED, Setting.THRESHOLD)
    assert [one.value for one in found.points] == [-2.0 + at for at in range(11)]
    assert points(found)[-2.0] == (1, 1, (1 + 2) / 2) and points(found)[8.0] == (1 / 2, 1 / 4, 0)
    (reason,) = found.reasons
    assert found.runs == 2 and "these are probability" in reason
    told = cuts_sentence(found, Setting.THRESHOLD)
    assert told.startswith("50% to 100% of 2 runs") and told.endswith("So few runs cannot tell one value from another.")
    many = cuts_of([*logits, *[logits[1]] * 5], LABELLED, Setting.THRESHOLD)
    assert "A threshold of logit -1 " in cuts_sentence(many, Setting.THRESHOLD)
    same = cuts_of(logits[:1], LABELLED, Setting.TOP_K)
    assert cuts_sentence(same, Setting.TOP_K) == "100% of 1 run keeps a relevant document, whatever the value."


def test_every_pool():
    """The passage that the reranker puts first came third, so that a pool of two does not reach it."""
    only_c = LABELLED.model_copy(update={"qrels": {"1": {"c": 1}}})
    found = points(cuts_of([a_run("How long?", "cba", "c")], only_c, Setting.POOL))
    assert found[1] == found[2] == (0, 0, 1) and found[3] == found[100] == (1, 1, 0)


def fused_run(query):
    """dense finds a first, lexical finds c; the first of the fused list is kept."""
    steps = [
        step("dense", "search", hits("ab")),
        step("lexical", "search", hits("cb")),
        step("fused", "fusion", hits("bac"), "dense", "lexical"),
        step("kept", "select", hits("b"), "fused"),
    ]
    return trace_of(run_from({"project": "bot", "id": "f", "query": query, "steps": steps}))


def test_every_weight_of_a_search():
    runs = [fused_run("How long?"), a_run("How much?", "bca", "b")]
    assert searches_of(runs) == ("dense", "lexical") and searches_of(runs[1:]) == ()
    only_c = LABELLED.model_copy(update={"qrels": {"1": {"c": 1}, "2": {"a": 2}}})
    found = cuts_of(runs, only_c, Setting.WEIGHT, "dense")
    assert found.runs == 1 and len(found.reasons) == 1
    assert points(found)[0] == (1, 1, 0) and points(found)[1] == points(found)[4] == (0, 0, 1)


def test_what_cannot_be_replayed_is_counted_with_its_reason():
    runs = [a_run("How long?", "cba", "ab"), a_run("How much?", "bca", "ac"), a_run("How much?", "bca", "b")]
    found = cuts_of(runs, LABELLED, Setting.TOP_K)
    (reason,) = found.reasons
    assert found.runs == 1 and reason.endswith("(2)") and "cannot be replayed" in reason
    assert cuts_of(runs[:1], LABELLED, Setting.TOP_K).points == ()


@pytest.mark.parametrize("setting", Setting)
def test_runs_without_judgments_come_to_nothing(setting):
    found = cuts_of([a_run("Who?", "abc", "a")], LABELLED, setting)
    assert (found.points, found.runs, found.reasons) == ((), 0, ())
