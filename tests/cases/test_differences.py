"""What is not the same between two runs is said in words, and nothing else is."""

from __future__ import annotations

from rag_core.cases import Difference, differences
from rag_core.config import ExtraSearch, Fusion, Policy, Screen
from rag_core.filters import chosen
from rag_core.replay import replay
from rag_core.trace import Searched
from rag_core.types import Timing
from tests.builders import measurement, scored_too

MEASURED = measurement("ab", "b", {"a": 1.0, "b": 0.0})
CE = Policy(reranker="ce")


def test_the_same_run_differs_in_nothing():
    assert differences(replay(MEASURED, CE), replay(MEASURED, CE)) == ()


def test_settings_models_and_documents():
    reindexed = MEASURED.collection.model_copy(update={"fingerprint": "g" * 8, "documents": 10})
    later = MEASURED.model_copy(update={"collection": reindexed})
    policy = CE.model_copy(update={"reranker": "none", "fusion": Fusion(dense_weight=0.5)})
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
    acme = chosen(["acme"])
    there = measurement("", "")
    extra = Searched(query="question", where=acme, embed=Timing(), dense=there.dense, lexical=there.lexical)
    policy = CE.model_copy(update={"extras": (ExtraSearch(name="own", where=acme, weight=0.5),)})
    now = replay(MEASURED.model_copy(update={"extras": (extra,)}), policy)
    told = Difference(what="extra searches", then="none", now="own (tenant acme; depth 50, weight 0.5)")
    assert differences(replay(MEASURED, CE), now) == (told,)


def test_a_first_pass_that_did_not_run_is_a_difference():
    cascade = CE.model_copy(update={"screen": Screen(reranker="cheap", pool=50)})
    ran = scored_too(MEASURED, "cheap", {"a": 0.9, "b": 0.1})
    failed = scored_too(MEASURED, "cheap", {}, failure="Gone.")
    (found,) = differences(replay(ran, cascade), replay(failed, cascade))
    assert found.what == "first pass model"
    assert found.now.endswith("(did not run)")
