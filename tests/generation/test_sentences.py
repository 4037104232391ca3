"""Where sentences end, and where they only seem to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.generation.sentences import sentences


def cut(text: str) -> list[str]:
    return [text[one.start : one.end] for one in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It takes 3.5 days. See e.g. Smith.", ["It takes 3.5 days.", "See e.g. Smith."]),
        ("The answer is no. Ask No. 5!", ["The answer is no.", "Ask No. 5!"]),
        ("Dr. J. Smith left at 5 p.m. today.", ["Dr. J. Smith left at 5 p.m. today."]),
        ("He said “stop.” Then he left.", ["He said “stop.”", "Then he left."]),
        ("これは文です。次の文。", ["これは文です。", "次の文。"]),
        (
            "In 1998.[2] It moves.[3][4] It opens.^5 At 5 bar.[1]",
            ["In 1998.[2]", "It moves.[3][4]", "It opens.^5", "At 5 bar.[1]"],
        ),
        ("- one\n- two\n  wrapped\n1. three", ["one", "two\n  wrapped", "three"]),
        ("## Heading\n\nText.\n\n---\n", ["Text."]),
        ("```\nmake run\n```\nDone.", ["make run", "Done."]),
        ("[10:02] Ann: down?\n[10:03] Bob: yes", ["[10:02] Ann: down?", "[10:03] Bob: yes"]),
        ("## only a heading", ["## only a heading"]),
        (" \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_table_row_carries_its_header() -> None:
    text = "| Tier | Time |\n|---|---|\n| Gold | 1 h |\n| Silver | 4 h |"
    assert [(text[one.start : one.end], one.context) for one in sentences(text)] == [
        ("| Gold | 1 h |", "| Tier | Time |"),
        ("| Silver | 4 h |", "| Tier | Time |"),
    ]


def test_the_rows_of_a_table_that_was_cut_off_from_its_header_are_all_read() -> None:
    text = "| Gold | 1 h |\n| Silver | 4 h |"
    assert [(text[one.start : one.end], one.context) for one in sentences(text)] == [
        ("| Gold | 1 h |", ""),
        ("| Silver | 4 h |", ""),
    ]


@given(st.text(alphabet="aB. \n|-#!?`1\t", max_size=80))
def test_spans_are_in_order_and_hold_text(text: str) -> None:
    end = 0
    for one in sentences(text):
        assert end <= one.start < one.end <= len(text)
        assert text[one.start : one.end].strip() == text[one.start : one.end]
        end = one.end


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        ("- Monthly plans. They simply end. See below.", ["Monthly plans."]),
        ("- Monthly plans.\n- Annual plans last. They end.", ["Annual plans last."]),
        ("- How long? Five days.", []),
        ("- It takes five days. Ask us.", []),
        ("Monthly plans. They simply end.", []),
    ],
)
def test_the_short_first_sentence_of_a_list_item_that_goes_on_is_its_head(text: str, heads: list[str]) -> None:
    assert [text[one.start : one.end] for one in sentences(text) if one.head] == heads
