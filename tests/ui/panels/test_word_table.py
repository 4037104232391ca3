"""What documents say is in a table as they say it, whole, however many rows there are."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest


def shown(rows: int, value: str) -> AppTest:
    def page(rows: int, value: str) -> None:
        import pandas as pd

        from ui.panels import word_table

        word_table.show(pd.DataFrame({"Field": [f"field {n}" for n in range(rows)], "Value": [value] * rows}))

    return AppTest.from_function(page, args=(rows, value)).run()


@pytest.mark.parametrize("rows", [1, 14, 15, 200])
def test_every_row_is_there(rows: int) -> None:
    at = shown(rows, "plain")
    assert not at.exception
    assert isinstance(at.table[0].value, pd.DataFrame)
    assert len(at.table[0].value) == rows


@pytest.mark.parametrize(
    "text", ["*bold*", "![x](http://a.example/p.png)", "<b>b</b>", ":material/home: $x$", "https://a.example"]
)
def test_what_a_cell_holds_is_no_markup(text: str) -> None:
    from ui.panels.views import markdown

    assert list(shown(1, text).table[0].value["Value"]) == [markdown(text)] != [text]
