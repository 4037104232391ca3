"""The extractive answer: exact quotes, few, cited by the passage's place."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.generation.extractive import SHORTLIST, answer_extractively
from rag_core.rerank.fixed import overlap
from rag_core.schema.documents import Passage
from tests.builders import passage


def by_overlap(query: str, texts: list[str]) -> list[float]:
    return [overlap(query, text) for text in texts]


REFUNDS = passage("r", "We like cats. Refunds take five days. Ask support. Refunds take long in winter.")
SHIPPING = passage("s", "Shipping is free.\nRefunds for shipping take five weeks.")


def test_quotes_are_exact_and_cited_by_place() -> None:
    answer = answer_extractively("refunds take five days", [SHIPPING, REFUNDS], by_overlap)
    # overlap of 4 words: 3/4 for "…take five weeks", 4/4 for "…five days", 2/4 for "…take long"; range 1 - 0,
    # so the margin is .25: the first two are quoted, from the better passage on.
    assert answer.kind == "extractive"
    assert answer.text == "“Refunds take five days.” [2]\n“Refunds for shipping take five weeks.” [1]"
    assert [(one.number, one.passage_id) for one in answer.citations] == [(2, "r"), (1, "s")]
    assert all(one.quote in {"r": REFUNDS, "s": SHIPPING}[one.passage_id].text for one in answer.citations)


def test_reading_order_within_a_chunk() -> None:
    scores = {"Ask support.": 1.0, "We like cats.": 0.9}
    answer = answer_extractively("q", [REFUNDS], lambda _, texts: [scores.get(t.split("\n")[-1], 0.0) for t in texts])
    assert [one.quote for one in answer.citations] == ["We like cats.", "Ask support."]


def test_at_most_three() -> None:
    answer = answer_extractively("q", [passage("a", "One. Two. Three. Four.")], lambda _, texts: [1.0] * len(texts))
    assert [one.quote for one in answer.citations] == ["One.", "Two.", "Three."]


def test_a_question_in_a_passage_is_no_answer() -> None:
    faq = passage("f", "How long do refunds take? Five days.")
    assert answer_extractively("how long do refunds take", [faq], by_overlap).text == "“Five days.” [1]"


def test_the_head_of_a_list_item_is_quoted_with_what_it_heads() -> None:
    plans = passage("p", "What can be returned:\n\n- Annual plans. Within 14 days.\n- Monthly plans. They simply end.")
    answer = answer_extractively("are monthly plans refunded", [plans], by_overlap)
    assert answer.text == "“Monthly plans. They simply end.” [1]"


def test_a_sentence_that_two_chunks_share_is_quoted_once() -> None:
    twins = [passage("a", "Same text."), passage("b", "Same text.")]
    assert answer_extractively("same text", twins, by_overlap).text == "“Same text.” [1]"


def test_sentences_are_scored_under_heading_and_table_header() -> None:
    seen: list[str] = []
    table = Passage(
        id="t",
        document_id="d",
        start=0,
        end=0,
        text="| Tier | Time |\n|---|---|\n| Gold | 1 h |",
        heading_path=("SLA",),
    )
    answer_extractively("gold", [table], lambda _, texts: seen.extend(texts) or [1.0])  # type: ignore[func-returns-value]
    assert seen == ["SLA\n| Tier | Time |\n| Gold | 1 h |"]


def test_only_the_closest_sentences_are_scored_and_those_of_which_nothing_is_known() -> None:
    texts = ["".join(f"Number {n} of {name}. " for n in range(SHORTLIST)) for name in ("a", "b")]
    seen: list[str] = []

    def close(_: str, passages: Sequence[Passage], parts: Sequence[tuple[int, int, int]]) -> list[float | None]:
        said = [passages[place].text[start:end] for place, start, end in parts]
        return [None if one == "Number 3 of a." else float(one.endswith("b.")) for one in said]

    def score(_: str, texts: list[str]) -> list[float]:
        seen.extend(one.removeprefix("Title a\n").removeprefix("Title b\n") for one in texts)
        return [float(one.endswith("b.")) for one in texts]

    answer = answer_extractively("q", [passage("a", texts[0]), passage("b", texts[1])], score, close)
    assert seen == ["Number 3 of a.", *(f"Number {n} of b." for n in range(SHORTLIST))]
    assert [one.passage_id for one in answer.citations] == ["b", "b", "b"]


def test_few_sentences_are_all_scored() -> None:
    def never(*_: object) -> list[float | None]:
        raise AssertionError

    assert len(answer_extractively("refunds", [SHIPPING, REFUNDS], by_overlap, never).citations) == 3


def test_nothing_kept_is_unknown_and_scores_nothing() -> None:
    def never(_: str, __: list[str]) -> list[float]:
        raise AssertionError

    assert answer_extractively("q", [], never).kind == "unknown"
    assert answer_extractively("q", [passage("e", "   \n")], never).text.startswith("I don't know")
