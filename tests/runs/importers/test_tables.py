"""What the columns of a table say of its runs: which rows are one run, and what was kept."""

from __future__ import annotations

import json

import pytest

from rag_core.runs.as_trace import trace_of
from rag_core.runs.importers.registry import open_source
from rag_core.runs.importers.source import Source
from rag_core.runs.opening import open_file
from rag_core.schema.steps import Evidence


def table(*lines):
    return open_source(Source("t.csv", "\n".join(lines).encode()))


def lists(run):
    return {step.name: [hit.passage_id for hit in step.hits] for step in run.steps}


def test_queries_of_one_evaluation_are_runs_of_their_own():
    rows = ["exp1,Refund?,a,1", "exp1,Refund?,b,2", "exp1,Shipping?,c,1", "exp2,Refund?,d,1"]
    runs = table("run_id,query,doc_id,rank", *rows).runs
    assert [(run.query, lists(run)) for run in runs] == [
        ("Refund?", {"candidates": ["a", "b"]}),
        ("Shipping?", {"candidates": ["c"]}),
        ("Refund?", {"candidates": ["d"]}),
    ]
    assert len({run.id for run in runs}) == 3


def test_a_row_without_a_query_belongs_to_the_one_of_its_run():
    opened = table("run_id,query,doc_id", "r,Refund?,a", "r,,b", "s,One?,a", "s,Two?,a", "s,,b", "t,,a")
    assert [lists(run)["candidates"] for run in opened.runs] == [["a", "b"], ["a"], ["a"]]
    assert opened.problems == ("Line 6: it has no query, and run s has 2.", "Line 7: it has no query.")


@pytest.mark.parametrize(("yes", "no"), [("t", "f"), ("TRUE", "False"), ("yes", "no"), ("1", "0"), ("x", "")])
def test_what_was_kept_is_read_as_databases_and_people_write_it(yes, no):
    (run,) = table("query,doc_id,kept", f"q,a,{no}", f"q,b,{yes}").runs
    assert lists(run)["kept"] == ["b"]


def test_a_run_of_which_nothing_was_kept_records_that():
    nothing, unsaid = table("query,doc_id,kept", "q1,a,no", "q1,b,f", "q2,a,", "q2,b,").runs
    assert lists(nothing)["kept"] == [] and list(lists(unsaid)) == ["candidates"]
    step = trace_of(nothing).kept_step
    assert step.hits == () and step.evidence is Evidence.RECORDED
    assert trace_of(unsaid).kept_step.evidence is Evidence.INFERRED


def test_a_kept_value_that_is_neither_yes_nor_no_is_said_and_nothing_is_made_of_it():
    opened = table("query,doc_id,kept", "q1,a,yes", "q1,b,maybe", "q2,a,yes")
    assert [lists(run) for run in opened.runs] == [
        {"candidates": ["a", "b"]},
        {"candidates": ["a"], "kept": ["a"]},
    ]
    said = "Line 3: its kept 'maybe' is neither yes nor no, so what its run kept is not known."
    assert opened.problems == (said,)


def test_a_row_with_too_few_cells_is_said_and_its_missing_cells_are_empty():
    opened = table("query,doc_id,score,text", "q,a,0.9,Thirty days.", "q,b,0.8")
    assert lists(opened.runs[0]) == {"candidates": ["a", "b"]}
    assert opened.problems == ("Line 3: it has 3 cells for 4 columns; those that are missing count as empty.",)


def test_scores_that_are_not_shown_because_one_is_missing_are_said():
    some, none = table("query,doc_id,score", "q1,a,0.9", "q1,b,0.8", "q1,c,", "q2,a,").runs
    said = [[one.message for one in trace_of(run).steps[0].warnings] for run in (some, none)]
    assert said == [["1 of 3 hits has no score; ranks are shown."], []]


@pytest.mark.parametrize("extra", [{"version": "2.1"}, {"policy": "strict"}, {"version": 1, "steps": 3}])
def test_candidates_with_columns_called_as_parts_of_a_trace_are_opened(extra):
    rows = [{"query": "q", "doc_id": one, "score": 0.9, "text": one, **extra} for one in "ab"]
    for data in ("\n".join(map(json.dumps, rows)), json.dumps(rows)):
        (trace,) = open_file(data, "c.jsonl").traces
        assert [hit.passage_id for hit in trace.steps[0].hits] == ["a", "b"]
