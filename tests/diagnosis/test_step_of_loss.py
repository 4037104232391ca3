"""Each verdict from a constructed corpus, through the real pipeline, and it alone."""

from __future__ import annotations

from datetime import date

import pytest

from rag_core.diagnosis import Expected, Verdict, diagnose, locate
from rag_core.diagnosis.facts import FilteredOut, Kept, NoCandidate, NoText, Reads, Score, Split
from rag_core.diagnosis.reasons import ByPlace, ByScore, DidNotRun, EndUnread, SearchRank
from rag_core.pipeline.replay import replay
from rag_core.schema.answers import Answer, Citation
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.filters import Equal, Filter, make_filter
from rag_core.schema.policy import ExtraSearch, Fusion, Policy, Signals
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold
from rag_core.wording.verdicts import sentence
from tests.builders import measurement
from tests.diagnosis.worlds import QUESTION, Passage, World, world

FIXED = Policy(reranker="fixed", threshold=Threshold())


def verdict_of(world, policy, expected, where=None, question=QUESTION):
    """The diagnosis and the trace of one question."""
    trace = world.pipeline.run(question, policy, where)
    return diagnose(trace, locate(world.collection, expected)), trace


def four(**scores):
    """b, c and d have the word; a has not. Dense order: a, b, c, d."""
    return world(
        Passage("a", 0.9, scores.get("a", 0.0), "nothing of it"),
        Passage("b", 0.8, scores.get("b", 0.0), "refund"),
        Passage("c", 0.7, scores.get("c", 0.0), "refund of it"),
        Passage("d", 0.6, scores.get("d", 0.0), "refund of it all here"),
        *(Passage(f"z{i}", 0.1 + i / 100, -9.0, "other words") for i in range(6)),
    )


def test_not_in_the_corpus_offers_the_nearest_titles():
    found, _ = verdict_of(four(), FIXED, Expected(document="Titel b"))
    assert found.verdict is Verdict.NOT_IN_CORPUS
    assert found.facts.nearest[0] == "Title b" and found.passage_id is None


def test_a_document_without_text_has_no_passage():
    empty = Document(id="e", title="Empty", text=" ")
    some = World([empty, Passage("a", 0.5).document])
    found, _ = verdict_of(some, FIXED, Expected(document="e"))
    assert found.verdict is Verdict.CUT_BY_CHUNKING
    assert found.facts == NoText(collection="World", title="Empty")


def test_excluded_by_the_filter():
    some = world(Passage("a", 0.9, tenant="acme"), Passage("b", 0.8, tenant="other"))
    where = Filter(conditions=(Equal(field="tenant", value="other"),))
    found, _ = verdict_of(some, FIXED, Expected(document="a"), where)
    assert found.verdict is Verdict.FILTERED_OUT
    assert found.facts == FilteredOut(title="Title a", fields=("tenant",))


def test_cut_by_chunking():
    words = [f"word{i}" for i in range(60)]
    document = Document(id="long", title="Long", text=" ".join(words))
    some = World([document, *(Passage(f"p{i}", 0.9).document for i in range(5))], chunking=Chunking(max_tokens=16))
    first = some.collection.passages_of("long")[0]
    last_word = first.text.split()[-1]
    quote = " ".join(words[words.index(last_word) - 2 : words.index(last_word) + 3])
    found, _ = verdict_of(some, FIXED, Expected(document="long", quote=quote))
    assert found.verdict is Verdict.CUT_BY_CHUNKING
    assert found.facts == Split(title="Long", pieces=2, kept=0)
    whole, _ = verdict_of(some, FIXED, Expected(document="long", quote=" ".join(words[:3])))
    assert whole.verdict is not Verdict.CUT_BY_CHUNKING


def test_missed_by_both():
    found, _ = verdict_of(four(), FIXED.with_(depth=3), Expected(document="z0"))
    assert found.verdict is Verdict.MISSED_BY_BOTH
    assert [rival.passage_id for rival in found.rivals] == ["a::0", "b::0", "c::0"]
    assert found.facts.depth == 3 and round(found.facts.dense_end.score, 2) == 0.7
    assert all(step.rank is None for step in found.way)


