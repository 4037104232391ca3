"""One pass: every pair once, stopped or killed at any time, and then only the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.errors import ModelError
from rag_core.evaluation.gather import build
from rag_core.evaluation.outcome import of_measurements
from rag_core.evaluation.report import rankings_of
from rag_core.evaluation.score import measured, score_set
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.fixed import FixedReranker
from rag_core.schema.chunking import Chunking
from rag_core.schema.policy import Policy
from rag_core.storage.database import Store
from tests.corpus.doubles import WordEmbedder, documents

ROOT = Path(__file__).parents[2]
POLICY = Policy(reranker="fixed", pool=4)
SET = LabelledSet(
    name="toy",
    queries=tuple(Query(id=f"q{n}", text=f"topic{n} and refunds") for n in range(5)),
    qrels={f"q{n}": {f"doc-{n}.md": 1} for n in range(5)},
)
PAIRS = 5 * 4

KILLED = """
import sys, time
from tests.evaluation.test_score import POLICY, SET, pipeline
from rag_core.evaluation.score import measured
from rag_core.rerank.fixed import FixedReranker
from rag_core.storage.database import Store

for done, _ in enumerate(measured(pipeline(FixedReranker(), Store(sys.argv[1])), SET.asked, [POLICY]), start=1):
    print(done, flush=True)
    if done == 3:
        time.sleep(600)
"""


def pipeline(reranker: FixedReranker, store: Store | None = None) -> Pipeline:
    """A pipeline over five documents and a reranker that counts its pairs."""
    embedder = WordEmbedder()
    collection = index_documents(IndexingPlan("toy", None, Chunking(), 1000), documents(5), embedder)
    return Pipeline(collection, embedder, store.pair_cache() if store else None, rerankers=lambda _: reranker)


def test_a_model_that_changes_between_two_questions_is_told_with_its_names() -> None:
    first, second = FixedReranker(), FixedReranker({"another": 1.0})
    parts = [(first, ["q0", "q1"]), (second, ["q2", "q3", "q4"])]
    scored = [score_set(pipeline(reranker), SET.only(ids), [POLICY]) for reranker, ids in parts]

    one = of_measurements(SET, scored[0], POLICY).report
    both = of_measurements(SET, scored[0] | scored[1], POLICY).report

    assert (one.reranker_model, one.notices) == (first.model, ())
    assert both.reranker_model == ", ".join(sorted([first.model, second.model]))
    assert "changed while the questions were scored" in both.notices[0] and second.model in both.notices[0]


def test_every_pair_is_scored_once_and_the_rest_is_replay() -> None:
    reranker = FixedReranker()
    seen: list[tuple[int, int]] = []
    found = score_set(pipeline(reranker), SET, [POLICY], progress=lambda done, total: seen.append((done, total)))

    assert reranker.scored == PAIRS
    assert seen == [(n, 5) for n in range(1, 6)]
    rankings = rankings_of(build(found, SET), POLICY)
    assert rankings["adjusted"]["q3"][0] == "doc-3.md"
    assert reranker.scored == PAIRS


def test_known_measurements_are_not_measured_again() -> None:
    reranker = FixedReranker()
    ways = pipeline(reranker)
    found = score_set(ways, SET, [POLICY])
    wider = POLICY.with_(pool=6)

    again = dict(measured(ways, SET.asked, [wider], known=found))

    assert reranker.scored == 5 * 6
    assert again["q1"].measured_at == found["q1"].measured_at


def test_stopped_between_two_queries() -> None:
    reranker = FixedReranker()
    found = score_set(pipeline(reranker), SET, [POLICY], stopped=lambda: reranker.scored >= 8)
    assert list(found) == ["q0", "q1"]


def test_a_reranker_that_fails_stops_the_pass_and_says_where() -> None:
    with pytest.raises(ModelError, match=r"fixed stopped at “topic2 and refunds”: .* only the rest is scored"):
        score_set(pipeline(FixedReranker(fail_after=10)), SET, [POLICY])


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kill -9 is POSIX")
def test_killed_half_way_the_restart_scores_only_the_rest(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/pairs.db"
    with subprocess.Popen([sys.executable, "-c", KILLED, url], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)] == ["1\n", "2\n", "3\n"]
        process.send_signal(signal.SIGKILL)

    reranker = FixedReranker()
    whole = score_set(pipeline(reranker, Store(url)), SET, [POLICY])

    assert reranker.scored == 2 * 4
    assert {one: len(row.rerankings["fixed"].pairs) for one, row in whole.items()} == {f"q{n}": 4 for n in range(5)}
