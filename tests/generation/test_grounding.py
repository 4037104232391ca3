"""Each sentence of a chat answer against the passages that it cites, with vectors that can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rag_core.generation.grounding import answer_sentences, check_sentences, figures
from rag_core.generation.grounding_words import doubtful, finding, summary, tag
from rag_core.retrieval.embedders.cutoffs import PACKAGED_CUTOFFS
from rag_core.schema.answers import Answer, SentenceCheck
from rag_core.schema.cutoffs import CosineCutoffs
from tests.builders import passage

TOY = CosineCutoffs(model="toy@1", far=0.3, alike=0.5)
PASSAGES = (
    passage("a", "Refunds take 5 days. Ask support."),
    passage("b", "Shipping is free."),
)


class Meanings:
    """Texts that hold the same word of the table have the same vector, others none in common. Counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.calls += 1
        vectors = np.zeros((len(texts), 4), np.float32)
        for row, text in enumerate(texts):
            place = next((i for i, word in enumerate(("refund", "support", "free")) if word in text.lower()), 3)
            vectors[row, place] = 1
        return vectors


def checked(text: str, cutoffs: CosineCutoffs | None = TOY) -> Answer:
    return check_sentences(Answer(kind="chat", text=text), PASSAGES, Meanings(), cutoffs)


def verdicts(text: str) -> list[str]:
    return [one.verdict for one in checked(text).checks]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A b [1]. C d [2].", ["A b [1].", "C d [2]."]),
        ("A b. [1] C d. [1, 2]", ["A b. [1]", "C d. [1, 2]"]),
        ("A b.[1][2] C d.", ["A b.[1][2]", "C d."]),
        ("- One [1]\n- Two [2]", ["One [1]", "Two [2]"]),
        ("[1]", []),
        ("", []),
    ],
)
def test_citations_belong_to_the_sentence_before_them(text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end in answer_sentences(text)] == parts


def test_a_sentence_is_found_where_it_says() -> None:
    only = checked("A refund needs 5 days [1].").checks[0]
    assert (only.verdict, only.cited, only.number, only.passage_id) == ("found", (1,), 1, "a")
    assert (only.quote, only.score, only.absent) == ("Refunds take 5 days.", 1.0, ())


def test_another_passage_does_not_count() -> None:
    # "free" stands in passage 2, but the answer says 1: the closest sentence there has cosine 0.
    only = checked("Delivery is free [1].").checks[0]
    assert (only.verdict, only.number, only.score) == ("not found", 1, 0.0)
    assert verdicts("Delivery is free [1][2].") == ["found"]


def test_a_figure_that_stands_nowhere_is_named() -> None:
    only = checked("A refund takes 7 days [1].").checks[0]
    assert (only.verdict, only.score, only.absent) == ("not found", 1.0, ("7",))
    assert "7 does not appear in it" in finding(only)


def test_without_a_citation_the_closest_passage_is_shown() -> None:
    only = checked("Delivery is free.").checks[0]
    assert (only.verdict, only.cited, only.number) == ("uncited", (), 2)
    assert tag(only) == "no citation"


def test_a_number_that_names_no_passage_is_no_citation() -> None:
    assert verdicts("Delivery is free [7].") == ["uncited"]


def test_one_call_for_all_and_none_for_an_answer_that_quotes() -> None:
    meanings = Meanings()
    check_sentences(Answer(kind="chat", text="A refund [1]. Free [2]. Support."), PASSAGES, meanings, TOY)
    assert meanings.calls == 1
    for kind in ("extractive", "unknown"):
        answer = Answer(kind=kind, text="A refund [1].")
        assert check_sentences(answer, PASSAGES, meanings, TOY) == answer
    assert meanings.calls == 1


def test_figures_are_compared_as_they_are_written() -> None:
    assert figures("80 % of KB-17 [3], at 5.000,00.") == ("80", "kb-17", "5.000,00")


def test_the_words_never_say_false() -> None:
    answer = checked("A refund takes 7 days [1]. Delivery is free. Ask support [1].")
    assert [one.verdict for one in doubtful(answer)] == ["not found", "uncited"]
    assert summary(answer).startswith(
        "1 of 3 sentences found in the passages that they cite; 1 not found there; 1 without a citation."
    )
    said = " ".join([summary(answer), *map(finding, answer.checks)]).lower()
    assert not [word for word in ("false", "wrong", "untrue") if word in said]
    assert summary(Answer(kind="chat", text="x")) == ""


def test_a_model_that_nobody_calibrated_finds_nothing_and_misses_only_figures() -> None:
    answer = checked("A refund takes 5 days [1]. A refund takes 7 days [1]. Delivery is free [1]. Ask support.", None)
    assert [one.verdict for one in answer.checks] == ["not calibrated", "not found", "not calibrated", "uncited"]
    assert summary(answer).startswith(
        "2 of 4 not compared by likeness: nobody has calibrated this embedding model; 1 not"
    )
    assert [one.start for one in doubtful(answer)] == [answer.checks[1].start, answer.checks[3].start]
    first = answer.checks[0]
    assert tag(first) == "" and finding(first).startswith("Not compared by likeness to [1]")
    assert "Refunds take 5 days." in finding(first), "the closest sentence is still shown to read"


@pytest.mark.parametrize("spans", [[(0, 9)], [(2, 2)], [(3, 5), (1, 2)]])
def test_a_check_stands_at_a_sentence(spans: list[tuple[int, int]]) -> None:
    checks = tuple(SentenceCheck(start=start, end=end, verdict="uncited") for start, end in spans)
    with pytest.raises(ValueError, match="no sentence of the answer"):
        Answer(kind="chat", text="short", checks=checks)


SAID = [
    (
        "Sums above €5,000 need a second signature in Finance.",
        "Refunds over €5,000 require a second approval from Finance.",
    ),
    (
        "Ten wrong attempts lock the account for 30 minutes.",
        "After ten failed logins the account is blocked for a while.",
    ),
    ("We do not pay out unused months.", "Unused months are not refunded."),
]
UNSAID = ["Our support team is very friendly.", "Fingerprint readers are supported on all laptops."]


def test_the_packaged_model_tells_what_is_said_from_what_is_not(packaged) -> None:
    passages = [passage("a", " ".join(source for source, _ in SAID))]
    text = " ".join([*(f"{said[:-1]} [1]." for _, said in SAID), *(f"{one[:-1]} [1]." for one in UNSAID)])
    found = check_sentences(Answer(kind="chat", text=text), passages, packaged.embed, PACKAGED_CUTOFFS).checks
    assert [one.verdict for one in found] == ["found"] * 3 + ["not found"] * 2
    assert [one.quote for one in found[:3]] == [source for source, _ in SAID]
    assert all(one.score < PACKAGED_CUTOFFS.alike for one in found[3:])
