"""Which `[n]` count as citations, and when an answer is "I don't know"."""

from __future__ import annotations

import pytest

from rag_core.generation.citations import cited_numbers, is_unknown, read_citations
from tests.builders import passage

FENCE = "passage-0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("A [2]. B [1, 2]. C [1][3].", [2, 1, 3]),
        ("none [a], [], [12345], 5]", []),
        ("[ 4 ; 5 ]", [4, 5]),
    ],
)
def test_numbers_in_order_of_first_appearance(text: str, numbers: list[int]) -> None:
    assert cited_numbers(text) == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Five days 【1】.", [1]),
        ("Five days 【2†handbook】.", [2]),
        ("Five days ［1］.", [1]),
        ("Five days [1-3].", [1, 2, 3]),
        ("Five days [1–2].", [1, 2]),
        ("Five days [passage 1]. See [Passage 2].", [1, 2]),
        ("Five days [Passages 1, 2 and 3].", [1, 2, 3]),
        ("Five days (source 2).", [2]),
        ("Five days [Source: 2].", [2]),
        ("Five days [^1].", [1]),
        ("Five days ^[1].", [1]),
        ("Five days [[1]].", [1]),
        ("Five days [#1].", [1]),
        ("Five days[1] and free[2].", [1, 2]),
        ("五天[1]，免费[2]。", [1, 2]),
        ("Five days [passage_1]. See [doc-2] and [ref_3].", [1, 2, 3]),
        (f"Five days [{FENCE} 1]; see [{FENCE} 2, {FENCE} 3].", [1, 2, 3]),
        ("Five days [Source 1: Handbook]. See [2: Terms, page 9].", [1, 2]),
        ("Five days [1, p. 3]. See (passage 2, section 4).", [1, 2]),
        ("Five days [ID:1]. See [Context 2], [Snippet 3].", [1, 2, 3]),
        ("Five days [1 to 3]. See [5~6].", [1, 2, 3, 5, 6]),
        ("Five days [^1^]. See 〔2〕.", [1, 2]),
        ("Five days \\[1\\].", [1]),
        ("Five days [see 1]. See (cf. passage 2) and (as in passages 3 and 4).", [1, 2, 3, 4]),
        ("Five days [[citation:1]][[citation:2]].", [1, 2]),
        ("Five days [1](#passage-1) and **[2]**.", [1, 2]),
        ("五天[来源1]，免费【文档2】。见[3、4]。", [1, 2, 3, 4]),
        ("Fünf Tage [Quelle 1], frei [2 und 3].", [1, 2, 3]),
        ("Cinco días [Fuente 1] y [2 y 3]. Пять дней [Источник 4].", [1, 2, 3, 4]),
        ("Five days [１].", [1]),
        ("In (2019) it cost 5 (1).", []),
        ("Open at [12:30], in [2 units], not [7 days], see (article 5), (id 4) and (no. 3).", []),
    ],
)
def test_citations_in_the_forms_that_models_use(text: str, numbers: list[int]) -> None:
    assert cited_numbers(text) == numbers


@pytest.mark.parametrize(
    "code", ["`items[3]`", "``a `b` c[3]``", "\n```python\nitems[3]\n```\n", "\n~~~\nx = [3]\n~~~\n", "arr[3] is code."]
)
def test_a_number_in_code_is_no_citation(code: str) -> None:
    assert cited_numbers(f"Take the first [1]: {code} It is [2].") == [1, 2]


def test_a_mark_that_is_quoted_from_a_passage_is_no_citation() -> None:
    given = [passage("a", "It came in 1998.[2] It moves\n40 litres.[3] See [1]."), passage("b", "x"), passage("c", "y")]
    citations, warnings = read_citations("It moves 40 litres.[3] It came in 1998.[2] It is blue [2].", given)
    assert [(one.number, one.spans) for one in citations] == [(2, ((54, 57),))]
    assert warnings == ()


def test_every_place_of_a_citation_is_kept() -> None:
    text = "A [1]. B [1, 2]. C [9]."
    citations, warnings = read_citations(text, [passage("a", "x"), passage("b", "y")])
    assert [(one.number, [text[start:end] for start, end in one.spans]) for one in citations] == [
        (1, ["[1]", "[1, 2]"]),
        (2, ["[1, 2]"]),
    ]
    assert [one.code for one in warnings] == ["citation-out-of-range"]


@pytest.mark.parametrize("text", ["I don't know", "I don’t know.", " “I don't know” ", "**I don't know**"])
def test_unknown_however_it_is_written(text: str) -> None:
    assert is_unknown(text)


def test_an_answer_that_only_begins_so_is_an_answer() -> None:
    assert not is_unknown("I don't know the fee, but refunds take five days [1].")
