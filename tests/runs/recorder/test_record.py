"""Runs are recorded around somebody's own code: nested, in threads and tasks, and never at its cost."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

import rag_core
from rag_core.runs.recorder import delivery
from rag_core.runs.recorder.record import current_run
from rag_core.runs.sent import read_run
from rag_core.runs.values import Space


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """The runs that were recorded so far, read from the file that they go to by default."""
    monkeypatch.delenv("SECOND_PASS_RUNS", raising=False)
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path))

    def read():
        assert delivery.flush(10)
        path = tmp_path / "runs.jsonl"
        return [read_run(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    return read


def ids(step):
    return [hit.passage_id for hit in step.hits]


def test_a_run_of_searches_fusion_and_reranking(recorded):
    with rag_core.record("bot", "How long?") as run:
        with run.timed("dense"):
            pass
        run.search("dense", [("a", "Thirty days.", 0.9), ("b", "We ship.", 0.2)], space="cosine")
        run.search("lexical", [{"id": "b", "distance": 0.5}], took_ms=3)
        run.fuse("fused", ["b", "a"], space="rrf")
        run.rerank("reranked", {"results": [{"index": 1, "relevance_score": 0.97}]}, model="m")
        run.keep(["a"])
        run.answer("30 days.")
        run.feedback("thumbs", 1)
        run.note(session="s-1", skipped=[1])
    (kept,) = recorded()
    assert kept.id == run.id and (kept.project, kept.query, kept.source) == ("bot", "How long?", "recorder")
    assert {step.name: step.inputs for step in kept.steps} == {
        "dense": (),
        "lexical": (),
        "fused": ("dense", "lexical"),
        "reranked": ("fused",),
        "kept": ("reranked",),
    }
    assert ids(kept.step("reranked")) == ["a"] == ids(kept.step("kept")) and kept.step("reranked").model == "m"
    assert kept.step("lexical").space is Space.DISTANCE and kept.step("lexical").timing.took_ms == 3
    assert kept.step("dense").timing.started_ms >= 0 and kept.step("fused").timing is None
    assert kept.answer == "30 days." and kept.feedback[0].value == 1 and kept.attributes == {"session": "s-1"}
    assert kept.warnings == ()


def test_nothing_that_is_wrong_reaches_the_caller(recorded):
    class Angry:
        @property
        def node(self):
            raise RuntimeError("no")

    with rag_core.record(None, 7) as run:
        run.search("a", 5)
        run.search("b", [Angry(), object(), None, ("x", 1.0)], space="nonsense", direction="sideways")
        run.rerank("c", [{"index": 9}], inputs=["nowhere"], took_ms="long")
        run.search()
        run.answer(object())
        run.feedback(None, object())
        run.id = "not an id"
    (kept,) = recorded()
    assert (kept.project, kept.query) == ("None", "7")
    assert [step.name for step in kept.steps] == ["b", "c"] and ids(kept.step("b")) == ["x"]
    assert len(kept.step("b").warnings) == 5 and len(kept.step("c").warnings) == 2
    assert {note.code for note in kept.warnings} == {"not-recorded"} and len(kept.warnings) == 3


def test_the_callers_own_error_goes_on_and_the_run_says_so(recorded):
    with pytest.raises(KeyError), rag_core.record("bot", "q") as run:
        run.search("a", ["x"])
        raise KeyError("theirs")
    (kept,) = recorded()
    assert [note.code for note in kept.warnings] == ["failed"] and len(kept.steps) == 1


def test_results_may_change_after_they_were_recorded(recorded):
    found = [{"id": "a", "score": 1.0}]
    with rag_core.record("bot", "q") as run:
        run.search("dense", found)
        found[0]["id"] = "changed"
        found.clear()
    assert ids(recorded()[0].step("dense")) == ["a"]


def test_nested_runs_do_not_mix(recorded):
    with rag_core.record("outer", "q") as outer:
        with rag_core.record("inner", "q"):
            current_run().search("inner", ["x"])
        assert current_run() is outer
        current_run().search("outer", ["y"])
    current_run().search("nowhere", ["z"])
    assert {run.project: [step.name for step in run.steps] for run in recorded()} == {
        "inner": ["inner"],
        "outer": ["outer"],
    }


def test_threads_and_tasks_have_runs_of_their_own(recorded):
    shared = rag_core.record("shared", "q")

    async def ask(number):
        async with rag_core.record("tasks", str(number)):
            await asyncio.sleep(0)
            current_run().search(f"step {number}", [str(number)])
            await asyncio.sleep(0)

    async def all_at_once():
        await asyncio.gather(*map(ask, range(20)))

    def work(number):
        with shared as run:
            run.search(f"step {number}", [str(number)])

    asyncio.run(all_at_once())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(20)))
    runs = recorded()
    assert len(runs) == 40 and all(len(run.steps) == 1 for run in runs)
    assert all(run.query == run.steps[0].name.removeprefix("step ") for run in runs if run.project == "tasks")
    assert len({run.steps[0].name for run in runs if run.project == "shared"}) == 20


def test_one_run_is_written_by_many_threads(recorded):
    with rag_core.record("bot", "q") as run, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: run.search(f"s{number}", [f"t{number}"]), range(50)))
    assert {step.name for step in recorded()[0].steps} == {f"s{number}" for number in range(50)}


def test_a_decorator_records_functions_of_every_kind(recorded):
    @rag_core.record("plain")
    def plain(limit, *, question):
        current_run().search("s", ["x"])
        return question

    @rag_core.record("async")
    async def later(query):
        current_run().search("s", ["x"])
        return query

    @rag_core.record("stream")
    def stream(self, text):
        current_run().search("s", ["x"])
        yield from text

    @rag_core.record("async stream")
    async def later_stream(query):
        current_run().search("s", ["x"])
        yield query

    async def use():
        return await later("q2"), [one async for one in later_stream("q4")]

    assert plain(3, question="q1") == "q1" and asyncio.run(use()) == ("q2", ["q4"])
    assert list(stream(None, "q3")) == ["q", "3"] and plain.__name__ == "plain"
    assert [(run.project, run.query, len(run.steps)) for run in recorded()] == [
        ("plain", "q1", 1),
        ("async", "q2", 1),
        ("async stream", "q4", 1),
        ("stream", "q3", 1),
    ]


def test_who_reads_a_recorded_stream_is_not_inside_its_run(recorded):
    @rag_core.record("stream")
    def stream(query):
        yield current_run().id
        yield current_run().id

    with rag_core.record("reader", "q") as mine:
        pieces = stream("q")
        first = next(pieces)
        assert current_run() is mine and first != mine.id
        assert next(pieces) == first
        pieces.close()
    assert {run.project for run in recorded()} == {"reader", "stream"}


def test_an_index_counts_in_the_passages_that_the_reranker_got(recorded):
    pool = ["We ship.", "Thirty days.", "Closed."]
    with rag_core.record("bot", "How long?") as run:
        run.search("dense", [("a", "Thirty days."), ("b", "We ship.")])
        run.search("lexical", [("c", "Closed.")])
        run.rerank("all", [{"index": 2, "score": 0.9}, {"index": 1, "score": 0.8}], read=pool)
        run.rerank("two", [{"index": 0, "score": 0.9}], read=pool[:2])
        run.rerank("other", [{"index": 0, "score": 0.9}, {"index": 7, "score": 0.1}], inputs=["dense"], read=["b"])
        run.rerank("unreadable", [{"index": 0, "score": 0.9}], read=[object()])
    (kept,) = recorded()
    assert {step.name: (step.inputs, ids(step)) for step in kept.steps[2:]} == {
        "all": (("dense", "lexical"), ["c", "a"]),
        "two": (("dense",), ["b"]),
        "other": (("dense",), ["b"]),
    }
    (note,) = kept.step("other").warnings
    assert note.message == (
        "Result 2 is left out: its index 7 is outside the list that was read, which has 1; give that list with read=."
    )
    assert "of the list that it read" in kept.warnings[0].message
