"""The answer's text as HTML: nothing in it comes alive, and a doubt is said in words, not by colour alone."""

from __future__ import annotations

from datetime import date

from rag_core.generation.citations import read_citations
from rag_core.generation.extractive import answer_extractively
from rag_core.schema.answers import Answer, Citation, SentenceCheck
from rag_core.schema.documents import Passage
from rag_core.wording.run_captions import answer_cost
from tests.builders import passage
from ui.panels.answer import marked_text, source_line

TEXT = "Five <b>days</b> [1]. Free [2]."
CHECKS = (
    SentenceCheck(start=0, end=21, verdict="not found", cited=(1,), number=1, quote='"<i>'),
    SentenceCheck(start=22, end=31, verdict="found", cited=(2,)),
)


def test_a_doubt_stands_behind_its_sentence() -> None:
    cited = (
        Citation(number=1, passage_id="a", spans=((17, 20),)),
        Citation(number=2, passage_id="b", spans=((27, 30),)),
    )
    shown = marked_text(Answer(kind="chat", text=TEXT, checks=CHECKS, citations=cited))
    assert "<sup>1</sup>.</span>" in shown
    assert '<small class="sp-doubt-tag">not found in [1]</small> Free <sup>2</sup>.' in shown
    assert "<b>" not in shown
    assert "<i>" not in shown
    assert shown.count("sp-doubt-tag") == 1


def test_without_checks_the_text_stands_alone() -> None:
    cited = (Citation(number=12, passage_id="a", spans=((2, 6),)),)
    assert marked_text(Answer(kind="chat", text="A\n[12] <x>", citations=cited)) == "A<br><sup>12</sup> &lt;x&gt;"


def test_a_mark_of_a_document_is_not_drawn_as_a_citation() -> None:
    text = "It moves 40 litres.[3]"
    quoted = answer_extractively("How much?", [passage("a", text)], lambda query, texts: [1.0] * len(texts))
    assert marked_text(quoted) == "“It moves 40 litres.[3]” <sup>1</sup>"
    others = [passage("b", "Shipping."), passage("c", "Invoices.")]
    said = "It moves 40 litres.[3] **Ask [1, 2] again.** `items[3]`"
    citations, _ = read_citations(said, [passage("a", text), *others])
    shown = marked_text(Answer(kind="chat", text=said, citations=citations))
    assert shown == "It moves 40 litres.[3] <b>Ask <sup>1, 2</sup> again.</b> <code>items[3]</code>"


def test_what_is_not_known_is_said() -> None:
    assert "no token counts" in answer_cost(Answer(kind="chat", text="x"))
    counted = Answer(kind="chat", text="x", prompt_tokens=1200, completion_tokens=3)
    assert answer_cost(counted).startswith("1,200 tokens in, 3 out · no price given")
    assert "$0.0010" in answer_cost(counted.model_copy(update={"dollars": 0.001}))


def test_a_source_shows_how_old_it_is() -> None:
    refunds = Passage(id="a::0", document_id="a.md", start=0, end=1, text="x", title="Refunds")
    dated = refunds.model_copy(update={"updated_at": date(2023, 5, 4)})
    assert source_line(refunds) == "Refunds · a.md"
    assert source_line(dated) == "Refunds · a.md · updated 2023-05-04"
