"""A test of somebody's own says which step lost the document."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag_core.runs.as_trace import trace_of
from rag_core.testing import assert_kept
from tests.diagnosis.worlds import QUESTION, world
from tests.diagnosis.worlds import Passage as Written
from tests.runs.odd_runs import odd_run
from tests.runs.samples import a_run


def message(*run, **expected) -> str:
    """What a failed assertion says."""
    with pytest.raises(AssertionError) as error:
        assert_kept(*run, **expected)
    return str(error.value)


def test_a_recorded_run_passes_and_fails_with_its_verdict():
    assert_kept(a_run(), "c")
    assert_kept(trace_of(a_run()), "c", within=1)
    assert message(a_run(), "a").splitlines() == [
        "“a” is not kept for “How long do refunds take?”.",
        "",
        "Demoted by the reranker",
        "“a” was 1st (bm25 3.0) in lexical; reranked moved it to 2nd (probability 0.40), and only the first",
        "was kept.",
        "",
        "step      rank         score",
        "lexical   1 of 3       bm25 3.0",
        "reranked  2 of 2       probability 0.40",
        "kept      not among 1",
        "",
        "Ahead of it:",
        "  1. c: probability 0.90 against 0.40; 3rd in lexical",
        "",
        "What would have kept it: Keeping the first 2 of reranked instead of 1 keeps it, 2nd.",
    ]


def test_what_cannot_be_told_fails_and_says_what_to_record():
    assert "run.keep" in message(odd_run("one search"), "a")


def test_a_rank_and_the_words_that_answer_can_be_asked_for():
    run = odd_run("three searches, fusion, two rerankers")
    assert_kept(run, "c", within=2, quote="Passage c")
    assert "It is kept at rank 2, and must be among the first 1." in message(run, "c", within=1)
    assert "these words" in message(run, "c", quote="Nobody says so.")


def test_a_trace_of_our_own_is_told_with_and_without_its_collection():
    some = world(Written("a", 0.9, 2.0, "refund"), Written("b", 0.8, -9.0, "refund of it"))
    trace = some.pipeline.run(QUESTION, top_k=1, reranker="fixed")
    assert_kept(trace, "a")
    assert_kept(trace, "Title a", collection=some.collection)
    lost = message(trace, "b", collection=some.collection)
    assert "only the first is kept" in " ".join(lost.split()) and "Ahead of it" in lost
    assert "None of the 2 candidates belongs to it." in message(trace, "nobody")
    assert "World has no document “nobody”" in message(trace, "nobody", collection=some.collection)


def test_pytest_shows_the_message_and_not_the_library(tmp_path: Path):
    (tmp_path / "run.json").write_text(a_run().to_json())
    (tmp_path / "test_mine.py").write_text(
        "import rag_core\nfrom rag_core.testing import assert_kept\n\n\n"
        "def test_refunds():\n    assert_kept(rag_core.open_runs('run.json').runs[0], 'a')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": root}, capture_output=True, text=True)
    assert done.returncode == 1 and "Demoted by the reranker" in done.stdout
    assert "__tracebackhide__" not in done.stdout and "test_mine.py:6" in done.stdout
