"""How every picture stands on a page: its heading, its sentence, the chart, and its table with a CSV to take away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from rag_core.schema.once import once
from ui.downloads import table_csv
from ui.panels import views

CONFIG = {"displayModeBar": False}


def show(title: str, sentence: str, fig: go.Figure, table: pd.DataFrame, key: str, *, section: bool = False) -> None:
    """Draw it. `sentence` is plain text that may hold titles from documents; `key` names chart, table and file.

    section: it is a section of the page, not a part of one, and its heading says so.
    """
    show_parts(title, sentence, [(1, fig)], table, key, section=section)


def show_parts(
    title: str,
    sentence: str,
    figs: Sequence[tuple[int, go.Figure]],
    table: pd.DataFrame,
    key: str,
    *,
    section: bool = False,
) -> None:
    """The same for a picture in parts side by side, each with how wide it is: the browser draws those alone that have
    changed."""
    (st.header if section else st.subheader)(title, anchor=False)
    st.caption(views.markdown(sentence))
    if len(figs) == 1:
        draw(figs[0][1], key)
    else:
        for number, (column, (_, fig)) in enumerate(zip(st.columns([width for width, _ in figs]), figs, strict=True)):
            with column:
                draw(fig, f"{key}_{number}")
    data(table, key)


def draw(fig: go.Figure, key: str, on_select: Callable[[], None] | None = None) -> None:
    """Draw a figure of `ui.charts`, without Plotly's own buttons. on_select: called for a click on a point."""
    if on_select is None:
        st.plotly_chart(prepared(fig), key=key, theme=None, config=CONFIG)
    else:
        fig = prepared(fig, selects=True)
        st.plotly_chart(fig, key=key, theme=None, config=CONFIG, on_select=on_select, selection_mode="points")


@once
def prepared(fig: go.Figure, *, selects: bool = False) -> go.Figure:
    """The figure as the browser draws it once.

    Streamlit hands each figure to Plotly twice, the second time as a copy, and Plotly draws the copy as well unless it
    finds it the same: templates and NumPy's arrays never are, lists are where their revision is, and a chart whose
    points can be selected must say beforehand what Streamlit would set.
    """
    made = go.Figure([_listed(trace.to_plotly_json()) for trace in fig.data], fig.layout)
    made.layout.template = None
    made.layout.datarevision = sha256(made.to_json().encode()).hexdigest()[:16]
    if selects:
        made.update_layout(clickmode="event+select", dragmode="pan", hovermode="closest")
    return made


def _listed(value: Any) -> Any:
    """A part of a figure, with its arrays as lists."""
    if isinstance(value, dict):
        return {name: _listed(one) for name, one in value.items()}
    if not isinstance(value, np.ndarray):
        return value
    return (np.datetime_as_string(value) if value.dtype.kind == "M" else value).tolist()


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
