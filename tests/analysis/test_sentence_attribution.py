"""Which sentence earned the score: exact spans, visible arithmetic, one batched call; and the shipped models agree."""

from __future__ import annotations

import pytest

from rag_core.analysis.sentence_attribution import attribute
from rag_core.errors import ModelError
from rag_core.rerank.catalogue import CATALOGUE, get_reranker
from rag_core.rerank.fixed import FixedReranker
from rag_core.schema.documents import Passage
from rag_core.wording.analysis_captions import contrast

FIRST, SECOND, THIRD = "Offices open at nine.", "Refunds take thirty days.", "Games are never refunded."
TEXT = f"{FIRST} {SECOND} {THIRD}"


def a_passage(text=TEXT, title="", passage_id="c"):
    return Passage(id=passage_id, document_id="d", start=0, end=len(text), text=text, title=title)


def scores():
    """Whole 1.0; without the second -2.0 (it carries 3.0), without the third 2.0 (it hurts 1.0)."""
    return {
        TEXT: 1.0,
        FIRST: -5.0,
        SECOND: 4.0,
        THIRD: -1.0,
        f"{SECOND} {THIRD}": 1.0,
        f"{FIRST} {THIRD}": -2.0,
        f"{FIRST} {SECOND}": 2.0,
    }


def test_effects_are_whole_less_without():
    found = attribute(FixedReranker(scores()), "refunds?", a_passage())
    assert [one.effect for one in found.effects] == [1.0 - 1.0, 1.0 - -2.0, 1.0 - 2.0]
    assert [one.alone for one in found.effects] == [-5.0, 4.0, -1.0]
    assert [one.role for one in found.effects] == ["neither", "carries", "hurts"]
    assert found.telling is not None and found.text_of(found.telling) == SECOND
    assert [found.text_of(one) for one in found.effects] == [FIRST, SECOND, THIRD]


def test_one_call_for_all_and_none_when_cached():
    class Cache:
        kept: dict = {}

        def get_many(self, model, query, hashes):
            return {h: self.kept[h].model_copy(update={"cached": True}) for h in hashes if h in self.kept}

        def put_many(self, model, query, pairs):
            self.kept.update(pairs)

    reranker, cache = FixedReranker(scores()), Cache()
    first = attribute(reranker, "refunds?", a_passage(), cache)
    assert (reranker.calls, reranker.scored) == (1, 2 * 3 + 1)
    assert attribute(reranker, "refunds?", a_passage(), cache) == first
    assert reranker.calls == 1


def test_a_long_passage_is_one_call_too():
    reranker = FixedReranker()
    attribute(reranker, "refunds?", a_passage(" ".join(f"Sentence number {n} ends." for n in range(30))))
    assert (reranker.calls, reranker.scored) == (1, 2 * 30 + 1)


def test_variants_are_read_as_they_stand_whatever_was_computed_before():
    passage = a_passage(title="Policy")
    assert passage.model_text.startswith("Policy\n") and passage.content_hash
    found = attribute(FixedReranker({f"Policy\n{SECOND}": 7.0}), "refunds?", passage)
    assert found.effects[1].alone == 7.0


def test_a_sentence_past_the_limit_is_unread():
    found = attribute(FixedReranker(max_tokens=8), "games never refunded", a_passage())
    assert [one.role == "unread" for one in found.effects] == [False, False, True]
    assert found.telling is not None and found.text_of(found.telling) != THIRD


def test_a_table_row_is_read_with_its_header_when_alone():
    table = "| Plan | Price |\n|---|---|\n| Team | 12 |\n| Business | 30 |"
    found = attribute(FixedReranker({"| Plan | Price |\n| Team | 12 |": 3.0}), "price of team", a_passage(table))
    assert found.effects[0].alone == 3.0


def test_a_single_sentence():
    found = attribute(FixedReranker({SECOND: 2.0, "": -1.0}), "refunds?", a_passage(SECOND))
    assert [one.effect for one in found.effects] == [2.0 - -1.0]


def test_a_failure_is_an_error():
    with pytest.raises(ModelError, match="could not be scored: The fixed reranker was told to fail"):
        attribute(FixedReranker(fail_after=1), "refunds?", a_passage())


def test_why_one_stands_above_the_other():
    table = scores() | {"Something else.": -1.0, "": -3.0}
    above = attribute(FixedReranker(table), "refunds?", a_passage(title=""))
    below = attribute(FixedReranker(table), "refunds?", a_passage("Something else.", passage_id="e"))
    words = contrast(below, above)
    assert words == contrast(above, below)
    assert "“d” scores logit 1.00, “d” logit -1.00." in words
    assert f"What carries the first: “{SECOND}” (+3.00 logit)." in words


TELLING = [
    (
        "How long do refunds for digital goods take?",
        "Our offices are in Utrecht and Leeds. Refunds for digital goods take ten working days. "
        "The cafeteria serves lunch from noon.",
        "Refunds for digital goods take ten working days.",
    ),
    (
        "Which port does the relay use?",
        "Mirabeau has been a customer since 2019. The team meets on Tuesdays. The relay listens on port 9944.",
        "The relay listens on port 9944.",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("query", "text", "telling"), TELLING)
@pytest.mark.parametrize("key", [key for key in CATALOGUE if key != "none"])
def test_the_models_that_ship_pick_the_telling_sentence(key, query, text, telling):
    found = attribute(get_reranker(key), query, a_passage(text))
    assert found.telling is not None and found.text_of(found.telling) == telling
    assert found.telling.role == "carries"
