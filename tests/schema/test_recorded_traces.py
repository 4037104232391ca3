"""A trace of another pipeline: steps of any name and number, asked for by the part that they play."""

from __future__ import annotations

import pytest

from rag_core.errors import BadTrace
from rag_core.schema.trace import Trace
from tests.schema.recorded import hits, recorded, step


def test_steps_are_found_by_the_part_that_they_play():
    trace = recorded(
        step("vectors", "search", hits("a", "b", "c")),
        step("keywords", "search", hits("c", "d")),
        step("merged", "fusion", hits("c", "a", "b", "d"), reads=("vectors", "keywords")),
        step("small model", "rerank", hits("a", "c", "b"), reads=("merged",)),
        step("large model", "rerank", hits("b", "a"), reads=("small model",)),
        step("answer from", "select", hits("b"), reads=("large model",)),
    )
    assert (trace.fused_step.name, trace.reranked_step.name) == ("merged", "large model")
    assert (trace.final_step.name, trace.kept_step.name) == ("large model", "answer from")
    assert [one.name for one, _ in trace.rerank_passes] == ["small model", "large model"]
    assert trace.found_by("c") == ("vectors", "keywords")
    assert {one: trace.outcome(one) for one in "abcd"} == {
        "b": "kept",
        "a": "cut by top-k",
        "c": "not returned by the reranker",
        "d": "outside the pool",
    }
    assert [(at.step, at.rank) for at in trace.ranks_by_step("c")] == [
        ("vectors", 3),
        ("keywords", 1),
        ("merged", 1),
        ("small model", 2),
        ("large model", None),
        ("answer from", None),
    ]
    assert Trace.read(trace.to_json()) == trace


def test_one_search_and_nothing_else_is_a_trace():
    trace = recorded(
        step("search", "search", hits("a", "b"), timed=False),
        step("kept", "select", hits("a", "b"), reads=("search",), evidence="inferred"),
    )
    assert trace.fused_step is trace.reranked_step is trace.final_step is trace["search"]
    assert trace.rerank_passes == ()
    assert [one.passage.id for one in trace.kept] == ["a", "b"]
    assert trace["search"].took_ms is None and not trace.timed


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([step("one", "rerank", hits("a")), step("kept", "select", hits("a"))], "no step that finds passages"),
        ([step("one", "search", hits("a"))], "its last step is not the one that selects"),
        (
            [step("one", "search", hits("a"), reads=("two",)), step("kept", "select", hits("a"))],
            "step one reads two, which is no earlier step",
        ),
        ([step("one", "search", hits("a")), step("one", "select", hits("a"))], "two of its steps are called one"),
    ],
)
def test_steps_that_do_not_fit_together_are_named(steps, said):
    with pytest.raises(ValueError, match=said):
        recorded(*steps)


def test_a_recorded_trace_without_a_project_says_what_is_missing():
    text = recorded(step("one", "search", hits("a")), step("kept", "select", hits("a"))).to_json()
    with pytest.raises(BadTrace, match="project"):
        Trace.read(text.replace('"project"', '"projekt"'))
