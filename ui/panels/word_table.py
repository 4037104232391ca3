"""A small table whose cells wrap, for words that a column of `st.dataframe` would cut."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ui.panels.views import markdown

MOST_ROWS = 14
"""Rows that are shown without scrolling."""
HEIGHT_PX = 480
UNBROKEN = 16
"""Characters of a cell that stays on one line, as `Dense search` and `28 of 100` should."""


def show(table: pd.DataFrame) -> None:
    """All rows with every word of them. What cells hold is shown literally: it may come from documents."""
    words = table.map(lambda cell: _literal(str(cell)))
    st.table(words, border="horizontal", hide_index=True, height=HEIGHT_PX if len(table) > MOST_ROWS else "content")


def _literal(cell: str) -> str:
    return markdown(cell.replace(" ", "\N{NO-BREAK SPACE}") if len(cell) <= UNBROKEN else cell)