def test_missed_by_dense():
    policy = FIXED.with_(depth=3, pool=2)
    some = world(
        Passage("x", 0.9, words="refund refund"),
        Passage("y", 0.8, words="refund refund"),
        Passage("v", 0.7, words="other"),
        Passage("w", 0.1, words="refund among many other words here"),
        *(Passage(f"z{i}", 0.5, words="other") for i in range(6)),
    )
    found, _ = verdict_of(some, policy, Expected(document="w"))
    assert found.verdict is Verdict.MISSED_BY_DENSE
    assert found.before and found.before.step == StepName.LEXICAL and found.before.rank == 3
    assert found.after and found.after.rank is None
    assert found.facts.missing == "dense" and found.facts.other == found.before
    assert found.facts.reads == Reads(by="reranker", count=2)


def test_missed_by_lexical():
    policy = FIXED.with_(pool=2)
    some = world(
        Passage("b", 0.9, words="refund"),
        Passage("c", 0.8, words="refund too"),
        Passage("a", 0.7, words="money back"),
        *(Passage(f"z{i}", 0.1, words="other") for i in range(6)),
    )
    found, _ = verdict_of(some, policy, Expected(document="a"))
    assert found.verdict is Verdict.MISSED_BY_LEXICAL
    assert found.before and (found.before.step, found.before.rank) == (StepName.DENSE, 3)


def test_fused_out_of_the_pool_though_a_search_had_it_high():
    found, trace = verdict_of(four(), FIXED.with_(pool=2), Expected(document="a"))
    assert found.verdict is Verdict.FUSED_OUT
    assert found.before and (found.before.step, found.before.rank) == (StepName.DENSE, 1)
    assert found.after and found.after.rank is not None and found.after.rank > 2
    assert [rival.passage_id for rival in found.rivals] == [hit.passage_id for hit in trace.pool]
    ours = (SearchRank(step="dense", rank=1), SearchRank(step="lexical", rank=None))
    assert found.rivals[0].why.ours == ours


def test_fused_out_where_the_only_list_that_had_it_weighs_nothing():
    policy = FIXED.with_(fusion=Fusion(dense_weight=0))
    found, _ = verdict_of(four(), policy, Expected(document="a"))
    assert found.verdict is Verdict.FUSED_OUT
    assert isinstance(found.facts, NoCandidate) and [one.at.step for one in found.facts.found] == ["dense"]


LONG = "words without meaning here one two three four the term is thirty days refund"


def test_telling_part_beyond_the_limit_with_a_quote():
    some = world(Passage("a", 0.9, -1.0, LONG), Passage("b", 0.8, 2.0, "refund"), reads=8)
    expected = Expected(document="a", quote="the  term is Thirty days")
    found, _ = verdict_of(some, FIXED.with_(top_k=1), expected)
    assert found.verdict is Verdict.UNREAD
    assert found.facts.quoted and found.facts.tokens - found.facts.unseen_tokens == 8
    read = Expected(document="a", quote="words without meaning")
    assert verdict_of(some, FIXED.with_(top_k=1), read)[0].verdict is Verdict.DEMOTED


def test_telling_part_beyond_the_limit_without_a_quote_is_told_by_the_questions_words():
    some = world(Passage("a", 0.9, -1.0, LONG), Passage("b", 0.8, 2.0, "refund"), reads=8)
    policy = FIXED.with_(top_k=1)
    found, _ = verdict_of(some, policy, Expected(document="a"))
    assert found.verdict is Verdict.UNREAD
    found, _ = verdict_of(some, policy, Expected(document="a"), question="meaning")
    assert found.verdict is not Verdict.UNREAD
    assert isinstance(found.notes[0], EndUnread)


