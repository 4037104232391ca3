"""A recorded run of any shape becomes a trace that everything can read."""

from __future__ import annotations

import pytest

from rag_core.errors import BadTrace, UnreadableRecord
from rag_core.report.html import html_report
from rag_core.runs.as_trace import trace_of
from rag_core.runs.opening import open_file
from rag_core.runs.sent import run_from
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Evidence, StepKind
from rag_core.schema.trace import Trace
from rag_core.wording.headline import headline
from tests.runs.odd_runs import DENSE, ODD, odd_run


@pytest.mark.parametrize("name", ODD)
def test_it_keeps_what_was_recorded(name):
    run = odd_run(name)
    trace = trace_of(run)
    for sent in run.steps:
        step = trace[sent.name]
        assert step.kind == sent.kind and step.evidence is Evidence.RECORDED
        assert [hit.passage_id for hit in step.hits] == [hit.passage_id for hit in sent.hits]
        if all(hit.score is not None for hit in sent.hits) and sent.hits:
            assert [hit.score for hit in step.hits] == [hit.score for hit in sent.hits]
            assert step.space == sent.space
        assert step.timed == (sent.timing is not None)
    added = [step for step in trace.steps if step.name not in {sent.name for sent in run.steps}]
    assert all(step.evidence is not Evidence.RECORDED for step in added)
    assert Trace.read(trace.to_json()) == trace


@pytest.mark.parametrize("name", ODD)
def test_every_text_about_it_can_be_written(name):
    trace = trace_of(odd_run(name))
    assert headline(trace) and repr(trace) and trace._repr_html_()
    assert len(trace.frame()) == len(trace.fused_step.hits)
    assert all(trace.outcome(one) for one in trace.passages)
    assert trace.query in html_report(trace)


def test_several_searches_that_nothing_fused_are_one_list_by_best_rank():
    fused = trace_of(odd_run("two searches that nothing fused")).fused_step
    assert (fused.kind, fused.evidence, fused.space) == (StepKind.FUSION, Evidence.INFERRED, ScoreSpace.RANK)
    assert [hit.passage_id for hit in fused.hits] == list("acbfdge")


def test_a_search_that_was_not_recorded_stands_there_empty():
    trace = trace_of(odd_run("a reranker whose input was not recorded"))
    assert [(step.name, step.evidence) for step in trace.steps] == [
        ("found", Evidence.UNAVAILABLE),
        ("rerank", Evidence.RECORDED),
        ("kept", Evidence.INFERRED),
    ]
    assert [one.passage.id for one in trace.kept] == ["b", "a"]


def test_a_made_up_list_gets_a_name_as_any_second_list_of_a_name_does():
    steps = [{"name": "kept", "kind": "search"}, {"name": "kept", "kind": "rerank"}]
    run = run_from({"project": "bot", "query": "q", "steps": steps})
    assert [one.name for one in trace_of(run).steps] == ["kept", "kept (2)", "kept (3)"]


def test_missing_texts_are_said():
    trace = trace_of(odd_run("no texts"))
    assert [one.code for one in trace.kept_step.warnings] == ["text-missing"]


def test_ranks_with_gaps_are_counted_anew_and_said():
    sent = {"project": "bot", "query": "q", "steps": [{"name": "s", "kind": "search", "hits": []}]}
    sent["steps"][0]["hits"] = [{"text": "one", "rank": 3}, {"text": "two", "rank": 9}]
    step = trace_of(run_from(sent))["s"]
    assert [hit.rank for hit in step.hits] == [1, 2]
    assert [one.code for one in step.warnings] == ["ranks-with-gaps"]


def test_a_run_without_steps_says_what_to_record():
    with pytest.raises(BadTrace, match="Record at least one list"):
        trace_of(run_from({"project": "bot", "query": "q", "steps": []}))


def test_a_file_is_opened_for_what_it_is():
    run = odd_run("one search")
    trace = trace_of(run)
    assert open_file(run.to_json()).traces == open_file(trace.to_json()).traces == (trace,)


def test_a_file_of_many_runs_keeps_the_good_lines_and_names_the_others():
    lines = [odd_run(name).to_json() for name in ODD]
    opened = open_file("\n".join([lines[0], "nonsense", "", '{"project": "bot"}', *lines[1:]]))
    assert opened.traces == tuple(trace_of(odd_run(name)) for name in ODD)
    assert [one.partition(":")[0] for one in opened.problems] == ["Line 2", "Line 4"]


@pytest.mark.parametrize("data", ["", "nonsense", '{"project": "bot", "steps": []}', "[]", "{}\n{}"])
def test_a_file_without_a_run_says_what_can_be_opened(data):
    with pytest.raises(UnreadableRecord) as error:
        open_file(data)
    assert "Traceback" not in str(error.value) and len(str(error.value)) > 40


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("broken.json", "{}", "the record of a run or one a line"),
        ("broken.json", '{"foo": 1}', "OpenTelemetry, Phoenix or Langfuse"),
        ("broken.json", '{"version": 1, "query": "q"}', "This is not a trace"),
        ("broken.json", '{"project": "bot"}', "This is not a run"),
        ("broken.json", "not json", "No run can be read from this file. Line 1: it is not complete JSON."),
        ("broken.json", '[{"a": 1}, {"a": 2}]', "No run can be read from this file. Open a trace"),
        ("broken.csv", "a,b\n1,2", "Say which column is the query. The table has a, b."),
    ],
)
def test_a_file_without_a_run_says_what_is_wrong_with_it(name, data, said):
    with pytest.raises(UnreadableRecord) as error:
        open_file(data, name)
    assert said in str(error.value)


def test_what_was_noted_of_the_whole_run_is_told_with_it():
    note = {"code": "not-recorded", "message": "search could not be recorded (TypeError: no list of passages)."}
    run = run_from({"project": "bot", "query": "q", "steps": [DENSE], "warnings": [note]})
    assert note["message"] in [one.message for one in trace_of(run).warnings]


def test_the_headline_says_where_what_was_kept_is_worked_out():
    told = "kept (worked out, not recorded)"
    worked_out = trace_of(run_from({"project": "bot", "query": "q", "steps": [DENSE]}))
    assert told in headline(worked_out)
    first = DENSE["hits"][0]["passage_id"]
    select = {"name": "kept", "kind": "select", "hits": [{"passage_id": first}]}
    assert told not in headline(trace_of(run_from({"project": "bot", "query": "q", "steps": [DENSE, select]})))
