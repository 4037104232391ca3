"""The metrics of recorded runs, list by list, by judgments of their queries."""

from __future__ import annotations

import pytest

from rag_core.errors import BadInput
from rag_core.evaluation.recorded_runs import evaluate_runs
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.runs.as_trace import trace_of
from rag_core.runs.sent import run_from
from tests.runs.odd_runs import hits, step


def a_run(run_id, query, first, reranked, kept, *more):
    """dense -> reranked -> kept, each a string of passage ids."""
    steps = [
        step("dense", "search", hits(first)),
        *more,
        step("reranked", "rerank", hits(reranked), "dense"),
        *([step("kept", "select", hits(kept), "reranked")] if kept is not None else []),
    ]
    return trace_of(run_from({"project": "bot", "id": run_id, "query": query, "steps": steps}))


LABELLED = LabelledSet(
    name="Ours",
    queries=(Query(id="1", text="How long?"), Query(id="2", text="How much?")),
    qrels={"1": {"c": 1}, "2": {"a": 1}},
)


def test_every_list_is_measured_and_what_was_kept_and_questions_without_judgments_are_named():
    runs = [
        a_run("r1", "how  LONG?", "abc", "cab", "c"),
        a_run("r2", "How much?", "bac", "bca", "b"),
        a_run("r3", "Who knows?", "abc", "abc", "a"),
    ]
    found = evaluate_runs(runs, LABELLED, ["RR@10", "Success@5"])
    made = found.report
    assert found.unjudged == {"bot/r3": "Who knows?"} and (made.judged, made.steps) == (
        2,
        ("dense", "reranked", "kept"),
    )
    assert made.values["dense"]["RR@10"] == {"bot/r1": pytest.approx(1 / 3), "bot/r2": pytest.approx(1 / 2)}
    assert made.values["reranked"]["RR@10"] == {"bot/r1": 1.0, "bot/r2": pytest.approx(1 / 3)}
    assert made.mean("kept", "Success@5") == 1 / 2
    assert (made.before, made.after) == ("dense", "reranked") and made.notices == ()
    comparison = made.comparisons["P@5"]
    assert comparison.low <= comparison.difference <= comparison.high and "P@5" in made.answered


def test_a_run_that_asks_the_same_again_counts_again():
    runs = [a_run("r1", "How long?", "abc", "cab", "c"), a_run("r2", "How long?", "abc", "abc", "a")]
    assert evaluate_runs(runs, LABELLED, ["RR@10"]).report.mean("reranked", "RR@10") == (1 + 1 / 3) / 2


def test_a_list_that_not_every_run_has_is_not_measured_and_a_guessed_selection_is_said():
    titles = step("titles", "search", hits("c"))
    runs = [a_run("r1", "How long?", "abc", "cab", None, titles), a_run("r2", "How much?", "bac", "bca", "b")]
    made = evaluate_runs(runs, LABELLED, ["RR@10"]).report
    assert "titles" not in made.steps
    assert any("titles" in one for one in made.notices) and any("1 run did not record" in one for one in made.notices)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_list_that_found_nothing_in_one_run_is_measured_whichever_run_comes_first(order):
    runs = [
        a_run("r1", "How long?", "abc", "cab", "c", step("lexical", "search", [])),
        a_run("r2", "How much?", "bac", "bca", "b", step("lexical", "search", hits("a"))),
    ]
    made = evaluate_runs([runs[at] for at in order], LABELLED, ["RR@10"]).report
    assert made.values["lexical"]["RR@10"] == {"bot/r1": 0.0, "bot/r2": 1.0} and made.notices == ()


def test_questions_that_differ_in_case_or_spacing_alone_share_their_grades():
    both = LabelledSet(
        name="Ours",
        queries=(Query(id="1", text="How long?"), Query(id="2", text="how  long?")),
        qrels={"1": {"c": 1}, "2": {"zzz": 1}},
    )
    report = evaluate_runs([a_run("r1", "How long?", "abc", "cab", "c")], both, ["RR@10"]).report
    assert report.mean("reranked", "RR@10") == 1.0


def test_passages_are_measured_where_the_judgments_are_of_passages():
    found = hits("ab")
    for one, document in zip(found, ("x", "c"), strict=True):
        one["document_id"] = document
    run = trace_of(run_from({"project": "bot", "query": "How long?", "steps": [step("dense", "search", found)]}))
    assert evaluate_runs([run], LABELLED, ["RR@10"]).report.mean("dense", "RR@10") == 1 / 2
    passages = LABELLED.model_copy(update={"level": "passage", "qrels": {"1": {"a": 1}}})
    assert evaluate_runs([run], passages, ["RR@10"]).report.mean("dense", "RR@10") == 1.0


def test_relevant_documents_that_no_list_of_the_runs_has_are_named_and_count_as_never_found():
    judged = LABELLED.model_copy(update={"qrels": {"1": {"c": 1, "uk.md": 2, "old.md": 0}, "2": {"fr.md": 1}}})
    runs = [a_run("r1", "How long?", "abc", "cab", "c"), a_run("r2", "How much?", "bac", "bca", "b")]
    told = "2 graded documents are not in any list of these 2 runs, 'uk.md' first; they count as never found."
    found = evaluate_runs(runs, judged, ["R@10"])
    assert found.unknown == (told,) and found.report.notices[0] == told
    assert found.report.values["dense"]["R@10"] == {"bot/r1": 1 / 2, "bot/r2": 0.0}
    assert evaluate_runs(runs, LABELLED, ["R@10"]).unknown == ()


def test_runs_without_any_judgment_say_what_to_do():
    with pytest.raises(BadInput, match="Save cases of these runs in Triage"):
        evaluate_runs([a_run("r1", "Who knows?", "abc", "cab", "c")], LABELLED)