def test_demoted_by_the_reranker():
    policy = FIXED.with_(top_k=2)
    found, _ = verdict_of(four(a=1.0, c=2.0, b=-3.0, d=3.0), policy, Expected(document="b"))
    assert found.verdict is Verdict.DEMOTED
    assert found.before and found.after and (found.before.rank, found.after.rank) == (1, 4)
    assert [rival.passage_id for rival in found.rivals] == ["d::0", "c::0", "a::0"]
    assert found.rivals[0].why == ByScore(theirs=Score(score=3.0, space="logit"), ours=-3.0, came_from=3)
    assert (found.facts.by, found.facts.after, found.facts.top_k) == ("reranker", found.after, 2)


def test_pushed_down_by_a_signal():
    old, new = date(2020, 1, 1), date(2026, 1, 1)
    some = world(
        Passage("a", 0.9, 0.4, "refund", updated_at=old),
        Passage("b", 0.8, 0.2, "refund", updated_at=new),
        *(Passage(f"z{i}", 0.1, -5.0) for i in range(3)),
    )
    signals = Signals(on=True, relevance=0.5, freshness=0.5, authority=0, diversity=0, as_of=new)
    policy = FIXED.with_(signals=signals, top_k=1)
    found, _ = verdict_of(some, policy, Expected(document="a"))
    assert found.verdict is Verdict.PUSHED_DOWN
    assert found.rivals[0].passage_id == "b::0"
    why = found.rivals[0].why
    assert (why.signal, why.theirs, why.weight) == ("freshness", 1.0, 0.5) and why.ours < 0.05


def test_under_the_threshold():
    policy = FIXED.with_(threshold=Threshold(minimum=0.9))
    found, _ = verdict_of(four(b=0.0), policy, Expected(document="b"))
    assert found.verdict is Verdict.UNDER_THRESHOLD
    assert found.facts.relevance == Score(score=0.5, space="probability") and found.facts.threshold == 0.9


def test_cut_by_top_k():
    policy = FIXED.with_(top_k=1)
    found, _ = verdict_of(four(a=1.0, b=2.0), policy, Expected(document="a"))
    assert found.verdict is Verdict.CUT_BY_TOP_K
    assert found.before and found.before.rank == 2 and found.after and found.after.rank is None
    assert found.rivals[0].passage_id == "b::0"


@pytest.mark.parametrize(
    ("citations", "verdict"),
    [
        ((Citation(number=1, passage_id="a::0"),), Verdict.KEPT),
        ((Citation(number=2, passage_id="b::0"),), Verdict.NOT_CITED),
    ],
)
def test_given_and_cited_or_not(citations, verdict):
    some = four(a=2.0, b=1.0)
    trace = some.pipeline.run(QUESTION, FIXED)
    answered = trace.model_copy(update={"recorded_answer": Answer(kind="chat", text="So [1].", citations=citations)})
    found = diagnose(answered, locate(some.collection, Expected(document="a")))
    assert found.verdict is verdict
    cited_instead = [("b::0", ByPlace(theirs=2, ours=1))] if verdict is Verdict.NOT_CITED else []
    assert [(one.passage_id, one.why) for one in found.rivals] == cited_instead


def test_i_dont_know_is_said_so():
    some = four(a=2.0)
    trace = some.pipeline.run(QUESTION, FIXED).model_copy(update={"recorded_answer": Answer(kind="unknown", text="?")})
    found = diagnose(trace, locate(some.collection, Expected(document="a")))
    assert found.verdict is Verdict.NOT_CITED and found.facts.unknown


def test_kept():
    found, _ = verdict_of(four(a=2.0), FIXED, Expected(document="a"))
    assert found.verdict is Verdict.KEPT and not found.lost
    assert found.facts == Kept(title="Title a", kept=found.after, cited=False) and found.after.rank == 1


def test_the_chunk_that_came_furthest_counts():
    text = "# One\n\nother words (0.100)\n\n# Two\n\nrefund (0.900)"
    some = World([Document(id="two", title="Two", text=text), Passage("z", 0.5).document])
    found, _ = verdict_of(some, FIXED.with_(top_k=1), Expected(document="two"))
    assert (found.verdict, found.passage_id) == (Verdict.KEPT, "two::1")


