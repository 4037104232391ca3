"""The decision table, row by row, on constructed traces; and the codes that a question holds."""

from __future__ import annotations

import pytest

from rag_core.diagnosis import Expected, Fix, Location, Verdict, diagnose, remedies, symptoms
from rag_core.diagnosis.decision_table import RULES
from rag_core.diagnosis.rules import Symptoms
from rag_core.diagnosis.symptoms import codes
from rag_core.pipeline.replay import replay
from rag_core.schema.answers import Answer
from rag_core.schema.filters import Equal, Filter
from rag_core.schema.policy import Fusion, Policy
from rag_core.schema.steps import PairScore, Timing
from rag_core.schema.threshold import Threshold
from tests.builders import measurement, passage

CE = Policy(reranker="ce")
MANY = [f"c{i:03}" for i in range(150)]


def rules_for(measured, policy, passage_id, *, others=(), answer=None, quote_cut=False):
    trace = replay(measured, policy).model_copy(update={"recorded_answer": answer})
    one = measured.passages.get(passage_id) or passage(passage_id)
    location = Location(
        expected=Expected(document="d"), document_id="d", passages=(one,), spans=(None,), whole=not quote_cut
    )
    found = diagnose(trace, location)
    return [rule.name for rule in remedies(symptoms(trace, location, found, others))]


def test_in_the_top_50_not_the_top_5_is_for_a_better_reranker():
    measured = measurement(MANY, "", dict.fromkeys(MANY, 0.0) | {"c030": -1.0})
    assert rules_for(measured, CE, "c030") == ["top-50-not-top-5"]


def test_in_the_top_50_with_a_pool_that_is_smaller_is_for_a_reranker_too():
    measured = measurement(MANY, "", dict.fromkeys(MANY, 0.0))
    assert rules_for(measured, CE.with_(pool=10), "c030") == ["top-50-not-top-5"]


def test_not_in_the_top_50_is_for_the_searches():
    measured = measurement(MANY, "", dict.fromkeys(MANY, 0.0))
    assert rules_for(measured, CE, "c060") == ["not-top-50"]
    assert rules_for(measured, CE, "c140") == ["not-top-50"]


def test_a_code_that_is_missed_is_for_lexical_search():
    passages = [passage("c140", "The error KB-ERR-2847 means that the relay is full.")]
    measured = measurement(MANY, "", dict.fromkeys(MANY, 0.0), passages=passages, query="what is KB-ERR-2847?")
    assert rules_for(measured, CE, "c140") == ["not-top-50", "codes-missed"]
    other = measurement(MANY, "", dict.fromkeys(MANY, 0.0), passages=passages, query="what is KB-ERR-2874?")
    assert rules_for(other, CE, "c140") == ["not-top-50"]


def test_given_and_not_used_is_for_a_smaller_top_k():
    measured = measurement("abcdef", "", dict.fromkeys("abcdef", 0.0))
    said = Answer(kind="chat", text="No idea.")
    assert rules_for(measured, CE, "a", answer=said) == ["too-many-candidates"]
    assert rules_for(measured, CE.with_(top_k=3), "a", answer=said) == ["not-used-among-few"]


def test_a_slow_run_asks_for_nothing_for_it_is_about_no_document():
    measured = measurement("abc", "", dict.fromkeys("abc", 0.0))
    slow = measured.rerankings["ce"].model_copy(update={"timing": Timing(took_ms=2000)})
    measured = measured.model_copy(update={"rerankings": {"ce": slow}})
    assert rules_for(measured, CE, "a") == []


def test_kept_for_some_and_lost_for_others_is_for_chunking_or_rewriting():
    measured = measurement("abc", "", dict.fromkeys("abc", 0.0))
    assert rules_for(measured, CE, "a", others=[Verdict.MISSED_BY_BOTH]) == ["varies-between-users"]
    assert rules_for(measured, CE, "a", others=[Verdict.KEPT]) == []


def test_what_a_verdict_itself_points_to():
    measured = measurement("abc", "", {"a": 3.0, "b": 0.0, "c": -1.0})
    strict = CE.with_(threshold=Threshold(minimum=0.9))
    assert rules_for(measured, strict, "b") == ["under-threshold"]
    assert rules_for(measured, CE.with_(top_k=1), "b") == ["top-k-too-small"]
    filtered = measurement("", "").model_copy(update={"where": Filter(conditions=(Equal(field="source", value="x"),))})
    assert rules_for(filtered, CE, "z") == ["filtered-out"]
    assert rules_for(measured, CE.with_(top_k=1), "b", quote_cut=True) == ["cut-by-chunking"]


def test_the_part_that_was_not_read():
    pair = PairScore(score=-1.0, tokens=9, unseen_tokens=5, seen_chars=10)
    long = passage("b", "something else and then the question")
    measured = measurement("ab", "", {"a": 3.0, "b": -1.0}, passages=[long])
    cut = measured.rerankings["ce"].model_copy(update={"pairs": measured.rerankings["ce"].pairs | {"b": pair}})
    measured = measured.model_copy(update={"rerankings": {"ce": cut}})
    assert rules_for(measured, CE.with_(top_k=1), "b") == ["unread"]


@pytest.mark.parametrize(
    ("verdict", "fix"),
    [(Verdict.NOT_IN_CORPUS, Fix.DOCUMENTS), (Verdict.PUSHED_DOWN, Fix.SIGNALS), (Verdict.KEPT, None)],
)
def test_other_verdicts(verdict, fix):
    assert [rule.fix for rule in remedies(Symptoms(verdict=verdict))] == ([fix] if fix else [])


def test_an_answer_of_quotes_needs_no_smaller_top_k():
    lost = Symptoms(verdict=Verdict.NOT_CITED, kept_count=5)
    assert [rule.name for rule in remedies(lost)] == ["too-many-candidates"]
    assert [rule.name for rule in remedies(lost.model_copy(update={"quoted": True}))] == ["quoted-another"]


def test_every_row_has_a_name_of_its_own():
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_weights_of_nothing_do_not_hide_a_code():
    passages = [passage("x", "SKU NW-PRO-250-EU")]
    measured = measurement("abc", "x", dict.fromkeys("abc", 0.0), passages=passages, query="NW-PRO-250-EU price")
    policy = CE.with_(fusion=Fusion(lexical_weight=0))
    assert "codes-missed" in rules_for(measured, policy, "x")


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("what is KB-ERR-2847-fatal?", {"kb-err-2847-fatal"}),
        ("since v2.13.0, ERR_TLS_CERT", {"v2.13.0", "err_tls_cert"}),
        ("a follow-up on my 30 days", set()),
        ("AES256 in the EU", {"aes256"}),
    ],
)
def test_codes(question, found):
    assert codes(question) == found
