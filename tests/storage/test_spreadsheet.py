"""What a spreadsheet makes of a table that we wrote, whatever its separator: no cell is a formula."""

from __future__ import annotations

import ast
import csv
import io
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.storage.spreadsheet import csv_text

ROOT = Path(__file__).parents[2]
RISKY = "=+-@\t＝＋－＠"
_PIECES = st.sampled_from([*"=+-@1x ;,\t\n\r\"'|＝", "cmd()", "3.5"])


def is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True


@given(st.lists(st.lists(_PIECES, max_size=8).map("".join), min_size=1, max_size=3))
def test_no_cell_is_a_formula_in_any_country(cells):
    written = csv_text(cells, [cells])
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=separator):
            for found in row:
                word = found.lstrip(" \r\n")
                assert not word.startswith(tuple(RISKY)) or is_number(word.partition(",")[0]), (separator, found)


def test_numbers_stay_numbers_and_text_comes_back():
    rows = list(csv.reader(io.StringIO(csv_text(["a", "b", "c"], [[-0.5, "-5", "it's 3; or 4"], [None, True, "x"]]))))
    assert rows == [["a", "b", "c"], ["-0.5", "-5", "it's 3; or 4"], ["", "True", "x"]]


MODULES = [path for folder in ("rag_core", "ui", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]
WRITERS = {
    "to_csv",
    "to_excel",
    "to_clipboard",
    "DictWriter",
    "writer",
    "writerow",
    "writerows",
    "xlsxwriter",
    "openpyxl",
}


def test_nothing_else_in_the_app_writes_a_table_for_spreadsheets():
    others = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for path in MODULES
        if path.name != "spreadsheet.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in WRITERS
    ]
    assert others == []


def downloads() -> list[ast.Call]:
    """Every download button of the app."""
    calls = [
        node
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "download_button"
    ]
    assert len(calls) >= 6
    return calls


def test_a_download_button_that_gives_a_table_gives_what_the_one_writer_wrote():
    for call in downloads():
        source = ast.unparse(call)
        if any(kind in source for kind in ("csv", "tsv", "xls", "spreadsheet")):
            assert "table_csv(" in source, source


def test_the_tables_own_download_which_writes_raw_text_is_off():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["client"]["disableDataExport"] is True


@pytest.mark.parametrize("text", ["=HYPERLINK(0)", "+1+cmd", "@SUM(A1)", "-1+1", "\t=1", "a;=1"])
def test_a_hostile_title_is_inert_in_every_download(text):
    import pandas as pd

    from ui.downloads import table_csv

    (row,) = csv.DictReader(io.StringIO(table_csv(pd.DataFrame({"title": [text]}))))
    assert "'" in row["title"]


def test_a_missing_value_is_an_empty_cell_whatever_says_that_it_is_missing():
    import numpy as np
    import pandas as pd

    from ui.downloads import table_csv

    missing = [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT]
    assert next(csv.reader(io.StringIO(csv_text(missing, [])))) == [""] * 5
    ranks = pd.DataFrame({"passage": ["a", "b"], "dense_rank": pd.array([1, None], dtype="Int64")})
    assert list(csv.reader(io.StringIO(table_csv(ranks))))[1:] == [["a", "1"], ["b", ""]]
