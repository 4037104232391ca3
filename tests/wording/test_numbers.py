"""Numbers and names are written alike everywhere."""

from __future__ import annotations

import pytest

from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.numbers import ordinal, score_number, score_text, threshold_text, title_of
from tests.builders import passage


@pytest.mark.parametrize(
    ("score", "space", "shown"),
    [
        (0.914, ScoreSpace.PROBABILITY, "0.91"),
        (0.0999, ScoreSpace.PROBABILITY, "0.10"),
        (0.0042, ScoreSpace.PROBABILITY, "0.004"),
        (0.0005, ScoreSpace.PROBABILITY, "0.001"),
        (0.00008, ScoreSpace.PROBABILITY, "less than 0.001"),
        (0.0, ScoreSpace.PROBABILITY, "0.00"),
        (0.0042, ScoreSpace.LOGIT, "0.00"),
        (0.0311, ScoreSpace.RRF, "0.0311"),
        (12.34, ScoreSpace.BM25, "12.3"),
    ],
)
def test_a_score_has_the_digits_of_its_space_and_a_low_probability_one_more(score, space, shown):
    assert score_number(score, space) == shown
    assert score_text(score, space) == f"{space} {shown}"


@pytest.mark.parametrize(
    ("minimum", "shown"),
    [(0.5, "0.50"), (0.01, "0.01"), (0.005, "0.005"), (0.015, "0.015"), (0.125, "0.125"), (0.4271, "0.427")],
)
def test_a_threshold_has_a_third_decimal_where_it_needs_one(minimum, shown):
    assert threshold_text(minimum) == shown


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st"), (112, "112th")]
)
def test_ordinal(number, text):
    assert ordinal(number) == text


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("Terms: Europe", "Terms - Europe"),
        ("Payment", "Terms - Europe: Payment"),
        ("", "Terms - Europe"),
    ],
)
def test_a_heading_that_says_what_the_title_says_is_left_out(heading, told):
    named = passage("a").model_copy(update={"title": "Terms - Europe", "heading_path": (heading,) if heading else ()})
    assert title_of(named) == told
