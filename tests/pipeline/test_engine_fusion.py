"""The engine's own fusion, where the policy asks for it: one list as it came, that no weight changes."""

from __future__ import annotations

import numpy as np
import pytest

from rag_core.diagnosis import Expected, diagnose, locate
from rag_core.diagnosis.verdicts import Verdict
from rag_core.errors import BadInput, UnmeasuredFusion
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.pipeline.session import QuerySession
from rag_core.retrieval.engines.protocol import SearchResult
from rag_core.schema.filters import Equal, Filter
from rag_core.schema.fusion import Fusion
from rag_core.schema.policy import NO_RERANKER, ExtraSearch, FirstPass, Policy, Rewrite, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepKind
from rag_core.schema.trace import Trace
from rag_core.wording.rivals import note_text
from tests.retrieval.engines.test_connected_collection import EMBEDDER, Index, pipeline

BY_ENGINE = Policy(reranker=NO_RERANKER, pool=5, fusion=Fusion(by="engine"))
ORDER = ["p6", "p1", "p3"]


class Fusing(Index):
    """An engine that fuses, into an order of its own."""

    def __init__(self) -> None:
        super().__init__(lexical=True, hybrid=True)

    def hybrid(self, query: str, vector: np.ndarray, depth: int, where: Filter | None = None) -> SearchResult:
        self.asked.append("hybrid")
        hits = [(one, 1.0 - number / 10) for number, one in enumerate(ORDER)]
        return SearchResult(hits[:depth], space=ScoreSpace.UNKNOWN)


def test_the_fused_list_is_the_engine_s_and_reads_no_step() -> None:
    index = Fusing()
    trace = pipeline(index).run("topic3", BY_ENGINE)
    fused = trace["fused"]
    assert [(hit.passage_id, hit.score) for hit in fused.hits] == [("p6", 1.0), ("p1", 0.9), ("p3", 0.8)]
    assert (fused.kind, fused.inputs, fused.space) == (StepKind.FUSION, (), ScoreSpace.UNKNOWN)
    assert [one.code for one in fused.warnings] == ["engine-fusion"] and "cannot be replayed" in fused.warnings[
        0
    ].message
    assert [one.passage.id for one in trace.kept] == ORDER and trace["dense"].hits[0].passage_id == "p3"
    assert index.asked.count("hybrid") == 1
    assert Trace.read(trace.to_json()) == trace


def test_a_question_is_asked_of_it_once_and_replayed_both_ways() -> None:
    index = Fusing()
    session = QuerySession(pipeline(index), "topic3")
    ours = session.trace(BY_ENGINE.with_(fusion=Fusion()))
    assert "hybrid" not in index.asked and ours["fused"].inputs == ("dense", "lexical")
    theirs = session.trace(BY_ENGINE)
    weighted = session.trace(BY_ENGINE.with_(fusion=Fusion(by="engine", dense_weight=0, k=1)))
    assert (
        [hit.passage_id for hit in weighted["fused"].hits] == [hit.passage_id for hit in theirs["fused"].hits] == ORDER
    )
    assert [hit.passage_id for hit in session.trace(BY_ENGINE.with_(depth=2))["fused"].hits] == ORDER[:2]
    assert session.trace(BY_ENGINE.with_(fusion=Fusion()))["fused"].hits == ours["fused"].hits
    assert index.asked.count("hybrid") == 1


def test_rerankers_read_its_order() -> None:
    policy = Policy(fusion=Fusion(by="engine"), reranker="bm25-like", first_pass=None, pool=2)
    with pytest.raises(ValueError):
        Policy(fusion=Fusion(by="engine"), first_pass=FirstPass(reranker="late-interaction", pool=1), pool=2)
    session = QuerySession(pipeline(Fusing()), "topic3")
    assert [hit.passage_id for hit in session.trace(policy)["reranked"].hits] == ORDER[:2]  # in its order: it failed


