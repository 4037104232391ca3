"""What the columns of a table say of its runs: which rows are one run, and what was kept."""

from __future__ import annotations

import pytest

from rag_core.runs.as_trace import trace_of
from rag_core.runs.importers.registry import open_source
from rag_core.runs.importers.source import Source
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
