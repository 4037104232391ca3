"""Scores with decimal commas in a table of candidates: read where the whole column has them, else named."""

from __future__ import annotations

import pandas as pd
import pytest

from rag_core.runs.importers.decimals import decimals_of
from rag_core.runs.importers.source import OpenedRuns, Source
from rag_core.runs.importers.table import open_table
from rag_core.runs.opening import open_file


def table(*scores: str, separator: str = ";") -> bytes:
    rows = (separator.join(["How?", f"d{at}", f'"{one}"']) for at, one in enumerate(scores))
    return "\n".join([separator.join(["query", "doc_id", "score"]), *rows]).encode()


def opened(*scores: str, separator: str = ";") -> OpenedRuns:
    return open_table(Source("t.csv", table(*scores, separator=separator)))


def scores(found: OpenedRuns) -> list[float | None]:
    return [hit.score for run in found.runs for hit in run.steps[0].hits]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_column_of_decimal_commas_is_read_so_and_says_so(separator: str):
    found = opened("0,83", "-1,5", "2", "1.234,5", "1,2e-3", "", separator=separator)
    assert scores(found) == [0.83, -1.5, 2.0, 1234.5, 0.0012, None]
    assert found.notes == ("Column score: its commas are read as decimal commas: 0,83 is 0.83.",)
    assert found.problems == ()


def test_a_column_of_decimal_points_is_read_as_ever_without_a_note():
    found = opened("0.83", "1e-3", "2")
    assert scores(found) == [0.83, 0.001, 2.0] and found.notes == found.problems == ()


def test_a_mixed_column_is_named_with_its_places_and_loses_only_what_is_ambiguous():
    found = opened("0,83", "0.41", "0.3")
    assert scores(found) == [0.41, 0.3] and found.notes == ()
    assert found.problems == (
        "Line 2: its score '0,83' is no number: others have a decimal point, as “0.41” on line 3.",
    )


@pytest.mark.parametrize("thousands", ["1,234.5", "1,234,567"])
def test_commas_between_thousands_are_no_decimal_commas(thousands: str):
    found = decimals_of([("line 2", "1,234"), ("line 3", thousands)])
    assert not found.commas and thousands in found.points


def test_a_number_of_json_beside_a_text_with_a_comma_counts_as_one_with_a_point():
    assert decimals_of([("line 1", 1), ("line 2", "0,5")]).points == "“1” on line 1"


def test_one_number_that_is_none_costs_its_line_only():
    found = opened("0,83", "high", "0,4")
    assert scores(found) == [0.83, 0.4] and "its score 'high' is no number" in found.problems[0]


def test_a_missing_score_of_a_column_of_texts_is_no_number_with_a_point():
    frame = pd.DataFrame({"query": ["How?"] * 2, "doc_id": ["a", "b"], "score": ["0,83", None]})
    found = open_table(Source("t.parquet", frame.to_parquet()))
    assert scores(found) == [0.83, None] and found.problems == ()


def test_an_opened_file_says_it_too():
    assert "decimal commas" in open_file(table("0,83", "0,41"), "t.csv").problems[0]
