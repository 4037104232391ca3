"""Which `[n]` count as citations, and when an answer is "I don't know"."""

from __future__ import annotations

import pytest

from rag_core.generation.citations import cited_numbers, is_unknown


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


@pytest.mark.parametrize("text", ["I don't know", "I don’t know.", " “I don't know” ", "**I don't know**"])
def test_unknown_however_it_is_written(text: str) -> None:
    assert is_unknown(text)


def test_an_answer_that_only_begins_so_is_an_answer() -> None:
    assert not is_unknown("I don't know the fee, but refunds take five days [1].")
