"""A click anywhere in a row of a table picks the row: a cell is picked, and its row is what counts."""

from __future__ import annotations

from typing import Literal

import streamlit as st

MODE: Literal["single-cell"] = "single-cell"
"""The selection mode of a table whose rows are picked, for `st.dataframe`."""


def picked_row(key: str) -> int | None:
    """The place of the row that was clicked in the table of that key; None where nothing is picked."""
    cells = st.session_state[key].selection.cells
    return int(cells[0][0]) if cells else None