def test_signals_count_it_by_its_ranks() -> None:
    signals = Signals(on=True, relevance=0, freshness=0, authority=0, diversity=0, search=1)
    trace = pipeline(Fusing()).run("topic3", BY_ENGINE.with_(signals=signals))
    assert [hit.score for hit in trace["adjusted"].hits] == pytest.approx([61 / 61, 61 / 62, 61 / 63])


def test_replay_says_that_it_was_not_asked_for() -> None:
    whole = pipeline(Fusing())
    with pytest.raises(UnmeasuredFusion, match="has not been asked for yet"):
        replay(whole.measure("topic3"), BY_ENGINE)


def test_an_index_without_one_says_so(sample) -> None:
    with pytest.raises(BadInput, match="Shop has no hybrid search of its own"):
        pipeline(Index(lexical=True)).run("topic3", BY_ENGINE)
    with pytest.raises(BadInput, match="Sample corpus has no hybrid search of its own"):
        Pipeline(sample).run("How long do refunds take?", BY_ENGINE)


@pytest.mark.parametrize(
    "beside",
    [{"extra_searches": (ExtraSearch(name="a", where=Filter(conditions=(Equal(field="source", value="a"),))),)},
     {"rewrite": Rewrite(on=True)}],
)  # fmt: skip
def test_it_takes_no_other_search(beside: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="takes no others"):
        Policy(fusion=Fusion(by="engine"), **beside)  # type: ignore[arg-type]


def test_a_document_that_it_left_out_is_said_to_be_fused_out_and_one_that_it_found_is_not_missed() -> None:
    whole = pipeline(Fusing())
    trace = whole.run("topic3", BY_ENGINE.with_(top_k=2))
    assert diagnose(trace, locate(whole.engine, Expected(document="p0"))).verdict is Verdict.FUSED_OUT  # type: ignore[arg-type]
    assert diagnose(trace, locate(whole.engine, Expected(document="p6"))).verdict is Verdict.KEPT  # type: ignore[arg-type]


def told_of(index: Index, document: str, policy: Policy) -> tuple[Verdict, list[str]]:
    """The verdict on a document, and its notes in words."""
    session = QuerySession(pipeline(index), "topic3")
    location = locate(session.pipeline.engine, Expected(document=document))  # type: ignore[arg-type]
    found = session.diagnosed(session.trace(policy), location)
    return found.verdict, [note_text(one) for one in found.notes]


def test_a_rank_below_the_depth_is_told_of_its_own_list_and_no_other_list_is_said_to_be_taken() -> None:
    dense = [one for one, _ in Fusing().dense(EMBEDDER.embed_query("topic3"), 200).hits]
    policy = BY_ENGINE.with_(depth=2, pool=2)
    verdict, notes = told_of(Fusing(), "p3", policy)  # first in the dense list
    assert verdict is Verdict.FUSED_OUT
    assert notes == ["The index's own fusion has it 3rd; this run takes its first 2."]
    verdict, notes = told_of(Fusing(), dense[-1], policy)
    assert verdict is Verdict.MISSED_BY_BOTH and len(notes) == 1
    assert notes[0].startswith(f"Dense search has it {len(dense)}th (cosine ")
    assert notes[0].endswith("); the index's own fusion reads no list of this run.")


class Wordy(Index):
    """Its lexical search has all rows, the second of the dense list last."""

    def __init__(self) -> None:
        super().__init__(lexical=True)
        self.second = self.dense(EMBEDDER.embed_query("topic3"), 2).hits[1][0]

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        found = sorted(self.rows, key=lambda one: one == self.second)
        return SearchResult([(one, 1 / at) for at, one in enumerate(found, start=1)], space=ScoreSpace.BM25)


def test_what_lexical_search_has_too_deep_is_told_of_what_it_is_said_to_have_missed() -> None:
    index, last = Wordy(), len(Wordy().rows)
    verdict, notes = told_of(index, index.second, BY_ENGINE.with_(fusion=Fusion(), depth=2, pool=1))
    assert verdict is Verdict.MISSED_BY_LEXICAL
    assert notes == [f"Lexical search has it {last}th (bm25 {1 / last:.1f}); this run takes its first 2."]
