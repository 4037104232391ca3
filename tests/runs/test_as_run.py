"""A run of Second Pass itself as a recorded one."""

from __future__ import annotations

import pytest

from rag_core.diagnosis import Expected, diagnose, locate_in_run
from rag_core.diagnosis.verdicts import Verdict
from rag_core.pipeline.replay import replay
from rag_core.runs.as_run import run_of_trace
from rag_core.runs.as_trace import trace_of
from rag_core.runs.replaying import RunChange, replay_run
from rag_core.schema.policy import Policy, Signals
from rag_core.schema.threshold import Threshold
from rag_core.schema.trace import Trace
from tests.builders import measurement

FACTS = measurement("abcd", "dc", {"a": 2.0, "b": 0.0, "c": -3.0, "d": 1.0})


def recorded(**policy: object) -> tuple[Trace, Trace]:
    """A run of our own and what is recorded of it."""
    own = replay(FACTS, Policy.model_validate({"reranker": "ce", "pool": 3, "top_k": 2} | policy))
    return own, trace_of(run_of_trace(Trace.read(own.to_json())))


@pytest.mark.parametrize(
    ("policy", "steps"),
    [
        ({}, ["dense", "lexical", "fused", "reranked", "kept"]),
        ({"reranker": "none"}, ["dense", "lexical", "fused", "kept"]),
        ({"signals": Signals(on=True, search=0.3)}, ["dense", "lexical", "fused", "reranked", "adjusted", "kept"]),
    ],
)
def test_its_lists_are_those_of_the_run_as_far_as_they_were_read(policy, steps):
    own, trace = recorded(**policy)
    assert [one.name for one in trace.steps] == steps
    assert [hit.passage_id for hit in trace.fused_step.hits] == [hit.passage_id for hit in own.head]
    assert [one.passage.text for one in trace.kept] == [one.passage.text for one in own.kept]
    assert [one.took_ms for one in trace.steps] == [own[name].took_ms for name in steps]
    assert any(one.code == "handed-on" for one in trace["fused"].warnings) == (len(own.head) < 4)
    assert (trace.query, trace.origin.project) == (own.query, own.collection.name)


def test_it_is_replayed_and_told_like_a_recorded_run():
    own, trace = recorded()
    assert [hit.passage_id for hit in replay_run(trace, RunChange(top_k=1)).kept_step.hits] == [own.kept[0].passage.id]
    found = diagnose(trace, locate_in_run(trace, Expected(document=own.kept[-1].passage.document_id)))
    assert found.verdict is Verdict.KEPT
    lost = diagnose(trace, locate_in_run(trace, Expected(document="nowhere")))
    assert lost.verdict is not Verdict.KEPT


def test_the_same_run_is_the_same_record_and_one_that_kept_nothing_can_be_shown():
    own, trace = recorded(threshold=Threshold(minimum=0.999))
    assert own.unknown and trace.unknown
    assert run_of_trace(own).id == run_of_trace(Trace.read(own.to_json())).id