def test_a_reranker_that_did_not_run_is_noted():
    trace = replay(measurement("abcdef", "", failure="The weights are damaged."), Policy(reranker="ce", top_k=2))
    location = locate(Listed(trace.passages.values()), Expected(document="doc-d"))
    found = diagnose(trace, location)
    assert found.verdict is Verdict.CUT_BY_TOP_K
    assert found.notes == (DidNotRun(role="reranker", name="ce", reason="The weights are damaged."),)


class Listed:
    """A corpus of given passages, each a document."""

    def __init__(self, passages):
        self._passages = {passage.document_id: passage for passage in passages}

    def documents(self):
        return [Document(id=i, text=passage.text, title=passage.title) for i, passage in self._passages.items()]

    def document(self, document_id):
        return {document.id: document for document in self.documents()}[document_id]

    def passages_of(self, document_id):
        return (self._passages[document_id],)


@pytest.mark.parametrize(("top_k", "verdict"), [(1, Verdict.CUT_BY_TOP_K), (3, Verdict.DEMOTED), (4, Verdict.KEPT)])
def test_what_was_behind_the_top_k_before_the_reranker_is_not_lost_by_it(top_k, verdict):
    scores = {"b": 3.0, "d": 2.0, "a": 1.0, "c": -3.0}  # c is 2nd after fusion, 4th after the reranker
    found, trace = verdict_of(four(**scores), FIXED.with_(top_k=top_k), Expected(document="c"))
    assert [trace["fused"].by_passage["c::0"].rank, trace["reranked"].by_passage["c::0"].rank] == [2, 4]
    assert found.verdict is verdict


def of_acme(**fields):
    """Twelve passages nearer to the question than x, which is acme's; the main search is cut before it."""
    others = [Passage(f"n{i:02}", 0.9 - i / 100) for i in range(12)]
    some = world(*others, Passage("x", 0.5, -9.0, tenant="acme"), Passage("y", 0.4, -9.0, tenant="acme"))
    extra = ExtraSearch(name="acme", where=make_filter(["acme"]), **fields)
    return some, FIXED.with_(depth=10, extra_searches=(extra,))


def test_what_only_an_extra_search_found_is_not_missed_by_both():
    some, policy = of_acme()
    found, trace = verdict_of(some, policy, Expected(document="x"), question="other")
    assert found.verdict is Verdict.DEMOTED
    assert trace.found_by(found.passage_id) == ("acme",)
    plain, _ = verdict_of(some, policy.with_(extra_searches=()), Expected(document="x"), question="other")
    assert plain.verdict is Verdict.MISSED_BY_BOTH


def test_fused_out_names_the_extra_search_that_had_it():
    some, policy = of_acme(weight=0.1)
    found, _ = verdict_of(some, policy.with_(pool=5), Expected(document="x"), question="other")
    assert found.verdict is Verdict.FUSED_OUT
    assert [(one.search, one.at.step, one.at.rank) for one in found.facts.found] == [("acme", "dense", 1)]
    assert [(one.search, one.step, one.rank) for one in found.rivals[0].why.ours] == [
        ("", "dense", None),
        ("", "lexical", None),
        ("acme", "dense", 1),
    ]


def test_a_passage_that_only_a_weightless_list_of_an_extra_search_has_is_no_candidate():
    some, policy = of_acme()
    weightless = policy.with_(fusion=Fusion(dense_weight=0))
    found, _ = verdict_of(some, weightless, Expected(document="x"), question="other")
    assert found.verdict is Verdict.FUSED_OUT
    assert isinstance(found.facts, NoCandidate) and [one.search for one in found.facts.found] == ["acme"]
    assert "in the extra search “acme”, dense, but the weight of dense search is 0" in sentence(found)


def test_missed_by_every_search_names_the_extra_ones():
    some, policy = of_acme(depth=1)
    found, _ = verdict_of(some, policy, Expected(document="y"), question="other")
    assert found.verdict is Verdict.MISSED_BY_BOTH
    assert found.facts.extra_searches == ("acme",)
