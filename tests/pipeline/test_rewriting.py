"""Rewritten queries as searches beside the question's: asked once, fused like any other, and free to switch off."""

from __future__ import annotations

import json

import pytest

from rag_core.analysis.latency import bars
from rag_core.errors import BadTrace, UnmeasuredSearch
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.schema.filters import make_filter
from rag_core.schema.measurement import Rewriting
from rag_core.schema.policy import ExtraSearch, Policy, Rewrite
from rag_core.schema.steps import StepName, Timing
from rag_core.schema.trace import Trace
from rag_core.wording.latency_bars import bar_label, bar_note
from tests.builders import measurement
from tests.diagnosis.worlds import Passage, world

ON = Policy(reranker="none", rewrite=Rewrite(on=True, weight=0.5))
OFF = Policy(reranker="none")
PASSAGES = [Passage("a", 0.9, words="refund"), Passage("b", 0.8, words="cancel a plan"), Passage("c", 0.7)]
PASSAGES += [Passage(f"z{n}", 0.1 + n / 100, words="else", tenant="acme") for n in range(4)]


class Writer:
    """Gives the same queries always, and counts how often it was asked."""

    def __init__(self, *queries: str, failure: str | None = None) -> None:
        self.told = Rewriting(model="toy", queries=queries, failure=failure, timing=Timing(took_ms=30))
        self.calls = 0

    def __call__(self, query: str) -> Rewriting:
        self.calls += 1
        return self.told


def pipeline(writer: Writer | None) -> Pipeline:
    plain = world(*PASSAGES).pipeline
    return Pipeline(plain.engine, plain.embedder, rewriter=writer)


def test_each_query_is_a_search_of_its_own():
    trace = pipeline(Writer("cancel plan")).run("refund", ON)
    assert [(run.name, run.query) for run in trace.extra_searches] == [("rewritten 1", "cancel plan")]
    assert [trace.passages[hit.passage_id].document_id for hit in trace.extra_searches[0].lexical.hits] == ["b"]
    fused = {trace.passages[hit.passage_id].document_id: hit for hit in trace[StepName.FUSED].hits}
    assert fused["b"].parts == pytest.approx(
        {"dense": 1 / 62, "rewritten 1 dense": 0.5 / 62, "rewritten 1 lexical": 0.5 / 61}
    )
    assert trace.query == "refund"


def test_it_is_asked_once_and_toggling_is_a_replay():
    writer = Writer("cancel plan", "end contract")
    asking = pipeline(writer)
    measured = asking.score(asking.measure("refund"), ON)
    assert writer.calls == 1
    for policy in (OFF, ON, ON.with_(rewrite=Rewrite(on=True, weight=2.0))):
        assert asking.score(measured, policy) is measured
        assert len(replay(measured, policy).extra_searches) == (2 if policy.rewrite.on else 0)
    assert writer.calls == 1
    assert replay(measured, OFF).rewriting is None


def test_off_by_default():
    writer = Writer("cancel plan")
    pipeline(writer).run("refund", OFF)
    assert writer.calls == 0 and not Policy().rewrite.on


def test_a_failure_is_a_warning_and_the_run_goes_on():
    trace = pipeline(Writer(failure="The server is down.")).run("refund", ON)
    assert [one.message for one in trace.warnings if one.code == "rewrite-failed"] == [
        "The question was not rewritten: The server is down. The run went on with the question as it was asked."
    ]
    assert trace[StepName.KEPT].hits and trace.extra_searches == ()


def test_without_a_chat_model_it_says_so():
    trace = pipeline(None).run("refund", ON)
    assert trace.rewriting is not None and trace.rewriting.failure == "No chat model is set up here."


def test_the_filter_of_the_run_holds_for_rewritten_queries():
    trace = pipeline(Writer("cancel plan")).run("refund", ON, make_filter(["acme"]))
    assert {passage.tenant for passage in trace.passages.values()} == {"acme"}
    assert trace.extra_searches[0].where == trace.where


def test_a_question_that_was_not_rewritten_yet_is_an_error():
    with pytest.raises(UnmeasuredSearch, match="rewritten"):
        replay(measurement("ab", "b"), ON)


def test_its_time_comes_before_its_searches():
    told = {bar_label(bar): bar for bar in bars(pipeline(Writer("cancel plan")).run("refund", ON))}
    assert told["Rewrite the question"].took_ms == 30
    assert bar_note(told["Rewrite the question"]) == "1 query by toy"
    assert told["Extra search: rewritten 1"].started_ms >= told["Rewrite the question"].ended_ms
    assert told["Fuse"].started_ms == pytest.approx(told["Extra search: rewritten 1"].ended_ms)


def test_beside_the_policys_own_extra_searches():
    own = ExtraSearch(name="acme", where=make_filter(["acme"]))
    trace = pipeline(Writer("cancel plan")).run("refund", ON.with_(extra_searches=(own,)))
    assert list(trace.searches) == ["main", "acme", "rewritten 1"]
    assert Trace.read(trace.to_json()) == trace


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(rewriting=None), "“rewriting” must be set"),
        (lambda d: d["rewriting"].update(queries=["other"]), "not those that were searched"),
        (lambda d: d["rewriting"].update(queries=[]), "not those of its policy"),
        (lambda d: d["policy"]["rewrite"].update(on=False), "“rewriting” must be set"),
    ],
)
def test_a_file_whose_rewriting_does_not_fit_is_refused(change, says):
    data = json.loads(pipeline(Writer("cancel plan")).run("refund", ON).to_json())
    change(data)
    with pytest.raises(BadTrace, match=says):
        Trace.read(json.dumps(data))


@pytest.mark.parametrize("name", ["main", "rewritten 1", "rewritten 3"])
def test_names_of_other_searches_are_taken(name):
    with pytest.raises(ValueError, match="a name of its own"):
        Policy(extra_searches=(ExtraSearch(name=name),))
