"""The words of verdicts that depend on a count. The words of every verdict stand in the golden cases of version 2."""

from __future__ import annotations

import pytest

from rag_core.diagnosis import Diagnosis, Verdict
from rag_core.diagnosis.facts import CutByTopK, Facts, MissedByBoth, Moved, NotInCorpus, Score, Split
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.trace_record import RankAtStep
from rag_core.wording.verdicts import sentence


def at(step: str, rank: int | None, score: float | None = None) -> RankAtStep:
    return RankAtStep(step=step, space=ScoreSpace.PROBABILITY, rank=rank, score=score, of=9)


def said(facts: Facts) -> str:
    return sentence(Diagnosis(verdict=Verdict.KEPT, facts=facts))


def test_a_document_that_nothing_resembles() -> None:
    facts = NotInCorpus(collection="Sample", asked="x")
    assert said(facts) == "Sample has no document “x”. No title resembles it."


@pytest.mark.parametrize(("kept", "words"), [(0, "0 of the 2 were kept."), (1, "1 of the 2 was kept.")])
def test_pieces_of_a_quote(kept: int, words: str) -> None:
    assert said(Split(title="Terms", pieces=2, kept=kept)).endswith(words)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "is empty."),
        (("new",), "is empty, nor by the extra search “new”."),
        (("new", "ours"), "is empty, nor by the extra searches “new”, “ours”."),
    ],
)
def test_extra_searches_that_missed_it_too(names: tuple[str, ...], words: str) -> None:
    facts = MissedByBoth(title="Terms", depth=5, dense_end=None, lexical_end=None, extra_searches=names)
    assert said(facts).endswith(f"the dense list is empty and the lexical list {words}")


@pytest.mark.parametrize(
    ("top_k", "words"),
    [
        (1, "only the first is kept, with probability 0.91."),
        (5, "only the first 5 are kept, the last with probability 0.91."),
    ],
)
def test_what_is_kept_of_one_and_of_more(top_k: int, words: str) -> None:
    last = Score(score=0.91, space=ScoreSpace.PROBABILITY)
    facts = CutByTopK(title="Terms", fused=at("fused", 1, 0.5), final=at("adjusted", 7, 0.2), top_k=top_k, last=last)
    assert said(facts) == (
        f"“Terms” was 1st (probability 0.50) after fusion and 7th (probability 0.20) in the end; {words}"
    )


def test_a_rank_that_is_not_there() -> None:
    facts = Moved(title="Terms", by="signals", before=at("reranked", 1, 0.5), after=at("adjusted", None), top_k=1)
    assert said(facts) == (
        "“Terms” was 1st (probability 0.50) before; the signals moved it to not ranked, and only the first is kept."
    )
