"""A trace goes to JSON and back without loss; a trace file is untrusted input."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.errors import BadTrace
from rag_core.pipeline.replay import replay
from rag_core.schema.answers import Answer, SentenceCheck
from rag_core.schema.policy import Policy, Signals
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold
from rag_core.schema.trace import Trace
from tests.builders import measurement


def sample(**update: object) -> Trace:
    scores = {"a": -1.0, "b": 2.0, "c": 0.5}
    return replay(measurement("abc", "ca", scores), Policy(reranker="ce", pool=3, **update))


@given(
    order=st.permutations("abcdefgh"),
    scores=st.lists(st.floats(-50, 50), min_size=8, max_size=8),
    minimum=st.one_of(st.none(), st.floats(0, 1)),
    on=st.booleans(),
    pool=st.integers(1, 8),
)
def test_json_round_trip(order, scores, minimum, on, pool):
    policy = Policy(reranker="ce", pool=pool, threshold=Threshold(minimum=minimum), signals=Signals(on=on), top_k=3)
    trace = replay(measurement(order, "abc", dict(zip("abcdefgh", scores, strict=True))), policy)
    assert Trace.read(trace.to_json()) == trace


def test_way_of_a_chunk_names_every_stage():
    way = sample(top_k=1).ranks_by_step("c")
    assert [step.rank for step in way] == [3, 1, 2, 2, 2, None]
    assert [step.step for step in way] == [name for name in StepName if name is not StepName.FIRST_PASS]


def test_frame_has_a_row_per_candidate():
    frame = sample().frame()
    assert list(frame["passage_id"]) == ["a", "c", "b"]
    assert frame.set_index("passage_id").loc["b", "reranked_rank"] == 1
    assert frame.set_index("passage_id")["lexical_rank"].isna()["b"]


def test_a_checked_answer_goes_to_json_and_back():
    checks = (SentenceCheck(start=0, end=9, verdict="not found", cited=(1,), number=1, passage_id="b", absent=("7",)),)
    answer = Answer(kind="chat", text="7 days [1]", checks=checks, dollars=0.001)
    trace = sample(top_k=1).model_copy(update={"recorded_answer": answer})
    assert Trace.read(trace.to_json()) == trace


UNCHECKED = {
    "kind": "chat",
    "text": "x [1]",
    "checks": [{"start": 0, "end": 5, "verdict": "found", "passage_id": "no"}],
}
UNFOUNDED = {"kind": "chat", "text": "x [1]", "citations": [{"number": 1, "passage_id": "nowhere"}]}


def broken(change) -> str:
    data = json.loads(sample().to_json())
    change(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(extra=1), "extra"),
        (lambda d: d.update(version=99), "version"),
        (lambda d: d["steps"].pop(), "steps"),
        (lambda d: d["steps"][2]["hits"][0].update(rank=7), "rank 7"),
        (lambda d: d["steps"][2]["hits"][0].update(passage_id="nowhere"), "nowhere"),
        (lambda d: d["steps"][2]["hits"][0].update(score="high"), "score"),
        (lambda d: d["policy"].update(top_k=0), "top_k"),
        (lambda d: d["steps"].reverse(), "order"),
        (lambda d: d["passages"].update(a={**d["passages"]["b"]}), "another"),
        (lambda d: d["steps"][3]["hits"].pop(), "pool"),
        (lambda d: d["steps"][4]["hits"].pop(), "pool"),
        (lambda d: d["steps"][0].update(hits=[]) or d["steps"][1].update(hits=[]), "no search found"),
        (lambda d: d["pairs"].update(z={"score": 1.0}), "pairs"),
        (lambda d: d.update(recorded_answer=UNFOUNDED), "was not kept"),
        (lambda d: d.update(recorded_answer=UNCHECKED), "was not kept"),
        (lambda d: d.update(where={"conditions": [{"kind": "equal", "field": "tenant", "value": "x"}]}), "filter"),
        (
            lambda d: d.update(
                recorded_answer={"kind": "chat", "text": "x", "citations": [{"number": 1, "passage_id": "q"}]}
            ),
            "citation",
        ),
    ],
)
def test_a_file_that_is_no_trace_is_refused_in_words(change, says):
    with pytest.raises(BadTrace, match=says):
        Trace.read(broken(change))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"version": 1}', b"\xff\xfe"])
def test_not_json_is_refused(text):
    with pytest.raises(BadTrace):
        Trace.read(text)
