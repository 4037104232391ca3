"""How every picture stands on a page: its heading, its sentence, the chart, and its table with a CSV to take away."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ui.downloads import table_csv
from ui.panels import views

CONFIG = {"displayModeBar": False}


def show(title: str, sentence: str, fig: go.Figure, table: pd.DataFrame, key: str, *, section: bool = False) -> None:
    """Draw it. `sentence` is plain text that may hold titles from documents; `key` names chart, table and file.

    section: it is a section of the page, not a part of one, and its heading says so.
    """
    (st.header if section else st.subheader)(title, anchor=False)
    st.caption(views.markdown(sentence))
    st.plotly_chart(fig, key=key, theme=None, config=CONFIG)
    data(table, key)


def data(table: pd.DataFrame, key: str) -> None:
    """The table behind a picture, folded away, with its download. Sent only while it is open: a slider stays quick."""
    box = st.popover("Table", icon=":material/table_rows:", key=f"{key}_data", on_change="rerun")
    if not box.open:
        return
    with box:
        st.dataframe(table, hide_index=True, key=f"{key}_table")
        st.download_button(
            "CSV",
            data=lambda: table_csv(table),
            file_name=f"{key}.csv",
            mime="text/csv",
            key=f"{key}_csv",
            icon=":material/download:",
            on_click="ignore",
        )
