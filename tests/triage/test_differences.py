"""What is not the same between two runs is said in words, and nothing else is."""

from __future__ import annotations

from rag_core.pipeline.replay import replay
from rag_core.schema.filters import make_filter
from rag_core.schema.measurement import SearchRun
from rag_core.schema.policy import ExtraSearch, FirstPass, Fusion, Policy
from rag_core.schema.steps import Timing
from rag_core.triage import Difference, differences
from tests.builders import measurement, scored_too

MEASURED = measurement("ab", "b", {"a": 1.0, "b": 0.0})
CE = Policy(reranker="ce")


def test_the_same_run_differs_in_nothing():
    assert differences(replay(MEASURED, CE), replay(MEASURED, CE)) == ()


def test_settings_models_and_documents():
    reindexed = MEASURED.collection.model_copy(update={"fingerprint": "g" * 8, "documents": 10})
    later = MEASURED.model_copy(update={"collection": reindexed})
    policy = CE.with_(reranker="none", fusion=Fusion(dense_weight=0.5))
    assert differences(replay(MEASURED, CE), replay(later, policy)) == (
        Difference(what="fusion dense weight", then="1.0", now="0.5"),
        Difference(what="reranker", then="ce", now="none"),
        Difference(what="documents and chunking", then="9 documents, ffffffff", now="10 documents, gggggggg"),
        Difference(what="reranker model", then="ce@1", now="none"),
    )


def test_a_reranker_that_did_not_run_is_a_difference():
    failed = measurement("ab", "b", failure="Gone.")
    (first, *_) = differences(replay(MEASURED, CE), replay(failed, CE))
    assert first == Difference(what="reranker", then="ce", now="ce (did not run)")


def test_extra_searches_are_said_in_words():
    acme = make_filter(["acme"])
    there = measurement("", "")
    extra = SearchRun(query="question", where=acme, embed=Timing(), dense=there.dense, lexical=there.lexical)
    policy = CE.with_(extra_searches=(ExtraSearch(name="own", where=acme, weight=0.5),))
    now = replay(MEASURED.model_copy(update={"extra_searches": (extra,)}), policy)
    told = Difference(what="extra searches", then="none", now="own (tenant acme; depth 50, weight 0.5)")
    assert differences(replay(MEASURED, CE), now) == (told,)


def test_a_first_pass_that_did_not_run_is_a_difference():
    cascade = CE.with_(first_pass=FirstPass(reranker="cheap", pool=50))
    ran = scored_too(MEASURED, "cheap", {"a": 0.9, "b": 0.1})
    failed = scored_too(MEASURED, "cheap", {}, failure="Gone.")
    (found,) = differences(replay(ran, cascade), replay(failed, cascade))
    assert found.what == "first pass model"
    assert found.now.endswith("(did not run)")
